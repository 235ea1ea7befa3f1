namespace Wirq;

/// <content>The state as values, for who restores it or changes it between two steps: no input of the chip, and without
/// effects.</content>
public sealed partial class IoApic
{
    /// <summary>IOREGSEL; a guest can set its low 8 bits only.</summary>
    internal uint Selected
    {
        get => S.Selected;
        set => S.Selected = value;
    }

    /// <summary>What the chip remembers of a pin.</summary>
    internal IoApicPin PinState(int pin) => _pins[pin];

    /// <summary>Restores what the chip remembers of a pin, and what follows from it.</summary>
    internal void SetPinState(int pin, IoApicPin state)
    {
        _pins[pin] = state;
        UpdateEoiPins(pin, in state);
        S.Braked.Assign(pin, state.Has(PinFlags.Braked));
    }
}
