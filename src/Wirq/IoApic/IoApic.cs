using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <summary>An I/OAPIC: the 82093AA, and its successor with an EOI register.</summary>
/// <remarks>
/// Inputs come in two steps if lines have to be acknowledged in between. <see cref="Write"/>,
/// <see cref="Eoi(byte, EventBuffer, ref PinWork)"/> and <see cref="Accepted"/> change state and return a
/// <see cref="PinWork"/>. The owner lowers the sampled sources of the pins named there, notifies the holders, and then
/// calls <see cref="Service"/>. So an EOI has cleared Remote IRR on every pin of its vector before any of them is
/// served again.
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
    /// <param name="index">Its number in the machine, which its events carry.</param>
    /// <exception cref="OptionException">A field of the options is out of its range.</exception>
    internal IoApic(IoApicOptions options, StateArena arena, int index = 0)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(arena);
        options.Validate();
        Options = options;
        _profile = IoApicProfile.Of(options.Profile);
        _index = (ushort)index;
        _state = arena.Reserve<IoApicState>();
        _pins = arena.Reserve<IoApicPin>(options.Pins, IoApicPin.MakeRelative);
        Reset();
    }

    /// <summary>How it was built.</summary>
    public IoApicOptions Options { get; }

    private ref IoApicState S => ref _state.Value;

    /// <summary>Power-on state: every entry masked (82093AA, 3.2.4). The wires stay as they are driven: they belong to the
    /// lines, not to the chip.</summary>
    /// <returns>The lines that it takes out of service, for no EOI will come for them; and those that may have a sampled
    /// source, which is asked again.</returns>
    internal PinWork Reset()
    {
        PinWork work = default;
        S = new IoApicState { Id = Options.Id, Arbitration = Options.Id };
        for (int number = 0; number < _pins.Count; number++)
        {
            ref IoApicPin pin = ref _pins[number];
            if (pin.Has(PinFlags.RemoteIrr | PinFlags.AckOwed))
                work.Ack(number);
            else if (pin.Has(PinFlags.High))
                work.Resample(number);
            pin = new IoApicPin
            {
                Entry = RedirectionEntry.Reset,
                Flags = pin.Has(PinFlags.High) ? PinFlags.High | PinFlags.Asserted : PinFlags.None,
            };
        }
        return work;
    }

    /// <summary>An entry as a guest reads it.</summary>
    public RedirectionEntry Entry(int pin) => _pins[pin].Entry.WithRemoteIrr(_pins[pin].Has(PinFlags.RemoteIrr));

    /// <summary>Whether a pin is asserted, polarity applied.</summary>
    public bool IsAsserted(int pin) => _pins[pin].Has(PinFlags.Asserted);

    /// <summary>Gets the entries that are written; null if no profile needs them.</summary>
    internal EoiListeners? Listeners { get; set; }

    /// <summary>Whether the storm brake holds a pin.</summary>
    public bool IsBraked(int pin) => _pins[pin].Has(PinFlags.Braked);

    /// <summary>Whether an acknowledge waits for a pin to be unmasked.</summary>
    public bool OwesAck(int pin) => _pins[pin].Has(PinFlags.AckOwed);

    /// <summary>The pin that the wire of a pin drives: itself, unless the profile moves pin 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal int InputOf(int pin) => _profile.PinZeroIsTwo && pin == 0 && _pins.Count > 2 ? 2 : pin;

    /// <summary>The wire of a pin changes.</summary>
    /// <param name="pin">The pin.</param>
    /// <param name="high">Its level. Setting the current level has no effect, unless the profile does not store
    /// levels.</param>
    /// <param name="events">Where effects go.</param>
    internal void SetPin(int pin, bool high, EventBuffer events)
    {
        pin = InputOf(pin);
        ref IoApicPin state = ref _pins[pin];
        bool changed = state.Has(PinFlags.High) != high;
        if (!changed && high && _profile.LevelDriveCounts && IsLevel(state.Entry))
            Evaluate(pin, ref state, events);
        if (!changed && !_profile.EveryDriveCounts)
            return;
        bool asserted = high != IsActiveLow(state.Entry);
        state.Flags = state.Flags & ~(PinFlags.High | PinFlags.Asserted)
            | (high ? PinFlags.High : 0) | (asserted ? PinFlags.Asserted : 0);
        if (events.Observing && (changed || asserted && !(IsLevel(state.Entry) && state.Has(PinFlags.Latched))))
            events.Observe(new PinChanged(_index, pin, asserted, ByPolarity: false).ToEvent());
        if (asserted)
            Rise(pin, ref state, events);
        else
            Fall(pin, ref state);
    }

    /// <summary>The answer to a <see cref="EventKind.Deliver"/>.</summary>
    /// <param name="pin">Its pin.</param>
    /// <param name="message">The message that was sent.</param>
    /// <param name="reason"><see cref="RefusalReason.None"/> if it was accepted. A refused edge is lost. A refused
    /// level stays pending with Remote IRR clear and is tried again at the pin's next entry write, rise or EOI. There
    /// are two exceptions. Profile <c>qemu</c> set Remote IRR when it sent the level, so a refused level also waits
    /// until that is cleared, by an EOI of its vector or a rewrite to edge. Profile <c>kvm</c> sets Remote IRR for
    /// <see cref="RefusalReason.NoDestination"/> as for an acceptance.</param>
    /// <param name="events">Where effects go.</param>
    /// <param name="work">Gains the lines to acknowledge and the pins to serve again.</param>
    internal void Accepted(int pin, Msi message, RefusalReason reason, EventBuffer events, ref PinWork work)
    {
        bool level = message.Data.Level;
        if (events.Observing)
            events.Observe(new PinAnswered(_index, pin, level, reason).ToEvent());
        ref IoApicPin state = ref _pins[pin];
        if (!level || !state.Has(PinFlags.InFlight))
            return;
        bool ended = state.Has(PinFlags.EndedInFlight);
        state.Remove(PinFlags.InFlight | PinFlags.EndedInFlight);
        RedirectionEntry entry = state.Entry;
        if (_profile.RemoteIrrAtSend)
        {
            // Its EOI may have come before the answer; in that case the line had to wait.
            if (!state.Has(PinFlags.RemoteIrr))
                work.Serve(pin);
        }
        else if (!_profile.SetsRemoteIrr(reason))
        {
            // The refusal of an old message says nothing about the message of the current entry.
            if (_profile.MessageOf(entry) == message)
                state.Add(PinFlags.Refused);
            else
                work.Serve(pin);
        }
        else if (IsLevel(entry) && entry.Vector == message.Data.Vector)
        {
            SetRemoteIrr(pin, ref state, entry.Vector, events);
            if (ended)
                End(pin, ref state, EndOfInterruptCause.Broadcast, ref work, events);
            return;
        }
        else
        {
            // The entry was rewritten while the answer was outstanding: this entry can no longer recognise the EOI of
            // that message.
            work.Serve(pin);
        }
        UpdateEoiPins(pin, in state);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SetRemoteIrr(int pin, ref IoApicPin state, byte vector, EventBuffer events)
    {
        state.Add(PinFlags.RemoteIrr);
        if (events.Observing)
            events.Observe(new Event(EventKind.RemoteIrrSet, _index, (uint)pin, vector));
    }

    /// <summary>A flag of <see cref="PinFlags.HearsEoi"/> changed: updates the set of these pins.</summary>
    private void UpdateEoiPins(int pin, in IoApicPin state) => S.EoiPins.Assign(pin, state.Has(PinFlags.HearsEoi));

    /// <summary>Whether an entry is level-triggered in this chip's profile.</summary>
    internal bool IsLevel(RedirectionEntry entry) => _profile.IsLevel(entry);

    /// <summary>The message that an entry sends in this chip's profile.</summary>
    internal Msi MessageOf(RedirectionEntry entry) => _profile.MessageOf(entry);

    private bool IsActiveLow(RedirectionEntry entry) => entry.ActiveLow && !_profile.PolarityIgnored;
}
