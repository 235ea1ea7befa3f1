using Wirq.Events.Shadows;

namespace Wirq.Traces.Snapshots.Judging;

/// <summary>The 8259 pair.</summary>
internal sealed partial class SnapshotJudge
{
    private const int Inputs = 8, Cascade = GsiMap.CascadeIrq;

    private void AtPics()
    {
        // The CPU that takes INTR; one of which that is not known counts until another is found.
        SavedCpu? cpu = _state.Cpus.FirstOrDefault(one => one.PassesIntr.IsYes) ?? _state.Cpus.FirstOrDefault(one => !one.PassesIntr.IsKnown);
        PicView slave = ViewOf(1, requested: false), master = ViewOf(0, slave.Passes);
        AtPic(slave, master, cpu);
        AtPic(master, master, cpu);
    }

    /// <summary>What one chip requests and serves.</summary>
    /// <param name="Chip">0 for the master.</param>
    /// <param name="Pic">Its registers.</param>
    /// <param name="Asking">Inputs that request, masked ones too.</param>
    /// <param name="Order">Which input has priority.</param>
    /// <param name="Held">The input in service that blocks, or <see cref="Pic8259.None"/>.</param>
    private readonly record struct PicView(int Chip, SavedPic Pic, byte Asking, PicPriority Order, int Held)
    {
        /// <summary>The input that the chip requests for: the unmasked one of highest priority.</summary>
        internal int First => Order.Highest((byte)(Asking & ~Pic.Imr.Value));
        internal bool Passes => First != Pic8259.None && !Blocks(First);
        internal bool IsInitialised => !Pic.InitState.Is(stage => stage != 0).IsYes;

        /// <summary>Whether what is in service keeps an input back.</summary>
        internal bool Blocks(int input) => Held != Pic8259.None && Order.Rank(input) >= Order.Rank(Held);
    }

    private PicView ViewOf(int chip, bool requested)
    {
        SavedPic pic = _state.Pics[chip];
        byte cascade = 1 << Cascade, asking = (byte)(pic.Irr.Value | (requested ? cascade : 0)), serving = pic.Isr.Value;
        if (pic.SpecialMask.Is(on => on != 0).IsYes)
            serving &= (byte)~pic.Imr.Value;
        // Special fully nested: the cascade in service does not keep the slave back (82C59A, "Special Fully Nested Mode").
        if (chip == 0 && pic.SpecialFullyNested.Is(on => on != 0).IsYes)
            serving &= (byte)~cascade;
        var order = new PicPriority(((pic.First.IsKnown ? pic.First.Value : 0) + Inputs - 1) % Inputs);
        return new(chip, pic, asking, order, order.Highest(serving));
    }

    private void AtPic(PicView view, PicView master, SavedCpu? cpu)
    {
        if (!view.IsInitialised)
            return;
        for (int input = 0; input < Inputs; input++)
        {
            int irq = view.Chip * Inputs + input;
            bool serves = (view.Pic.Isr.Value >> input & 1) != 0, asks = (view.Pic.Irr.Value >> input & 1) != 0;
            if (serves)
                Serving(view.Pic, irq, cpu, asks);
            if (asks && (view.Pic.Imr.Value >> input & 1) != 0)
                MaskedAt(view.Pic, irq, input);
            else if (asks && irq != Cascade && !ServedByPin(irq))
                Requesting(view, master, irq, cpu);
        }
    }

    private void Serving(SavedPic pic, int irq, SavedCpu? cpu, bool asks)
    {
        string name = irq != Cascade ? $"pic:{irq}" : "pic:2, the cascade,";
        string more = irq != Cascade ? asks ? ", and its line asks again" : ""
            : _state.Pics[1].Isr.Value == 0 ? " while the slave has nothing in service: the master's EOI is missing" : " for what the slave has in service";
        Add($"pic:{irq}", Standing.Owed, Gate.NoEoi, $"{name} is in service at the 8259 (ISR){more}: it waits for an EOI"
            + (cpu is null ? "." : $", and {CpuActivity.Words(cpu)}{CpuActivity.Outlook(cpu)}."), [pic.Isr.Place, cpu?.Halted.Place], cpu?.Number ?? -1, VectorOf(pic, irq), GsiOfIrq(irq));
    }

    private void Requesting(PicView view, PicView master, int irq, SavedCpu? cpu)
    {
        string name = $"pic:{irq} is requested at the 8259 (IRR)", doing = cpu is null ? "" : $"; {CpuActivity.Words(cpu)}";
        Standing waits = cpu is null ? Standing.NotKnown : CpuActivity.OfWaiting(cpu);
        if (view.Blocks(irq % Inputs))
            Say(waits, Gate.PicInService, $"{name}, and the 8259 has IRQ {view.Chip * Inputs + view.Held} in service, which lets nothing of its priority or below through until its EOI{doing}.", view.Pic.Isr.Place);
        else if (view.Chip == 1 && (master.Pic.Imr.Value >> Cascade & 1) != 0)
            Say(Standing.Owed, Gate.CascadeMasked, $"{name}, and the cascade, IRQ 2 of the master 8259, is masked, so nothing of the slave passes.", master.Pic.Imr.Place);
        else if (view.Chip == 1 && master.Blocks(Cascade))
            Say(waits, Gate.PicInService, $"{name}, and the master 8259 has IRQ {master.Held} in service, which lets nothing of its priority or below through until its EOI{doing}.", master.Pic.Isr.Place);
        else if (_state.HasAllCpus && _state.Cpus.All(one => one.PassesIntr == Fact.No))
            Say(Standing.Owed, Gate.Lint0Closed, $"{name}: the 8259 asks, but LINT0 of no CPU lets it through.", _state.Cpus[0].Lint0.Place);
        else if (cpu is null || !cpu.PassesIntr.IsKnown)
            Say(Standing.NotKnown, Gate.NotKnown, $"{name}; whether a CPU lets it in is not known.", null);
        else
            Taking();

        void Taking()
        {
            Standing standing = CpuActivity.OfTaking(cpu);
            // The master's request is for the cascade where the slave's is first.
            bool first = view.First == irq % Inputs && (view.Chip == 0 || master.First == Cascade);
            Say(standing, first ? CpuActivity.GateOfTaking(cpu) : Gate.PicBehind, $"{name} and not taken{(first ? "" : ", behind another IRQ that has priority")}: {CpuActivity.Words(cpu)}"
                + (standing == Standing.InFlight ? ": it is in flight." : "."), cpu.Halted.Place);
        }

        void Say(Standing standing, Gate gate, string sentence, ValuePlace? besides) =>
            Add($"pic:{irq}", standing, gate, sentence, [view.Pic.Irr.Place, besides], cpu?.Number ?? -1, VectorOf(view.Pic, irq), GsiOfIrq(irq));
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
