using System.Globalization;
using Wirq.Traces.Dumps;
using Wirq.Traces.Kvm;

namespace Wirq.Traces.Why;

/// <summary>Counts the lines of a log that are of another form that is read too. They are no part of the log's story, and must not vanish
/// in silence: what they tell may be what holds an interrupt.</summary>
/// <param name="events">What its events would be called: they are not the log's own.</param>
internal sealed class LeftOut(string events)
{
    internal const string OfQemu = "QEMU's events", OfKvm = "KVM's records";

    private readonly LineKinds _kinds = new();
    private long _events, _firstEvent, _printed, _firstPrinted;

    /// <summary>Takes a line that is none of the log's own.</summary>
    internal void Take(ReadOnlySpan<byte> line, long number)
    {
        bool ofKvm = KvmLog.HasRecord(line);
        if (ofKvm || _kinds.IsEvent(line))
        {
            // A line of QEMU whose fields are damaged is still the log's own.
            if (ofKvm == (events == OfKvm))
                _firstEvent = _events++ == 0 ? number : _firstEvent;
        }
        else if (_kinds.IsPrinted(line))
            _firstPrinted = _printed++ == 0 ? number : _firstPrinted;
    }

    /// <summary>What was left out; null for nothing.</summary>
    internal LimitAnswer? Limit => _events + _printed == 0 ? null
        : new($"It also has {string.Join(" and ", Parts())}, which are no part of this answer: put them into a file of their own, and give both (wirq why LOG OTHER)", "");

    private IEnumerable<string> Parts()
    {
        if (_events > 0)
            yield return $"{Phrase.Count(_events, "line")} of {events} (the first is L{_firstEvent.ToString(CultureInfo.InvariantCulture)})";
        if (_printed > 0)
            yield return $"{Phrase.Count(_printed, "line")} of a dump or of a kernel's messages about interrupts (the first is L{_firstPrinted.ToString(CultureInfo.InvariantCulture)})";
    }
}
