using System.Runtime.CompilerServices;
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
                End(pin, cause, ref work, events);
            else if (s.InFlight.Has(pin))
                s.EndedInFlight.Add(pin);
            else
                work.Service = work.Service.With(pin);
        }
        if (_profile.AcksEdgePins)
            work.Acked |= EdgePinsOf(vector);
        return work;
    }

    private void End(int pin, EndOfInterruptCause cause, ref PinWork work, EventBuffer events)
    {
        ref IoApicState s = ref S;
        s.RemoteIrr.Remove(pin);
        RedirectionEntry entry = _pins[pin].Entry;
        if (events.Observing)
            events.Observe(new Event(EventKind.RemoteIrrCleared, _index, (uint)pin, entry.Vector, (ulong)cause));
        work.Service = work.Service.With(pin);
        if (cause != EndOfInterruptCause.Rewrite)
            s.AfterEoi.Add(pin);
        if (_profile.StormCountsAtEoi && (entry.Masked || !s.Latched.Has(pin)))
            _pins[pin].StormCount = 0;
        if (!entry.Masked || Options.Ack != AckPolicy.Done)
        {
            work.Acked = work.Acked.With(pin);
            return;
        }
        // The guest masked the pin before its EOI, so the device is not served yet: asking it now would only latch a
        // phantom.
        s.AckOwed.Add(pin);
        if (events.Observing)
            events.Observe(new Event(EventKind.PinAckDeferred, _index, (uint)pin));
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
}
