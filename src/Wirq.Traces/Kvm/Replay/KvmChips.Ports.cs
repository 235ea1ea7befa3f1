namespace Wirq.Traces.Kvm.Replay;

// The guest's accesses to the 8259 pair and to the I/OAPIC.
internal sealed partial class KvmChips
{
    private void WritePic(Step step)
    {
        KvmLine line = step.Cause;
        if (Machine.IsSplit)
            return;
        var port = (ushort)line.Address;
        byte value = (byte)line.Value;
        int chip = port is PicPair.SlaveCommand or PicPair.SlaveData or PicPair.SlaveTriggers ? 1 : 0;
        bool isCommand = port is PicPair.MasterCommand or PicPair.SlaveCommand;
        var word = new Ocw2(value);
        bool isEoi = isCommand && !Icw1.Is(value) && !Ocw3.Is(value) && (IsSpecificEoi(word) || word.Command is Ocw2Command.NonSpecificEoi or Ocw2Command.RotateOnNonSpecificEoi);
        if (isEoi)
            Acknowledge(step, chip, word);
        PicState before = StateOf(chip);
        Machine.Fabric.TryWritePort(Math.Max(0, CpuOf(step.Vcpu)), port, 1, value);
        Machine.Drain();
        ref PicFacts facts = ref _facts.Pics[chip];
        switch (port)
        {
            case PicPair.MasterTriggers or PicPair.SlaveTriggers:
                facts.Triggers = 0xFF;
                break;
            case PicPair.MasterCommand or PicPair.SlaveCommand when Icw1.Is(value):
                // The mask and the levels that were seen go, and requests by edges; what is in service may stay (i8259.c, kvm_pic_reset).
                (facts.Mask, facts.Edges) = (0xFF, 0xFF);
                facts.Requests |= (byte)(facts.Triggers & ~before.Elcr);
                break;
            case PicPair.MasterData or PicPair.SlaveData when (PicStage)before.Stage is PicStage.Ready or PicStage.Unprogrammed:
                facts.Mask = 0xFF;
                break;
        }
        if (!isEoi)
            CompareAcks(step, chip, 0, known: false);
    }

    private PicState StateOf(int chip) => chip == 0 ? Machine.Pic.State.Master : Machine.Pic.State.Slave;

    /// <summary>An EOI command: KVM acknowledges the input that it ends, and one that it names, in service or not (i8259.c, pic_clear_isr).</summary>
    private void Acknowledge(Step step, int chip, Ocw2 command)
    {
        ref PicFacts facts = ref _facts.Pics[chip];
        PicState state = StateOf(chip);
        bool known = facts.Modes;
        int ended;
        if (IsSpecificEoi(command))
        {
            ended = command.Level;
            // It ends a request that nobody was seen to take: the guest may, and the record of an injection may be missing.
            byte bit = (byte)(1 << ended);
            known &= !_scan.ShowsInta || (state.Isr & bit) != 0 || (state.Irr & bit) == 0;
        }
        else
        {
            if (state.Isr == 0 && !_scan.ShowsInta)
                TakeUnseen(chip);
            state = StateOf(chip);
            ended = new PicPriority(state.Lowest).Highest(state.Isr);
            if (!known && step.Acks is [var only])
            {
                ended = only.Pin % PinsOfPic;
                state.Isr |= (byte)(1 << ended);
                Set(chip, state);
            }
        }
        // Rotation without an EOI, and an EOI that finds nothing, acknowledge nothing.
        CompareAcks(step, chip, ended is >= 0 and < PinsOfPic ? 1 << ended : 0, known);
    }

    private static bool IsSpecificEoi(Ocw2 word) => word.Command is Ocw2Command.SpecificEoi or Ocw2Command.RotateOnSpecificEoi;

    /// <summary>Nothing shows when a CPU runs INTA: it did, if the guest ends an interrupt, and none is in service.</summary>
    private void TakeUnseen(int chip)
    {
        if (!Machine.Pic.Intr || chip == 1 && StateOf(1).Irr == 0)
            return;
        Machine.Fabric.Inta(0);
        Machine.Drain();
    }

