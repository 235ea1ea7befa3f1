using Wirq.State;

namespace Wirq.Xen;

// The state as the fields of a snapshot. How many guests an interrupt has, and in how many it is in flight, follows from the
// PIRQs.
public sealed partial class Pirqs
{
    internal void Move(Fields f)
    {
        f.Row("domains", _domains.Length, i => _domains[i].Move(f));
        List<int> irqs = [];
        for (int irq = 0; irq < _irqs.Count && !f.IsReading; irq++)
        {
            if (_irqs[irq] is not { Configured: 0, High: 0, Again: 0, Shared: 0, Device: 0, Level: 0, ActiveLow: 0 })
                irqs.Add(irq);
        }
        PirqDomain.MoveEach(f, "irqs", "irq", irqs, _irqs.Count, irq => Move(f, ref _irqs[irq]));
        f.Row("devices", Options.Devices.Count, i =>
        {
            _devices[i].Domain = f.U16("domain", _devices[i].Domain);
            _devices[i].Removed = f.Flag("removed", _devices[i].Removed != 0) ? (ushort)1 : (ushort)0;
        });
        if (!f.IsReading)
            return;
        foreach (PirqDomain domain in _domains)
            Derive(domain);
    }

    private static void Move(Fields f, ref MachineIrq irq)
    {
        irq.Configured = (byte)f.Number("configured", irq.Configured, 0, MachineIrq.DeviceGone);
        irq.Level = f.Flag("level", irq.Level);
        irq.ActiveLow = f.Flag("activeLow", irq.ActiveLow);
        irq.High = f.Flag("high", irq.High);
        irq.Shared = f.Flag("shared", irq.Shared);
        irq.Again = f.Flag("again", irq.Again);
        irq.Device = f.U32("device", irq.Device);
    }

    private void Derive(PirqDomain domain)
    {
        for (int pirq = 0; pirq < domain.Count; pirq++)
        {
            ref readonly PirqState state = ref domain[pirq];
            if (state.Use != PirqUse.Mapped || state.Binding == PirqBinding.None)
                continue;
            _irqs[state.Irq].Guests++;
            _irqs[state.Irq].InFlight += state.InFlight;
        }
    }
}
