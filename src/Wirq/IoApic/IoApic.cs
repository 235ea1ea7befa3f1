using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <summary>An I/OAPIC: the 82093AA, and its successor with an EOI register.</summary>
/// <remarks>
/// Inputs come in two steps where lines have to be acknowledged in between: <see cref="Write"/>, <see cref="Eoi(byte,
/// EventBuffer)"/> and
/// <see cref="Accepted"/> change state and return a <see cref="PinWork"/>; the owner lowers the sampled sources of the
/// pins named there, tells the holders, and then calls <see cref="Service"/>. So an EOI has cleared Remote IRR on every
/// pin of its vector before any of them is served again.
/// <para>Not modelled: the serial APIC bus, and with it delivery status, which always reads idle.</para>
/// <para>Source: Intel 82093AA data sheet (290566), and the ICH data sheets for version 0x20.</para>
/// </remarks>
public sealed partial class IoApic
{
    private readonly IoApicProfile _profile;
    private readonly Block<IoApicState> _state;
    private readonly Block<IoApicPin> _pins;
    private readonly ushort _index;

    /// <summary>Builds an I/OAPIC with its state in <paramref name="arena"/>.</summary>
    /// <param name="options">How it is built.</param>
    /// <param name="arena">Where its state goes.</param>
    /// <param name="index">Its number in the machine, which its events bear.</param>
    public IoApic(IoApicOptions options, StateArena arena, int index = 0)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(arena);
        Options = options.Validated();
        _profile = IoApicProfile.Of(options.Profile);
        _index = (ushort)index;
        _state = arena.Reserve<IoApicState>();
        _pins = arena.Reserve<IoApicPin>(options.Pins, IoApicPin.MakeRelative);
        Reset();
    }

    /// <summary>How it was built.</summary>
    public IoApicOptions Options { get; }

    private ref IoApicState S => ref _state.Value;

    /// <summary>Power-on state: every entry masked, every wire low.</summary>
    public void Reset()
    {
        S = new IoApicState { Id = Options.Id, Arbitration = Options.Id };
        foreach (ref IoApicPin pin in _pins.Span)
            pin = new IoApicPin { Entry = RedirectionEntry.Reset };
    }

    /// <summary>An entry as a guest reads it.</summary>
    public RedirectionEntry Entry(int pin) => _pins[pin].Entry.WithRemoteIrr(S.RemoteIrr.Has(pin));

    /// <summary>Whether a pin is asserted, polarity applied.</summary>
    public bool IsAsserted(int pin) => S.Asserted.Has(pin);

    /// <summary>Whether the storm brake holds a pin.</summary>
    public bool IsBraked(int pin) => S.Braked.Has(pin);

    /// <summary>Whether an acknowledge waits for a pin to be unmasked.</summary>
    public bool OwesAck(int pin) => S.AckOwed.Has(pin);

    /// <summary>The wire of a pin changes.</summary>
    /// <param name="pin">The pin.</param>
    /// <param name="high">Its level; setting it to what it is already does nothing.</param>
    /// <param name="events">Where effects go.</param>
    public void SetPin(int pin, bool high, EventBuffer events)
    {
        if (_profile.PinZeroIsTwo && pin == 0 && _pins.Count > 2)
            pin = 2;
        ref IoApicPin state = ref _pins[pin];
        ref IoApicState s = ref S;
        if (s.High.Has(pin) == high)
            return;
        s.High.Assign(pin, high);
        bool asserted = high != IsActiveLow(state.Entry);
        s.Asserted.Assign(pin, asserted);
        if (events.Observing)
            events.Observe(new Event(EventKind.PinChanged, _index, (uint)pin, asserted ? 1u : 0));
        if (asserted)
            Rise(pin, ref state, events);
        else
            Fall(pin, ref state);
    }

    /// <summary>The wire of a pin is driven again at the level that it has.</summary>
    internal void DriveAgain(int pin, bool high, EventBuffer events)
    {
        if (_profile.PinZeroIsTwo && pin == 0 && _pins.Count > 2)
            pin = 2;
        ref IoApicPin state = ref _pins[pin];
        if (!high || !_profile.EveryRaiseIsAnEdge || state.Entry.Level)
            return;
        if (events.Observing)
            events.Observe(new Event(EventKind.PinChanged, _index, (uint)pin, 1));
        Rise(pin, ref state, events);
    }

    private void Rise(int pin, ref IoApicPin state, EventBuffer events)
    {
        if (_profile.StormCountsAtEoi && !(state.Entry.Level ? S.RemoteIrr.Has(pin) : state.Entry.Masked))
            ServeBraked(events);
        if (state.Entry.Level)
        {
            if (_profile.LatchedRequest)
                S.Latched.Add(pin);
            if (events.Observing && S.RemoteIrr.Has(pin))
                events.Observe(new Event(EventKind.PinCoalesced, _index, (uint)pin));
            ServiceLevel(pin, ref state, events);
        }
        else if (state.Entry.Masked)
        {
            // An edge at a masked pin is not remembered (82093AA, 3.2.4, interrupt mask).
            if (events.Observing)
                events.Observe(new Event(EventKind.EdgeLost, _index, (uint)pin));
        }
        else
            Send(pin, state.Entry, events);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Fall(int pin, ref IoApicPin state)
    {
        ref IoApicState s = ref S;
        if (state.Entry.Level)
            s.Latched.Remove(pin);
        s.Refused.Remove(pin);
        if (_profile.StormCountsAtEoi)
            Unbrake(pin, ref state);
        else
            ReleaseBrake(pin, ref state);
    }

    /// <summary>Looks at pins again, after their lines were acknowledged.</summary>
    /// <param name="pins">The <see cref="PinWork.Service"/> of what was returned.</param>
    /// <param name="events">Where effects go.</param>
    public void Service(PinSet pins, EventBuffer events)
    {
        for (int pin; (pin = PinSet.Next(ref pins)) >= 0;)
        {
            ref IoApicPin state = ref _pins[pin];
            if (state.Entry.Level)
                ServiceLevel(pin, ref state, events);
            else if (_profile.LatchedRequest && S.Latched.Has(pin) && !state.Entry.Masked)
            {
                S.Latched.Remove(pin);
                Send(pin, state.Entry, events);
            }
            S.AfterEoi.Remove(pin);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ServiceLevel(int pin, ref IoApicPin state, EventBuffer events)
    {
        ref IoApicState s = ref S;
        bool pending = _profile.LatchedRequest ? s.Latched.Has(pin) : s.Asserted.Has(pin);
        if (!pending || state.Entry.Masked)
            return;
        if (s.AfterEoi.Has(pin) && Brake(pin, ref state, events))
            return;
        // Remote IRR holds a level line back until its EOI; so does a message whose answer is still out.
        if (s.RemoteIrr.Has(pin) || s.InFlight.Has(pin) || s.Braked.Has(pin))
            return;
        s.Refused.Remove(pin);
        s.InFlight.Add(pin);
        if (_profile.RemoteIrrAtSend)
            SetRemoteIrr(pin, state.Entry.Vector, events);
        Send(pin, state.Entry, events);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Send(int pin, RedirectionEntry entry, EventBuffer events)
    {
        Msi message = entry.Message;
        events.Emit(new Event(EventKind.Deliver, _index, (uint)pin, message.Address.Bits, message.Data.Bits));
    }

    /// <summary>The answer to a <see cref="EventKind.Deliver"/>.</summary>
    /// <param name="pin">Its pin.</param>
    /// <param name="message">The message that was sent.</param>
    /// <param name="reason"><see cref="RefusalReason.None"/> where it was accepted. A refused level stays pending with
    /// Remote IRR clear and is tried again at the pin's next entry write, rise or EOI; a refused edge is gone.</param>
    /// <param name="events">Where effects go.</param>
    public PinWork Accepted(int pin, Msi message, RefusalReason reason, EventBuffer events)
    {
        bool level = message.Data.Level;
        if (events.Observing)
        {
            events.Observe(reason == RefusalReason.None
                ? new Event(EventKind.PinAccepted, _index, (uint)pin, level ? 1u : 0)
                : new Event(EventKind.PinRefused, _index, (uint)pin, level ? 1u : 0, (ulong)reason));
        }
        ref IoApicState s = ref S;
        if (!level || !s.InFlight.Has(pin))
            return default;
        bool ended = s.EndedInFlight.Has(pin);
        s.InFlight.Remove(pin);
        s.EndedInFlight.Remove(pin);
        PinWork again = new(default, default, default(PinSet).With(pin));
        // Its EOI may have come before the answer, and then the line had to wait.
        if (_profile.RemoteIrrAtSend)
            return s.RemoteIrr.Has(pin) ? default : again;
        RedirectionEntry entry = _pins[pin].Entry;
        if (reason != RefusalReason.None)
        {
            // The refusal of an old message says nothing about the one that the entry names now.
            if (entry.Message != message)
                return again;
            s.Refused.Add(pin);
            return default;
        }
        // The entry was rewritten while the answer was out: the EOI of that message cannot be told by this entry any
        // more.
        if (!entry.Level || entry.Vector != message.Data.Vector)
            return again;
        SetRemoteIrr(pin, entry.Vector, events);
        PinWork work = default;
        if (ended)
            End(pin, EndOfInterruptCause.Broadcast, ref work, events);
        return work;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SetRemoteIrr(int pin, byte vector, EventBuffer events)
    {
        S.RemoteIrr.Add(pin);
        if (events.Observing)
            events.Observe(new Event(EventKind.RemoteIrrSet, _index, (uint)pin, vector));
    }

    private bool IsActiveLow(RedirectionEntry entry) => entry.ActiveLow && !_profile.PolarityIgnored;
}
