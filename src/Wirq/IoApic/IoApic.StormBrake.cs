using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <content>The storm brake: a line that no EOI can lower must not keep its CPU from everything else.</content>
public sealed partial class IoApic
{
    /// <summary>The next virtual time at which the brake lets a pin go, in ns; <see cref="long.MaxValue"/> for
    /// none.</summary>
    public long NextDeadline
    {
        get
        {
            long next = long.MaxValue;
            PinSet braked = S.Braked;
            for (int pin; (pin = PinSet.Next(ref braked)) >= 0;)
                next = Math.Min(next, _pins[pin].StormDeadline);
            return next;
        }
    }

    /// <summary>Serves the pins whose brake is due at <c>events.Now</c>.</summary>
    public void Advance(EventBuffer events)
    {
        PinSet braked = S.Braked;
        for (int pin; (pin = PinSet.Next(ref braked)) >= 0;)
        {
            ref IoApicPin state = ref _pins[pin];
            if (state.StormDeadline > events.Now)
                continue;
            // The count stays: an EOI that finds the line asserted yet again is held back again.
            state.StormDeadline = 0;
            S.Braked.Remove(pin);
            if (events.Observing)
                events.Observe(new Event(EventKind.StormReleased, _index, (uint)pin));
            ServiceLevel(pin, ref state, events);
        }
    }

    /// <summary>Counts an EOI that finds the line still asserted.</summary>
    /// <returns>Whether the redelivery has to wait.</returns>
    private bool Brake(int pin, ref IoApicPin state, EventBuffer events)
    {
        if (Options.StormLimit == 0)
            return false;
        if (state.StormCount < Options.StormLimit)
            state.StormCount++;
        if (state.StormCount < Options.StormLimit)
            return false;
        S.Braked.Add(pin);
        state.StormDeadline = events.Now + Options.StormDelay;
        if (events.Observing)
            events.Observe(new Event(EventKind.StormBraked, _index, (uint)pin, (ulong)state.StormDeadline));
        return true;
    }

    private void ReleaseBrake(int pin, ref IoApicPin state)
    {
        state.StormCount = 0;
        state.StormDeadline = 0;
        S.Braked.Remove(pin);
    }
}
