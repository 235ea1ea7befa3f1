using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <content>The storm brake: a line that no EOI can lower must not stop its CPU from doing anything else.</content>
public sealed partial class IoApic
{
    /// <summary>The next virtual time at which the brake releases a pin, in ns; <see cref="long.MaxValue"/> for
    /// none.</summary>
    internal long NextDeadline
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
    internal void Advance(EventBuffer events)
    {
        PinSet braked = S.Braked;
        // QEMU and KVM have one timer for all pins.
        bool all = _profile.StormCountsAtEoi && NextDeadline <= events.Now;
        for (int pin; (pin = PinSet.Next(ref braked)) >= 0;)
        {
            ref IoApicPin state = ref _pins[pin];
            if (!all && state.StormDeadline > events.Now)
                continue;
            // The count stays, unless the profile restarts it: the next EOI that finds the line asserted is held back
            // again.
            LetGo(pin, ref state, events);
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
        state.Add(PinFlags.Braked);
        S.Braked.Add(pin);
        if (_profile.StormCountsAtEoi)
            state.StormCount = 0;
        state.StormDeadline = events.Now + Options.StormDelay;
        if (events.Observing)
            events.Observe(new StormBraked(_index, pin, state.StormDeadline).ToEvent());
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ReleaseBrake(int pin, ref IoApicPin state)
    {
        if (state.StormCount == 0 && !state.Has(PinFlags.Braked))
            return;
        state.StormCount = 0;
        Unbrake(pin, ref state);
    }

    private void Unbrake(int pin, ref IoApicPin state)
    {
        state.StormDeadline = 0;
        state.Remove(PinFlags.Braked);
        S.Braked.Remove(pin);
    }

    /// <summary>Evaluates a pin and every braked pin, which is released, due or not. After an EOI the pin itself may be
    /// braked, and then nothing is evaluated.</summary>
    private void EvaluateWithBraked(int evaluated, EventBuffer events)
    {
        ref IoApicPin first = ref _pins[evaluated];
        if (first.Has(PinFlags.AfterEoi) && Brake(evaluated, ref first, events))
            return;
        first.Remove(PinFlags.AfterEoi);
        PinSet pins = S.Braked.With(evaluated);
        for (int pin; (pin = PinSet.Next(ref pins)) >= 0;)
        {
            if (_pins[pin].Has(PinFlags.Braked))
                LetGo(pin, ref _pins[pin], events);
            else
                EvaluateAlone(pin, ref _pins[pin], events);
        }
    }

    private void LetGo(int pin, ref IoApicPin state, EventBuffer events)
    {
        Unbrake(pin, ref state);
        if (events.Observing)
            events.Observe(new Event(EventKind.StormReleased, _index, (uint)pin));
        EvaluateAlone(pin, ref state, events);
    }
}
