using Wirq.State;

namespace Wirq.Xen;

// The state as the fields of a snapshot. Which PIRQ an interrupt or a GSI has follows from the PIRQs.
internal sealed partial class PirqDomain
{
    internal void Move(Fields f)
    {
        List<int> pirqs = [], accessible = [], lines = [];
        for (int pirq = 0; pirq < Count && !f.IsReading; pirq++)
        {
            if (!IsBlank(_pirqs[pirq]))
                pirqs.Add(pirq);
        }
        for (int irq = 0; irq < _irqs.Count && !f.IsReading; irq++)
        {
            if (_irqs[irq].Access != 0)
                accessible.Add(irq);
        }
        for (int line = 0; line < _lines.Count && !f.IsReading; line++)
        {
            if (_lines[line].InUse != 0)
                lines.Add(line);
        }
        MoveEach(f, "pirqs", "pirq", pirqs, Count, pirq => Move(f, ref _pirqs[pirq]));
        if (f.IsReading)
        {
            foreach (ref DomainIrq irq in _irqs.Span)
                irq.Access = 0;
        }
        MoveEach(f, "access", "irq", accessible, _irqs.Count, irq => _irqs[irq].Access = 1);
        MoveEach(f, "lines", "line", lines, _lines.Count, line => Move(f, ref _lines[line]));
        if (f.IsReading)
            Derive(f);
    }

    /// <summary>The items of a table that are in use, in ascending order.</summary>
    internal static void MoveEach(Fields f, string list, string name, List<int> used, int capacity, Action<int> each)
    {
        int least = 0;
        f.List(list, used.Count, capacity, i =>
        {
            int at = f.Number(name, f.IsReading ? 0 : used[i], least, capacity - 1);
            least = at + 1;
            each(at);
        });
    }

    private static bool IsBlank(in PirqState state) =>
        state is { Use: PirqUse.None, Emulation: PirqEmulation.None, Binding: PirqBinding.None, InFlight: 0, Pending: 0 };

    private void Move(Fields f, ref PirqState state)
    {
        state.Use = f.Choice("use", state.Use);
        bool hasIrq = state.Use is PirqUse.Mapped or PirqUse.Leaving;
        state.Irq = (ushort)f.Number("irq", state.Irq, hasIrq ? 1 : 0, hasIrq ? _irqs.Count - 1 : 0);
        state.Emulation = f.Choice("emulation", state.Emulation);
        state.Gsi = (ushort)f.Number("gsi", state.Gsi, 0, state.Emulation == PirqEmulation.Gsi ? _gsis.Count - 1 : 0);
        state.Requester = f.U16("requester", state.Requester, state.Emulation == PirqEmulation.Message ? ushort.MaxValue : (ushort)0);
        state.Binding = f.Choice("binding", state.Binding);
        f.Demand(state.Binding == PirqBinding.None || hasIrq, "binding", $"{state.Binding}", "None: it has no interrupt");
        f.Demand(state.Binding != PirqBinding.SamePin || Options.IsHardware, "binding", $"{state.Binding}", "another: only the hardware domain has its own pins");
        state.Vector = f.U8("vector", state.Vector);
        state.MessageFlags = f.U32("messageFlags", state.MessageFlags);
        state.Pending = f.U16("pending", state.Pending);
        state.InFlight = f.Flag("inFlight", state.InFlight);
        state.NoEoi = f.Flag("noEoi", state.NoEoi);
        f.Demand(state.InFlight == 0 || state.Use == PirqUse.Mapped && state.Binding != PirqBinding.None, "inFlight", "1", "0: it is not bound");
        f.Demand(!IsBlank(state), "use", "None", "a PIRQ that is in use: others are not in the list");
    }

    private void Move(Fields f, ref GuestLine line)
    {
        line.InUse = 1;
        line.Pirq = (ushort)f.Number("pirq", line.Pirq, 0, Count - 1);
        line.Bus = f.U8("bus", line.Bus);
        line.Device = (byte)f.Number("device", line.Device, 0, XenPciLines.Devices - 1);
        line.Pin = (byte)f.Number("pin", line.Pin, 0, XenPciLines.Pins - 1);
    }

    private void Derive(Fields f)
    {
        for (int pirq = 0; pirq < Count; pirq++)
        {
            ref readonly PirqState state = ref _pirqs[pirq];
            if (state.Irq != 0)
                Name(f, ref _irqs[state.Irq].Pirq, pirq, "interrupt", state.Irq);
            if (state.Emulation == PirqEmulation.Gsi)
                Name(f, ref _gsis[state.Gsi].Pirq, pirq, "GSI", state.Gsi);
        }
    }

    /// <summary>No two PIRQs have the same. PIRQ 0 counts as none.</summary>
    private static void Name(Fields f, ref ushort place, int pirq, string what, int number)
    {
        f.Demand(place == 0 || pirq == 0, $"PIRQ {pirq}", $"{what} {number}", $"one that PIRQ {place} does not have");
        place = (ushort)pirq;
    }
}
