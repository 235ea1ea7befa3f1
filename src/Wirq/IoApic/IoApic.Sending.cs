using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <content>When a pin sends.</content>
/// <remarks>An input changes the state of a pin and then evaluates it: <see cref="Evaluate"/> is the whole rule, and
/// nothing else sends.</remarks>
public sealed partial class IoApic
{
    /// <summary>A pin sends if it has a request and its entry is unmasked, and
    /// <list type="bullet">
    /// <item>of an edge entry: always. The request, an edge that was latched when it came, is then cleared.</item>
    /// <item>of a level entry: if Remote IRR is clear, no message of it waits for its answer, and the storm brake does not hold
    /// it. The request, the asserted line, stays; the message is in flight until it is answered.</item>
    /// </list></summary>
    /// <remarks>82093AA, 3.2.4. A profile may latch the request of a level entry as well (<c>LatchedRequest</c>), and set Remote
    /// IRR here, not at the answer (<c>RemoteIrrAtSend</c>).</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void EvaluateAlone(int pin, ref IoApicPin state, EventBuffer events)
    {
        RedirectionEntry entry = state.Entry;
        if (!Requests(in state) || entry.Masked)
            return;
        if (!IsLevel(entry))
            state.Remove(PinFlags.Latched);
        else
        {
            if (state.Has(PinFlags.AfterEoi) && Brake(pin, ref state, events))
                return;
            if (state.Has(PinFlags.RemoteIrr | PinFlags.InFlight | PinFlags.Braked))
                return;
            state.Flags = state.Flags & ~PinFlags.Refused | PinFlags.InFlight;
            S.EoiPins.Add(pin);
            if (_profile.RemoteIrrAtSend)
                SetRemoteIrr(pin, ref state, entry.Vector, events);
        }
        Msi message = _profile.MessageOf(entry);
        events.Emit(new Event(EventKind.Deliver, _index, (uint)pin, message.Address.Bits, message.Data.Bits));
    }

    /// <summary>Which condition of <see cref="EvaluateAlone"/> holds a pin; <see cref="Gate.None"/> where it waits for
    /// nothing but its next input (its last message was refused).</summary>
    internal Gate GateOf(int pin)
    {
        ref readonly IoApicPin state = ref _pins[pin];
        if (!Requests(in state))
            return state.Has(PinFlags.Asserted) ? Gate.EdgeSpent : Gate.NotAsserted;
        if (state.Entry.Masked)
            return Gate.PinMasked;
        return state.Has(PinFlags.InFlight) ? Gate.InFlight : state.Has(PinFlags.RemoteIrr) ? Gate.RemoteIrr
            : state.Has(PinFlags.Braked) ? Gate.StormBrake : Gate.None;
    }

    /// <summary>Every input of a pin ends here. A profile may release a pin that the storm brake holds
    /// (<c>StormCountsAtEoi</c>), or all such pins (<c>StormEndsForAll</c>).</summary>
    private void Evaluate(int pin, ref IoApicPin state, EventBuffer events)
    {
        if (_profile.StormEndsForAll && !S.Braked.IsEmpty)
            EvaluateWithBraked(pin, events);
        else if (_profile.StormCountsAtEoi && state.Has(PinFlags.Braked))
            LetGo(pin, ref state, events);
        else
            EvaluateAlone(pin, ref state, events);
    }

    /// <summary>Whether a pin has a request: the asserted line of a level entry, the latched edge of an edge
    /// entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Requests(in IoApicPin state) =>
        state.Has(IsLevel(state.Entry) && !_profile.LatchedRequest ? PinFlags.Asserted : PinFlags.Latched);

    private void Rise(int pin, ref IoApicPin state, EventBuffer events)
    {
        bool level = IsLevel(state.Entry);
        if (!level && state.Entry.Masked)
        {
            // An edge at a masked pin is not remembered (82093AA, 3.2.4, interrupt mask).
            if (events.Observing)
                events.Observe(new Event(EventKind.EdgeLost, _index, (uint)pin));
            return;
        }
        bool waits = _profile.LatchedRequest && state.Has(PinFlags.Latched);
        if (!level || _profile.LatchedRequest)
            state.Add(PinFlags.Latched);
        if (!level || !state.Has(PinFlags.RemoteIrr))
            Evaluate(pin, ref state, events);
        else if (events.Observing && !waits)
            events.Observe(new Event(EventKind.PinCoalesced, _index, (uint)pin));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Fall(int pin, ref IoApicPin state)
    {
        if (state.StormCount != 0 || state.Has(PinFlags.Latched | PinFlags.Refused | PinFlags.Braked))
            Forget(pin, ref state);
    }

    /// <summary>Clears the state of a level that has fallen. A latched edge remains if the profile latches requests;
    /// otherwise an edge is latched only until the next evaluation.</summary>
    private void Forget(int pin, ref IoApicPin state)
    {
        if (IsLevel(state.Entry) || !_profile.LatchedRequest)
            state.Remove(PinFlags.Latched);
        state.Remove(PinFlags.Refused);
        UpdateEoiPins(pin, in state);
        if (_profile.StormCountsAtEoi)
            Unbrake(pin, ref state);
        else
            ReleaseBrake(pin, ref state);
    }

    /// <summary>Evaluates pins again, after their lines were acknowledged.</summary>
    /// <param name="pins">The <see cref="PinWork.Service"/> of the returned work.</param>
    /// <param name="events">Where effects go.</param>
    internal void Service(PinSet pins, EventBuffer events)
    {
        for (int pin; (pin = PinSet.Next(ref pins)) >= 0;)
        {
            ref IoApicPin state = ref _pins[pin];
            // An EOI that finds nothing to send evaluates nothing if the evaluation would release other pins.
            if (!state.Has(PinFlags.AfterEoi) || !_profile.StormCountsAtEoi || !state.Entry.Masked && Requests(in state))
                Evaluate(pin, ref state, events);
            else
                state.StormCount = 0;
            state.Remove(PinFlags.AfterEoi);
        }
    }
}
