using Wirq.Events.Shadows;

namespace Wirq.Traces.Snapshots.Judging;

/// <summary>The 8259 pair.</summary>
internal sealed partial class SnapshotJudge
{
    private const int Inputs = 8, Cascade = GsiMap.CascadeIrq;

    private void AtPics()
    {
        SavedCpu? cpu = _state.Cpus.FirstOrDefault(one => one.PassesIntr.IsYes) ?? _state.Cpus.FirstOrDefault(one => !one.PassesIntr.IsKnown);
        bool inSlave = AtPic(1, cpu, requested: false);
        AtPic(0, cpu, inSlave);
    }

    /// <summary>One chip.</summary>
    /// <returns>Whether it requests its master or the CPU.</returns>
    private bool AtPic(int chip, SavedCpu? cpu, bool requested)
    {
        SavedPic pic = _state.Pics[chip];
        if (pic.InitState.Is(stage => stage != 0).IsYes)
            return false;
        byte isr = pic.Isr.Value, irr = pic.Irr.Value, imr = pic.Imr.Value;
        if (chip == 0 && requested)
            irr |= 1 << Cascade;
        var order = new PicPriority(((pic.First.IsKnown ? pic.First.Value : 0) + Inputs - 1) % Inputs);
        bool special = pic.SpecialMask.Is(on => on != 0).IsYes;
        byte serving = special ? (byte)(isr & ~imr) : isr;
        int first = order.Highest((byte)(irr & ~imr)), held = order.Highest(serving);
        bool nested = chip == 0 && pic.SpecialFullyNested.Is(on => on != 0).IsYes && held == Cascade && first == Cascade;
        bool passes = first >= 0 && (held < 0 || order.Rank(first) < order.Rank(held) || nested);
        for (int input = 0; input < Inputs; input++)
        {
            int irq = chip * Inputs + input;
            bool serves = (isr >> input & 1) != 0, asks = (irr >> input & 1) != 0, masked = (imr >> input & 1) != 0;
            if (serves)
                Serving(pic, irq, cpu, asks);
            if (asks && masked)
                MaskedAt(pic, irq, input);
            else if (asks && irq != Cascade && !ServedByPin(irq))
                Requesting(pic, irq, cpu, passes ? first : -1, held, chip);
        }
        return passes;
    }

    private void Serving(SavedPic pic, int irq, SavedCpu? cpu, bool asks)
    {
        if (irq == Cascade && _state.Pics[1].Isr.Value != 0)
            return;
        string name = irq == Cascade ? "IRQ 2, the cascade," : $"pic:{irq}";
        string more = irq == Cascade ? " while the slave has nothing in service: the master's EOI is missing" : asks ? ", and its line asks again" : "";
        Add($"pic:{irq}", cpu is null ? Standing.NotKnown : CpuActivity.OfEoi(cpu), Gate.NoEoi, $"{name} is in service at the 8259 (ISR){more}: it waits for an EOI"
            + (cpu is null ? "." : $", and {CpuActivity.Words(cpu)}."), [pic.Isr.Place, cpu?.Halted.Place], cpu?.Number ?? -1, VectorOf(pic, irq), GsiOfIrq(irq));
    }