    private void CompareAcks(Step step, int chip, int ended, bool known)
    {
        foreach (KvmLine ack in step.Acks)
        {
            if (ack.Chip == KvmFields.IoApicChip)
            {
                Leave(ack);
                continue;
            }
            int irq = ack.AcknowledgedIrq, bit = irq >= 0 && ack.Chip == chip ? 1 << irq % PinsOfPic : 0;
            if (bit != 0 && (ended & bit) != 0)
            {
                Check(ack, known);
                ended &= ~bit;
            }
            else if (known && !(ended == 0 && irq >= 0 && !_scan.IsFed(irq)))
                Part(ack, ended == 0 ? "no acknowledge: nothing is in service" : AckText(chip, int.TrailingZeroCount(ended)));
            else
                Leave(ack);
        }
        if (ended != 0 && known && !step.Acks.Exists(ack => ack.Chip == chip))
            Missing(step, KvmEvent.AckIrq, $"irqchip {KvmLine.ChipName(chip)} pin {int.TrailingZeroCount(ended) + chip * PinsOfPic}");
    }

    private static string AckText(int chip, int pin) => $"{KvmNames.NameOf(KvmEvent.AckIrq)}: irqchip {KvmLine.ChipName(chip)} pin {(chip == 1 ? pin + PinsOfPic : pin)}";

    private void ReadPic(Step step)
    {
        KvmLine line = step.Cause;
        if (Machine.IsSplit)
            return;
        var port = (ushort)line.Address;
        int chip = port is PicPair.SlaveCommand or PicPair.SlaveData or PicPair.SlaveTriggers ? 1 : 0;
        PicState state = StateOf(chip);
        bool polls = state.Polling != 0;
        Machine.Fabric.TryReadPort(Math.Max(0, CpuOf(step.Vcpu)), port, 1, out uint value);
        Machine.Drain();
        ref PicFacts facts = ref _facts.Pics[chip];
        byte read = (byte)line.Value;
        bool known = facts.Modes;
        if (polls)
            known &= facts is { Mask: 0xFF, Requests: 0xFF } && _facts.Pics[0].Modes;
        else if (port is PicPair.MasterData or PicPair.SlaveData)
        {
            known = facts.Mask == 0xFF;
            if (!known)
                Set(chip, StateOf(chip) with { Imr = (byte)(StateOf(chip).Imr & facts.Mask | read & ~facts.Mask) });
            if (!known && (read & facts.Mask) == (value & facts.Mask))
                value = read;
            else if (!known)
                known = true;
            facts.Mask = 0xFF;
        }
        else if (port is PicPair.MasterTriggers or PicPair.SlaveTriggers)
        {
            known = facts.Triggers == 0xFF;
            if (!known)
                Set(chip, StateOf(chip) with { Elcr = read });
            facts.Triggers = 0xFF;
        }
        else
            known &= state.ReadsInService != 0 ? _scan.ShowsInta : facts.Requests == 0xFF && _scan.ShowsInta && chip == 1;
        Compare(line, value, read, known);
    }

    private void Compare(KvmLine line, ulong predicted, ulong read, bool known)
    {
        if (!known)
            Leave(line);
        else if (predicted == read)
            Check(line, known: true);
        else
            Part(line, $"0x{predicted:x}");
    }

    private const ulong Window = IoApicOptions.DefaultAddress + IoApic.WindowOffset, Select = IoApicOptions.DefaultAddress + IoApic.SelectOffset;

