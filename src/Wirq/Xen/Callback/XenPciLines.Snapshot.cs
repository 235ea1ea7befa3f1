using Wirq.State;

namespace Wirq.Xen;

// The state as the fields of a snapshot. How many pins hold a link follows from the pins.
public sealed partial class XenPciLines
{
    internal void Move(Fields f)
    {
        f.Row("links", Links, i => _state[i].Irq = (byte)f.Number("irq", _state[i].Irq, 0, IsaIrqs - 1));
        f.Row("devices", Devices, i => _intx[i].Asserted = f.U8("pins", _intx[i].Asserted, (1 << Pins) - 1));
        if (f.IsReading)
            Derive(f);
    }

    private void Derive(Fields f)
    {
        for (int device = 0; device < Devices; device++)
        {
            for (int pin = 0; pin < Pins; pin++)
            {
                bool asserted = IsAsserted(device, (PciInterruptPin)pin);
                _state[LinkOf(device, (PciInterruptPin)pin)].Asserting += asserted ? 1u : 0;
                Check(f, _pins[device * Pins + pin], GsiOf(device, (PciInterruptPin)pin), asserted);
            }
        }
        for (int link = 0; link < Links; link++)
        {
            for (int irq = 1; irq < IsaIrqs; irq++)
                Check(f, _links[link * IsaIrqs + irq], irq, _state[link].Asserting != 0 && _state[link].Irq == irq);
        }
    }

    private void Check(Fields f, int slot, int gsi, bool asserted)
    {
        LineTable lines = _fabric.Lines;
        bool own = lines.InUse(slot) && lines.GsiOf(slot) == gsi && lines.KindOf(slot) == SourceKind.Wired && lines.VirqOf(slot) < 0;
        f.Demand(own, $"source in slot {slot}", "another", $"a wired one on GSI {gsi}, of the PCI lines");
        f.Demand(lines.IsAsserting(slot) == asserted, $"source in slot {slot}", asserted ? "idle" : "asserted", "the level of its pin or link");
    }
}
