using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <content>The end of a level interrupt.</content>
public sealed partial class IoApic
{
    /// <summary>A local APIC broadcast the EOI of a level vector.</summary>
    /// <returns>The lines to acknowledge and the pins to serve again; see the remarks of the class.</returns>
    public PinWork Eoi(byte vector, EventBuffer events) => Eoi(vector, EndOfInterruptCause.Broadcast, events);

    private PinWork Eoi(byte vector, EndOfInterruptCause cause, EventBuffer events)
    {
        PinWork work = default;
        ref IoApicState s = ref S;
        PinSet waiting = s.RemoteIrr | s.InFlight | s.Refused;
        for (int pin; (pin = PinSet.Next(ref waiting)) >= 0;)
        {
            // The broadcast names a vector, not a pin: every pin of that vector is meant (82093AA, 3.2.4, Remote IRR).
            if (_pins[pin].Entry.Vector != vector)
                continue;
            if (s.RemoteIrr.Has(pin))
                work = Join(work, End(pin, cause, events));
            else if (s.InFlight.Has(pin))
                s.EndedInFlight = s.EndedInFlight.With(pin);
            else
                work = work with { Service = work.Service.With(pin) };
        }
        return _profile.AcksEdgePins ? work with { Acked = work.Acked | EdgePinsOf(vector) } : work;
    }

    private PinWork End(int pin, EndOfInterruptCause cause, EventBuffer events)
    {
        S.RemoteIrr = S.RemoteIrr.Without(pin);
        RedirectionEntry entry = _pins[pin].Entry;
        if (events.Observing)
            events.Observe(new Event(EventKind.RemoteIrrCleared, _index, (uint)pin, entry.Vector, (ulong)cause));
        PinSet one = default(PinSet).With(pin);
        if (cause != EndOfInterruptCause.Rewrite)
            S.AfterEoi |= one;
        if (_profile.StormCountsAtEoi && (entry.Masked || !S.Latched.Has(pin)))
            _pins[pin].StormCount = 0;
        if (!entry.Masked || Options.Ack != AckPolicy.Done)
            return new PinWork(one, default, one);
        // The guest masked the pin before its EOI, so the device is not served yet: asking it now would only latch a phantom.
        S.AckOwed = S.AckOwed.With(pin);
        if (events.Observing)
            events.Observe(new Event(EventKind.PinAckDeferred, _index, (uint)pin));
        return new PinWork(default, default, one);
    }

    private PinSet EdgePinsOf(byte vector)
    {
        PinSet pins = default;
        for (int pin = 0; pin < _pins.Count; pin++)
        {
            RedirectionEntry entry = _pins[pin].Entry;
            if (!entry.Level && entry.Vector == vector)
                pins = pins.With(pin);
        }
        return pins;
    }

    private static PinWork Join(PinWork a, PinWork b) =>
        new(a.Acked | b.Acked, a.Resampled | b.Resampled, a.Service | b.Service);
}