    private void WriteIoApic(Step step)
    {
        KvmLine line = step.Cause;
        if (Machine.IsSplit)
            return;
        int cpu = Math.Max(0, CpuOf(step.Vcpu));
        if (line.Address == Select)
        {
            Machine.IoApic.Selected = (byte)line.Value;
            _facts.Selected = true;
            return;
        }
        if (line.Address != Window)
            return;
        int pin = PinOf(Machine.IoApic.Selected, out bool isHigh);
        if (!_facts.Selected || pin < 0)
        {
            if (!_facts.Selected)
                ForgetEntries();
            else if (Machine.IoApic.Selected == IoApic.IdIndex)
                _facts.IoApicId = true;
            Machine.Fabric.TryWrite(cpu, line.Address, 4, line.Value);
            Machine.Drain();
            CompareAccepts(step, known: false, all: false, vector: -1);
            return;
        }
        ref PinFacts facts = ref _facts.Pins[pin];
        RedirectionEntry made = isHigh ? Machine.IoApic.Entry(pin).WithHigh((uint)line.Value) : Machine.IoApic.Entry(pin).WithLow((uint)line.Value);
        (facts.High, facts.Low, facts.Polarity) = (facts.High || isHigh, facts.Low || !isHigh, facts.Polarity || !isHigh);
        bool sent = step.Accepts.Count > 0;
        // An unmask that finds the line high delivers it (ioapic.c, ioapic_write_indirect).
        if (facts.Line.Level is null && made is { Masked: false, LevelBitSet: true })
            Machine.SetPinLevel(pin, sent);
        if (!facts.RemoteIrr && made.LevelBitSet && sent)
            SetRemoteIrr(pin, false);
        bool known = IsPinKnown(pin);
        Machine.Fabric.TryWrite(cpu, line.Address, 4, line.Value);
        Machine.Drain();
        CompareAccepts(step, known, known && IsAddresseeKnown(made), made.Vector);
        if (facts.Low && !made.LevelBitSet || sent)
            facts.RemoteIrr = true;
    }

    private void ForgetEntries()
    {
        foreach (ref PinFacts pin in _facts.Pins.AsSpan())
            (pin.Low, pin.High, pin.Polarity, pin.RemoteIrr) = (false, false, false, false);
    }

    private static int PinOf(uint selected, out bool isHigh)
    {
        isHigh = (selected & 1) != 0;
        int pin = ((int)selected - (int)IoApic.FirstEntryIndex) / 2;
        return selected >= IoApic.FirstEntryIndex && pin < KvmMachine.Pins ? pin : -1;
    }

    private void ReadIoApic(Step step)
    {
        const uint remoteIrr = 1 << 14, activeLow = 1 << 13;
        KvmLine line = step.Cause;
        if (Machine.IsSplit)
            return;
        Machine.Fabric.TryRead(Math.Max(0, CpuOf(step.Vcpu)), line.Address, 4, out ulong value);
        Machine.Drain();
        if (line.Address == Select)
        {
            Compare(line, value, line.Value & 0xFF, _facts.Selected);
            return;
        }
        int pin = PinOf(Machine.IoApic.Selected, out bool isHigh);
        if (line.Address != Window || !_facts.Selected || pin < 0)
        {
            bool isVersion = line.Address == Window && _facts.Selected && Machine.IoApic.Selected == IoApic.VersionIndex;
            Compare(line, value, line.Value, isVersion || line.Address == Window && _facts.Selected && _facts.IoApicId);
            return;
        }
        ref PinFacts facts = ref _facts.Pins[pin];
        uint read = (uint)line.Value;
        if (isHigh)
        {
            Compare(line, value, read, facts.High);
            if (!facts.High)
                SetEntry(pin, Machine.IoApic.PinState(pin).Entry.WithHigh(read));
            facts.High = true;
            return;
        }
        uint unknown = facts.Low ? (facts.RemoteIrr ? 0 : remoteIrr) | (facts.Polarity ? 0 : activeLow) : uint.MaxValue;
        if (unknown == 0)
            Compare(line, value, read, known: true);
        else if (((read ^ (uint)value) & ~unknown) != 0)
            Part(line, $"0x{value:x}");
        else
        {
            Leave(line);
            SetEntry(pin, new RedirectionEntry(Machine.IoApic.PinState(pin).Entry.WithLow(read).Bits & ~RedirectionEntry.ReadOnly));
            if (!facts.RemoteIrr)
                SetRemoteIrr(pin, (read & remoteIrr) != 0);
        }
        (facts.Low, facts.RemoteIrr, facts.Polarity) = (true, true, true);
    }

    private void SetEntry(int pin, RedirectionEntry entry)
    {
        IoApicPin state = Machine.IoApic.PinState(pin);
        state.Entry = entry;
        Machine.IoApic.SetPinState(pin, state);
    }
}
