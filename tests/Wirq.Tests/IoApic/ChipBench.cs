using Wirq.Events;
using Wirq.State;

namespace Wirq.Tests.IoApics;

/// <summary>An I/OAPIC alone. The bench does what the fabric does, except for the lines.</summary>
internal sealed class ChipBench
{
    internal static readonly RedirectionEntry Level = RedirectionEntry.Create(0x31, 1, level: true);
    internal static readonly RedirectionEntry Edge = RedirectionEntry.Create(0x41, 0);

    internal ChipBench(IoApicOptions? options = null)
    {
        Arena = new StateArena();
        Chip = new IoApic(options ?? new(), Arena);
    }

    internal static ChipBench Of(Profile profile) => new(new() { Profile = profile });

    internal StateArena Arena { get; }
    internal IoApic Chip { get; }
    internal EventBuffer Events { get; } = new() { Observing = true };

    /// <summary>Pins that were acknowledged, and pins that were resampled, since the last check.</summary>
    internal List<int> Acked { get; } = [];
    internal List<int> Resampled { get; } = [];

    internal void Carry(PinWork work)
    {
        Add(Acked, work.Acked);
        Add(Resampled, work.Resampled);
        Chip.Service(work.Service, Events);
    }

    internal void Entry(int pin, RedirectionEntry entry) => Carry(Chip.WriteEntry(pin, entry, Events));
    internal void Pin(int pin, bool high) => Chip.SetPin(pin, high, Events);

    internal void Eoi(byte vector)
    {
        PinWork work = default;
        Chip.Eoi(vector, Events, ref work);
        Carry(work);
    }

    internal void Register(uint offset, uint value) => Carry(Chip.Write(offset, value, Events));

    internal uint Read(byte register)
    {
        Register(IoApic.SelectOffset, register);
        return Chip.Read(IoApic.WindowOffset);
    }

    internal void Write(byte register, uint value)
    {
        Register(IoApic.SelectOffset, register);
        Register(IoApic.WindowOffset, value);
    }

    internal void Accept(int pin, Msi sent)
    {
        PinWork work = default;
        Chip.Accepted(pin, sent, RefusalReason.None, Events, ref work);
        Carry(work);
    }

    internal void Answer(int pin, RedirectionEntry sent, RefusalReason reason = RefusalReason.None)
    {
        PinWork work = default;
        Chip.Accepted(pin, sent.Message, reason, Events, ref work);
        Carry(work);
    }

    /// <summary>Everything since, but for entry writes and routes.</summary>
    internal List<Event> Seen()
    {
        var seen = new List<Event>();
        while (Events.TryTake(out Event e))
        {
            if (e.Kind is not (EventKind.EntryWritten or EventKind.RouteChanged))
                seen.Add(e with { Time = 0 });
        }
        return seen;
    }

    internal void Forget()
    {
        Seen();
        Acked.Clear();
        Resampled.Clear();
    }

    /// <summary>A level pin delivered and accepted, its line held.</summary>
    internal ChipBench InService(int pin = 11, RedirectionEntry? entry = null)
    {
        Entry(pin, entry ?? Level);
        Pin(pin, true);
        Answer(pin, entry ?? Level);
        Forget();
        return this;
    }

    private static void Add(List<int> pins, PinSet set)
    {
        for (int pin; (pin = PinSet.Next(ref set)) >= 0;)
            pins.Add(pin);
    }
}
