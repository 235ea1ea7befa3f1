using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>The known facts about the pins of one I/OAPIC.</summary>
internal struct ChipPins : IState
{
    /// <summary>Whether each pin is asserted, polarity applied.</summary>
    public FactSet Asserted;
    /// <summary>Pins whose entry is level.</summary>
    public PinSet Level;
    /// <summary>Pins whose entry is not masked.</summary>
    public PinSet Unmasked;
    /// <summary>Pins whose Remote IRR is set.</summary>
    public PinSet RemoteIrr;
    /// <summary>Latched requests, if the profile latches them.</summary>
    public PinSet Latched;
    /// <summary>Pins that the storm brake holds.</summary>
    public PinSet Braked;
    /// <summary>Pins whose acknowledge waits for the unmask.</summary>
    public PinSet AckDeferred;
}

/// <summary>The known facts about one redirection entry.</summary>
internal struct EntryFact : IState
{
    /// <summary>The entry, Remote IRR clear.</summary>
    public RedirectionEntry Entry;
}

/// <summary>The pins of all I/OAPICs, reconstructed from the events.</summary>
internal sealed class PinShadow
{
    private readonly IoApicOptions[] _chips;
    private readonly IoApicProfile[] _profiles;
    private readonly PinNumbers _numbers;
    private readonly Block<ChipPins> _pins;
    private readonly Block<EntryFact> _entries;

    internal PinShadow(FabricOptions options, StateArena arena)
    {
        _chips = [.. options.IoApics];
        _profiles = [.. _chips.Select(chip => IoApicProfile.Of(chip.Profile))];
        _numbers = new PinNumbers(_chips);
        _pins = arena.Reserve<ChipPins>(Math.Max(1, ChipCount));
        _entries = arena.Reserve<EntryFact>(Math.Max(1, PinCount));
        Forget();
    }

    /// <summary>The chips were reset, or were replaced: nothing is known about them.</summary>
    internal void Forget()
    {
        _pins.Span.Clear();
        foreach (ref EntryFact fact in _entries.Span)
            fact.Entry = RedirectionEntry.Reset;
    }

    /// <summary>The pins of a machine whose lines lead to them are low unless an event reported otherwise. A latched
    /// request may have outlived the level of its line.</summary>
    internal void Learn(Fabric machine)
    {
        for (int chip = 0; chip < ChipCount; chip++)
        {
            for (int pin = 0; pin < _chips[chip].Pins; pin++)
            {
                ref ChipPins pins = ref _pins[chip];
                IoApicPin state = machine.IoApics[chip].PinState(pin);
                if (!machine.KernelOwns(machine.Gsis.OfPin(chip, pin)))
                    pins.Asserted.LearnNo(pin);
                pins.Latched.Assign(pin, state.Has(PinFlags.Latched));
                pins.Braked.Assign(pin, state.Has(PinFlags.Braked));
                pins.AckDeferred.Assign(pin, state.Has(PinFlags.AckOwed));
            }
        }
    }

    internal int ChipCount => _chips.Length;

    /// <summary>Pins of all I/OAPICs together.</summary>
    internal int PinCount => _numbers.Count;

    internal IoApicOptions Options(int chip) => _chips[chip];
    internal IoApicProfile Profile(int chip) => _profiles[chip];
    internal ref readonly ChipPins Chip(int chip) => ref _pins[chip];
    internal RedirectionEntry Entry(int chip, int pin) => _entries[Flat(chip, pin)].Entry;

    /// <summary>The number of a pin among all pins of all I/OAPICs.</summary>
    internal int Flat(int chip, int pin) => _numbers.Of(chip, pin);

    /// <summary>Whether the level of a pin is the opposite of its line's level.</summary>
    internal bool IsInverted(int chip, int pin) => !_profiles[chip].PolarityIgnored && Entry(chip, pin).ActiveLow;

    /// <summary>Pins at which a level interrupt would be pending.</summary>
    internal PinSet Pending(int chip) => _profiles[chip].LatchedRequest ? Chip(chip).Latched : Chip(chip).Asserted.Yes;

    /// <summary>The pin in the Unit and Index of an event; false if the machine has no such pin.</summary>
    internal bool TryPin(in Event e, out int chip, out int pin) => TryPin(e.Unit, e.Index, out chip, out pin);

