using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <content>The end of a level interrupt.</content>
public sealed partial class IoApic
{
    /// <summary>A local APIC broadcast the EOI of a level vector.</summary>
    /// <param name="vector">Its vector.</param>
    /// <param name="events">Where effects go.</param>
    /// <param name="work">Gains the lines to acknowledge and the pins to serve again; see the remarks of the
    /// class.</param>
    internal void Eoi(byte vector, EventBuffer events, ref PinWork work) =>
        Eoi(vector, EndOfInterruptCause.Broadcast, events, ref work);

    /// <summary>A local APIC reported the EOI of a vector.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="level">Whether it was a level interrupt; the EOI of an edge ends nothing.</param>
    /// <param name="events">Where effects go.</param>
    /// <param name="work">Gains the lines to acknowledge and the pins to serve again.</param>
    internal void Eoi(byte vector, bool level, EventBuffer events, ref PinWork work)
    {
        if (level)
            Eoi(vector, EndOfInterruptCause.Broadcast, events, ref work);
        else if (_profile.AcksEdgePins)
            work.Acked |= EdgePinsOf(vector);
    }

    private void Eoi(byte vector, EndOfInterruptCause cause, EventBuffer events, ref PinWork work)
    {
        PinSet pins = S.EoiPins;
        for (int pin; (pin = PinSet.Next(ref pins)) >= 0;)
        {
            ref IoApicPin state = ref _pins[pin];
            // The broadcast names a vector, not a pin: every pin of that vector is meant (82093AA, 3.2.4, Remote IRR).
            if (state.Entry.Vector != vector)
                continue;
            if (state.Has(PinFlags.RemoteIrr))
                End(pin, ref state, cause, ref work, events);
            else if (state.Has(PinFlags.InFlight))
                state.Add(PinFlags.EndedInFlight);
            else
                work.Serve(pin);
        }
        if (_profile.AcksEdgePins)
            work.Acked |= EdgePinsOf(vector);
        if (_profile.EoiServesEveryPin)
            ServeAll(vector, ref work);
    }

    /// <summary>Every asserted pin of a vector is evaluated once more; for an edge pin this counts as an
    /// edge.</summary>
    private void ServeAll(byte vector, ref PinWork work)
    {
        for (int pin = 0; pin < _pins.Count; pin++)
        {
            ref IoApicPin state = ref _pins[pin];
            if (state.Entry.Vector != vector || !state.Has(PinFlags.Asserted))
                continue;
            if (!IsLevel(state.Entry) && !state.Entry.Masked)
                state.Add(PinFlags.Latched);
            work.Serve(pin);
        }
    }

    private void End(int pin, ref IoApicPin state, EndOfInterruptCause cause, ref PinWork work, EventBuffer events)
    {
        state.Flags = state.Flags & ~PinFlags.RemoteIrr
            | (cause == EndOfInterruptCause.Rewrite ? 0 : PinFlags.AfterEoi);
        UpdateEoiPins(pin, in state);
        RedirectionEntry entry = state.Entry;
        if (events.Observing)
            events.Observe(new RemoteIrrCleared(_index, pin, entry.Vector, cause).ToEvent());
        work.Serve(pin);
        if (!entry.Masked || Options.Ack != AckPolicy.Done)
        {
            work.Ack(pin);
            return;
        }
        // The guest masked the pin before its EOI, so the device is not served yet: a resample now would only latch a
        // phantom.
        state.Add(PinFlags.AckOwed);
        if (events.Observing)
            events.Observe(new Event(EventKind.PinAckDeferred, _index, (uint)pin));
    }

    private PinSet EdgePinsOf(byte vector)
    {
        PinSet pins = default;
        for (int pin = 0; pin < _pins.Count; pin++)
        {
            RedirectionEntry entry = _pins[pin].Entry;
            if (!IsLevel(entry) && entry.Vector == vector)
                pins = pins.With(pin);
        }
        return pins;
    }
}
