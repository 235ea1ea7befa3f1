namespace Wirq.Lab.Historic;

/// <summary>Mutations of an I/OAPIC between two steps: defects of other implementations.</summary>
internal static class IoApicMutations
{
    /// <summary>Sets Remote IRR again, as if an EOI had not reached the pin.</summary>
    internal static void KeepRemoteIrr(this IoApic chip, int pin)
    {
        IoApicPin state = chip.PinState(pin);
        state.Add(PinFlags.RemoteIrr);
        chip.SetPinState(pin, state);
    }
}