    /// <summary>The pin that an origin names, if it names one.</summary>
    internal bool TryPin(Origin origin, out int chip, out int pin)
    {
        (chip, pin) = (0, 0);
        return origin.Kind == OriginKind.Pin && TryPin((uint)origin.Unit, (uint)origin.Index, out chip, out pin);
    }

    internal void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.MachineReset:
                Reset();
                break;
            case EventKind.PinChanged when TryPin(e, out int chip, out int pin):
                Change(chip, pin, PinChanged.Of(e));
                break;
            case EventKind.EntryWritten when TryPin(e, out int chip, out int pin):
                Write(chip, pin, e.Entry);
                break;
            case EventKind.LogEntryShown when LogEntryShown.Of(e) is var shown && TryPin(e.Unit, (uint)shown.Pin, out int chip, out int pin):
                Write(chip, pin, shown.Entry.WithRemoteIrr((shown.Known & EntryParts.RemoteIrr) != 0));
                break;
            case EventKind.Deliver when TryPin(e, out int chip, out int pin) && !e.Msi.Data.Level:
                _pins[chip].Latched = _pins[chip].Latched.Without(pin);
                break;
            // A pin that waits for the EOI has Remote IRR set, even if it was set before the first event.
            case EventKind.RemoteIrrSet or EventKind.PinCoalesced when TryPin(e, out int chip, out int pin):
                _pins[chip].RemoteIrr = _pins[chip].RemoteIrr.With(pin);
                break;
            case EventKind.RemoteIrrCleared when TryPin(e, out int chip, out int pin):
                _pins[chip].RemoteIrr = _pins[chip].RemoteIrr.Without(pin);
                break;
            case EventKind.StormBraked or EventKind.StormReleased when TryPin(e, out int chip, out int pin):
                _pins[chip].Braked.Assign(pin, e.Kind == EventKind.StormBraked);
                break;
            case EventKind.PinAckDeferred or EventKind.PinAcked when TryPin(e, out int chip, out int pin):
                _pins[chip].AckDeferred.Assign(pin, e.Kind == EventKind.PinAckDeferred);
                break;
        }
    }

    /// <summary>Every entry is in its reset state; the wires stay as they are.</summary>
    private void Reset()
    {
        for (int chip = 0; chip < ChipCount; chip++)
        {
            FactSet high = default;
            for (int pin = 0; pin < _chips[chip].Pins; pin++)
            {
                if (_pins[chip].Asserted.Known.Has(pin))
                    high.Learn(pin, _pins[chip].Asserted.Has(pin) != IsInverted(chip, pin));
                _entries[Flat(chip, pin)].Entry = RedirectionEntry.Reset;
            }
            // What was deferred is acknowledged by the reset, and an event says so.
            _pins[chip] = new() { Asserted = high, AckDeferred = _pins[chip].AckDeferred };
        }
    }

    private void Change(int chip, int pin, PinChanged its)
    {
        ref ChipPins pins = ref _pins[chip];
        pins.Asserted.Learn(pin, its.Asserted);
        // A fall releases the brake without an event.
        if (!its.Asserted)
            pins.Braked.Remove(pin);
        if (pins.Level.Has(pin) || its.ByPolarity)
            pins.Latched = pins.Latched.Set(pin, its.Asserted && pins.Level.Has(pin));
    }

    private void Write(int chip, int pin, RedirectionEntry entry)
    {
        ref ChipPins pins = ref _pins[chip];
        pins.Level = pins.Level.Set(pin, _profiles[chip].IsLevel(entry));
        pins.Unmasked = pins.Unmasked.Set(pin, !entry.Masked);
        pins.Braked.Remove(pin);
        if (entry.RemoteIrr)
            pins.RemoteIrr = pins.RemoteIrr.With(pin);
        _entries[Flat(chip, pin)].Entry = entry.WithRemoteIrr(false);
    }

    private bool TryPin(uint unit, uint index, out int chip, out int pin)
    {
        (chip, pin) = ((int)unit, (int)index);
        return unit < (uint)_chips.Length && index < (uint)_chips[chip].Pins;
    }
}

/// <summary>Sets of pins, further.</summary>
internal static class PinSets
{
    /// <summary>The pins of <paramref name="set"/> that are not in <paramref name="other"/>.</summary>
    internal static PinSet Except(this PinSet set, PinSet other) => new(set.Low & ~other.Low, set.High & ~other.High);
}
