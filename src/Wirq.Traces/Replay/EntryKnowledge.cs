using Wirq.Events;
using Wirq.State;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Which parts of the I/OAPIC's entries are known at a place of a log: each half from its first write on, or from the
/// beginning if the log has the machine's reset, or if a later line shows what it was.</summary>
internal sealed class EntryKnowledge
{
    private PinSet _low, _high;

    /// <summary>All of them are known.</summary>
    internal void KnowAll()
    {
        for (int pin = 0; pin < ReplayMachine.Pins; pin++)
            (_low, _high) = (_low.With(pin), _high.With(pin));
    }

    /// <summary>A later line shows parts of an entry.</summary>
    internal void Learn(in LogEntryShown shown)
    {
        (int pin, EntryParts known) = (shown.Pin, shown.Known);
        if ((known & (EntryParts.Mask | EntryParts.Low)) == (EntryParts.Mask | EntryParts.Low))
            _low = _low.With(pin);
        if ((known & EntryParts.Destination) != 0)
            _high = _high.With(pin);
    }

    /// <summary>A half is written.</summary>
    internal void Note(in TraceLine write)
    {
        if (!TryHalf(write, out int pin, out bool high))
            return;
        if (high)
            _high = _high.With(pin);
        else
            _low = _low.With(pin);
    }

    /// <summary>Whether both halves of an entry are known.</summary>
    internal bool IsWhole(int pin) => _low.Has(pin) && _high.Has(pin);

    /// <summary>The half of an entry that an access through the window names.</summary>
    internal static bool TryHalf(in TraceLine access, out int pin, out bool high)
    {
        long half = (long)access.B - IoApic.FirstEntryIndex;
        (pin, high) = ((int)(half >> 1), (half & 1) != 0);
        return access.A == IoApic.WindowOffset && half >= 0 && pin < ReplayMachine.Pins;
    }
}
