namespace Wirq;

/// <content>The state as values, for code that restores it or changes it between two steps. These are not inputs of the
/// chip and have no effects.</content>
public sealed partial class IoApic
{
    /// <summary>IOREGSEL; a guest can set only its low 8 bits.</summary>
    internal uint Selected
    {
        get => S.Selected;
        set => S.Selected = value;
    }

    /// <summary>Its number in the machine.</summary>
    internal int Number => _index;
    /// <summary>Its APIC id.</summary>
    internal uint Id => S.Id;

    /// <summary>The state of a pin.</summary>
    internal IoApicPin PinState(int pin) => _pins[pin];

    /// <summary>Restores the state of a pin, and everything derived from it.</summary>
    internal void SetPinState(int pin, IoApicPin state)
    {
        _pins[pin] = state;
        UpdateEoiPins(pin, in state);
        S.Braked.Assign(pin, state.Has(PinFlags.Braked));
    }
}