    private void Requesting(SavedPic pic, int irq, SavedCpu? cpu, int first, int held, int chip)
    {
        string name = $"pic:{irq} is requested at the 8259 (IRR)";
        int number = cpu?.Number ?? -1, vector = VectorOf(pic, irq), gsi = GsiOfIrq(irq);
        if (held >= 0 && first < 0)
        {
            int by = chip * Inputs + held;
            Add($"pic:{irq}", cpu is null ? Standing.NotKnown : CpuActivity.OfEoi(cpu), Gate.PicInService, $"{name}, and the 8259 has IRQ {by} in service, "
                + "which lets nothing of its priority or below through until its EOI"
                + (cpu is null ? "." : $"; {CpuActivity.Words(cpu)}."), [pic.Irr.Place, pic.Isr.Place], number, vector, gsi);
            return;
        }
        if (chip == 1 && Blocked(out Standing cascade, out string why))
        {
            Add($"pic:{irq}", cpu is null ? Standing.NotKnown : cascade == Standing.Owed ? Standing.Owed : CpuActivity.OfEoi(cpu), cascade == Standing.Owed ? Gate.CascadeMasked : Gate.PicInService,
                $"{name}, and {why}.", [pic.Irr.Place, _state.Pics[0].Imr.Place], number, vector, gsi);
            return;
        }
        if (_state.Cpus.Count == 0 || cpu is null || !cpu.PassesIntr.IsKnown)
        {
            bool closed = _state.HasAllCpus && _state.Cpus.Count > 0 && _state.Cpus.All(one => one.PassesIntr == Fact.No);
            Add($"pic:{irq}", closed ? Standing.Owed : Standing.NotKnown, closed ? Gate.Lint0Closed : Gate.NotKnown, closed
                ? $"{name}: the 8259 asks, but LINT0 of no CPU lets it through." : $"{name}; whether a CPU lets it in is not known.", [pic.Irr.Place, .. _state.Cpus.Take(1).Select(one => one.Lint0.Place)], -1, vector, gsi);
            return;
        }
        Standing standing = CpuActivity.OfTaking(cpu);
        Add($"pic:{irq}", standing, first == irq % Inputs ? CpuActivity.GateOfTaking(cpu) : Gate.PicBehind, $"{name} and not taken: {CpuActivity.Words(cpu)}"
            + (standing == Standing.InFlight ? ": it is in flight." : "."), [pic.Irr.Place, cpu.Halted.Place], number, vector, gsi);
    }

    /// <summary>Whether the master lets nothing of the slave through.</summary>
    private bool Blocked(out Standing standing, out string why)
    {
        SavedPic master = _state.Pics[0];
        standing = Standing.Owed;
        why = "the cascade, IRQ 2 of the master 8259, is masked, so nothing of the slave passes";
        if ((master.Imr.Value >> Cascade & 1) != 0)
            return true;
        standing = Standing.NotKnown;
        var order = new PicPriority(((master.First.IsKnown ? master.First.Value : 0) + Inputs - 1) % Inputs);
        int held = order.Highest(master.Isr.Value);
        why = $"the master 8259 has IRQ {held} in service, which lets nothing of its priority or below through until its EOI";
        bool nested = held == Cascade && master.SpecialFullyNested.Is(on => on != 0).IsYes;
        return held >= 0 && order.Rank(held) <= order.Rank(Cascade) && !nested;
    }

    /// <summary>A level that waits under a mask is the guest's choice where it uses the pin of the I/OAPIC, or uses neither.</summary>
    private void MaskedAt(SavedPic pic, int irq, int input)
    {
        bool level = pic.Elcr.Is(bits => (bits >> input & 1) != 0).IsYes;
        bool used = _state.Pics.Any(one => one.Imr.Value != byte.MaxValue && one.Imr.Value != unchecked((byte)~(1 << Cascade))) && _state.Cpus.Any(cpu => cpu.PassesIntr.IsYes);
        if (!level || !used || irq == Cascade || ProgrammedPin(irq))
            return;
        Add($"pic:{irq}", AllHalted ? Standing.Owed : Standing.Masked, Gate.PicMasked, $"pic:{irq}: its line is high and it is masked at the 8259 (IMR)"
            + (AllHalted ? ", while every CPU is halted: nobody is about to unmask it." : "; whether the guest wants that, the file does not tell."), [pic.Irr.Place, pic.Imr.Place], gsi: GsiOfIrq(irq));
    }

    /// <summary>Whether the guest takes a line by the I/OAPIC, so that the 8259's request of it means nothing.</summary>
    private bool ServedByPin(int irq) => PinOf(irq) is { } entry && !entry.Masked && entry.Vector >= LowestVector;

    private bool ProgrammedPin(int irq) => PinOf(irq) is { } entry && entry.Vector >= LowestVector;

    private RedirectionEntry? PinOf(int irq)
    {
        int pin = SnapshotState.PinOfIrq(irq);
        return pin >= 0 && _state.IoApics is [var ioApic, ..] && pin < ioApic.Entries.Length ? ioApic.EntryOf(pin) : null;
    }

    private static int VectorOf(SavedPic pic, int irq) => pic.Base.IsKnown ? (byte)(pic.Base.Value + irq % Inputs) : -1;

    private static int GsiOfIrq(int irq) => SnapshotState.PinOfIrq(irq);
}
