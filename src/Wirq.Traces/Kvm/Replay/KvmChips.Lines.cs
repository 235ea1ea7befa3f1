namespace Wirq.Traces.Kvm.Replay;

// A line's level at the 8259 pair, and at the I/OAPIC.
internal sealed partial class KvmChips
{
    private const int PinsOfPic = 8, ClockPin = 8;

    private void DrivePic(Step step)
    {
        KvmLine line = step.Cause;
        int irq = _scan.IrqOfGsi(line.Gsi);
        if (step.Result is not { } result)
        {
            Missing(step, KvmEvent.PicSetIrq, $"chip {irq / PinsOfPic} pin {irq % PinsOfPic}");
            return;
        }
        if (!result.IsOfPic)
        {
            Leave(result);
            return;
        }
        if (result.Chip * PinsOfPic + result.Pin != irq)
        {
            Part(result, $"{KvmNames.NameOf(KvmEvent.PicSetIrq)}: chip {irq / PinsOfPic} pin {irq % PinsOfPic}");
            return;
        }
        ref PicFacts facts = ref _facts.Pics[result.Chip];
        byte bit = (byte)(1 << result.Pin);
        PicPairState pair = Machine.Pic.State;
        PicState chip = result.Chip == 0 ? pair.Master : pair.Slave;
        bool known = (facts.Mask & facts.Triggers & bit) == bit;
        chip.Imr = Learn(chip.Imr, bit, result.Masked, ref facts.Mask);
        chip.Elcr = Learn(chip.Elcr, bit, result.LevelTrigger, ref facts.Triggers);
        bool masked = (chip.Imr & bit) != 0, level = (chip.Elcr & bit) != 0;
        ref LineFacts wire = ref _facts.PicLines[irq];
        wire.Drive(line.Source, line.Level);
        bool high = wire.Level ?? line.Level;
        // KVM reports a request that was pending already, unless its input is masked (i8259.c, pic_set_irq1).
        if (high && !masked)
        {
            // Without records of injections, nothing shows when a request is taken.
            known &= _scan.ShowsInta || _scan.EndsAtInjection;
            bool edgeKnown = level || (facts.Edges & bit) != 0;
            if ((facts.Requests & bit) == 0)
            {
                known = false;
                chip.Irr = (byte)(result.Coalesced ? chip.Irr | bit : chip.Irr & ~bit);
            }
            if (!edgeKnown)
            {
                known = false;
                (chip.Pins, chip.Spent) = ((byte)(chip.Pins & ~bit), (byte)(chip.Spent & ~bit));
            }
        }
        // An edge input that falls reports nothing, whoever else holds the line.
        known &= wire.Level is not null || !level && !line.Level;
        bool merges = high && !masked && (chip.Irr & bit) != 0 && (level || (chip.Spent & bit) == 0);
        Set(result.Chip, chip);
        Machine.DrivePic(irq, high);
        if (wire.Level is not null)
        {
            if (high)
                facts.Requests |= (byte)((facts.Edges & bit) != 0 || level ? bit : 0);
            else if (level)
                facts.Requests |= bit;
            facts.Edges |= bit;
        }
        else
            (facts.Edges, facts.Requests) = ((byte)(facts.Edges & ~bit), (byte)(facts.Requests & ~bit));
        if (result.Masked == masked && result.LevelTrigger == level && (result.Coalesced == merges || !known))
            Check(result, known);
        else
            Part(result, $"{KvmNames.NameOf(KvmEvent.PicSetIrq)}: chip {result.Chip} pin {result.Pin} ({(level ? "level" : "edge")}{(masked ? "|masked" : "")}){(merges ? " (coalesced)" : "")}");
    }

    /// <summary>Takes a bit over that is not known yet.</summary>
    private static byte Learn(byte register, byte bit, bool set, ref byte known)
    {
        if ((known & bit) != 0)
            return register;
        known |= bit;
        return (byte)(set ? register | bit : register & ~bit);
    }

    private void Set(int chip, in PicState state)
    {
        PicPairState pair = Machine.Pic.State;
        Machine.Pic.State = chip == 0 ? pair with { Master = state } : pair with { Slave = state };
        Machine.Pic.Master.Touch();
        Machine.Pic.Slave.Touch();
        Machine.Fabric.UpdatePic();
        Machine.Drain();
    }

    private void DrivePin(Step step)
    {
        KvmLine line = step.Cause;
        if (step.Result is not { } result)
        {
            Missing(step, KvmEvent.IoApicSetIrq, $"pin {ExpectedPin(line.Gsi)}");
            foreach (KvmLine accept in step.Accepts)
                Accept(accept);
            return;
        }
        if (result.Pin is < 0 or >= KvmMachine.Pins)
        {
            Leave(result);
            return;
        }
        bool known = IsRouteKnown(line.Gsi, result.Pin, out bool parted);
        if (parted)
        {
            Part(result, $"{KvmNames.NameOf(KvmEvent.IoApicSetIrq)}: pin {ExpectedPin(line.Gsi)}");
            return;
        }
        int number = result.Pin;
        ref PinFacts facts = ref _facts.Pins[number];
        known &= facts.Entry;
        LearnEntry(result);
        RedirectionEntry entry = Machine.IoApic.Entry(number);
        bool isLevel = entry.LevelBitSet;
        bool? before = facts.Line.Level;
        facts.Line.Drive(line.Source, line.Level);
        bool sent = step.Accepts.Count > 0;
        bool high = facts.Line.Level ?? sent;
        bool certain = known && facts.Line.Level is not null;
        if (high && before is null)
        {
            // An edge that is merged into a line that is high already, and sends nothing.
            bool was = !isLevel && result.Coalesced && !sent;
            Machine.SetPinLevel(number, was);
            certain &= isLevel;
            if (!isLevel && !was)
                facts.Line.SetRestLow();
        }
        if (high && isLevel && !entry.Masked && !facts.RemoteIrr)
        {
            SetRemoteIrr(number, !sent && !result.Coalesced);
            certain = false;
        }
        LearnEnable(step, result);
        // What a real-time clock's edge does while its last one is not ended depends on how the VMM drives it (ioapic.c, rtc_irq_check_coalesced).
        bool isClock = number == ClockPin && high && !entry.Masked;
        bool wasHigh = Machine.IoApic.IsAsserted(number);
        if (isClock && result.Coalesced && !sent)
            certain = false;
        else
            Machine.DrivePin(number, high);
        bool addressed = Machine.Accepts.TrueForAll(one => one.Known);
        bool merges = high && (!isLevel && wasHigh || Machine.Answer is { } answer && answer is not (RefusalReason.None or RefusalReason.NoDestination));
        CompareAccepts(step, certain, certain && addressed && IsAddresseeKnown(entry) && !isClock, entry.Vector);
        facts.RemoteIrr |= high && isLevel && !entry.Masked;
        // An edge pin whose line another source holds would be coalesced.
        if (!high && !isLevel && !result.Coalesced && facts.Line.Level is null)
        {
            facts.Line.SetLow();
            if (line.Gsi is >= 0 and < KvmMachine.PicLines)
                _facts.PicLines[_scan.IrqOfGsi(line.Gsi)].SetRestLow();
        }
        if (isLevel && !entry.Masked && high && !(certain && addressed))
            SetRemoteIrr(number, !result.Coalesced);
        bool judged = certain && addressed && !isClock;
        // Linux before 4.15 said so of a level that waits for its EOI, too.
        bool merged = merges == result.Coalesced || isLevel && result.Coalesced && !sent && !_scan.SawLevelAccept;
        if (!Fits(entry, result) || judged && !merged)
            Part(result, $"{KvmNames.NameOf(KvmEvent.IoApicSetIrq)}: {Text(number, entry)}{(merges ? " (coalesced)" : "")}");
        else
            Check(result, judged);
    }

    private bool IsAddresseeKnown(RedirectionEntry entry)
    {
        Machine.IoApic.MessageOf(entry).TryDecode(Machine.Options.Format, out InterruptMessage message);
        return AreAddresseesKnown(message);
    }

    private int ExpectedPin(int gsi) => gsi is >= 0 and < KvmMachine.Pins ? _pinOfGsi[gsi] >= 0 ? _pinOfGsi[gsi] : gsi == 0 ? 2 : gsi : gsi;

    /// <summary>The table of routes is in no record: a GSI leads to the pin of its number, GSI 0 to pin 2, or to the pin that it had before.</summary>
    private bool IsRouteKnown(int gsi, int pin, out bool parted)
    {
        parted = false;
        if (gsi is < 0 or >= KvmMachine.Pins)
            return false;
        bool known = _pinOfGsi[gsi] >= 0 || pin == ExpectedPin(gsi);
        if (_pinOfGsi[gsi] < 0)
            _pinOfGsi[gsi] = pin;
        parted = _pinOfGsi[gsi] != pin;
        return known;
    }

    /// <summary>One addressee whose software enable is not known: whether it took the message shows in the record of the pin.</summary>
    private void LearnEnable(Step step, KvmLine result)
    {
        if (step.Accepts is not [var only] || only.Mode > DeliveryMode.LowestPriority || CpuOf(only.Vcpu) is not (>= 0 and var cpu) || _facts.Vcpus[cpu].Enabled)
            return;
        Enable(cpu, !result.Coalesced);
    }

    private void Enable(int cpu, bool enabled)
    {
        ref ApicState apic = ref Machine.Apics.State(cpu);
        const uint enable = 1 << 8;
        if (apic.Spurious.Enabled == enabled)
            return;
        Machine.Apics.Write(cpu, (uint)ApicRegister.SpuriousVector, enabled ? apic.Spurious.Bits | enable : apic.Spurious.Bits & ~enable, Machine.Fabric.Events);
        Machine.Drain();
    }

    private void SetRemoteIrr(int pin, bool set)
    {
        IoApicPin state = Machine.IoApic.PinState(pin);
        state.Assign(PinFlags.RemoteIrr, set);
        state.Remove(PinFlags.Refused | PinFlags.InFlight);
        Machine.IoApic.SetPinState(pin, state);
    }

    /// <summary>Takes over what is not known of an entry from a record that prints it.</summary>
    private void LearnEntry(KvmLine line)
    {
        ref PinFacts facts = ref _facts.Pins[line.Pin];
        if (facts.Entry || line.Vector < 0)
            return;
        RedirectionEntry entry = Machine.IoApic.PinState(line.Pin).Entry;
        RedirectionEntry shown = RedirectionEntry.Create((byte)line.Vector, line.Destination & 0xFF, line.Mode, line.LevelTrigger, line.Logical,
            entry.ActiveLow, line.Masked);
        if (!facts.Low)
            entry = entry.WithLow(shown.Low);
        if (!facts.High)
            entry = entry.WithHigh(shown.High);
        SetEntry(line.Pin, entry);
        (facts.Low, facts.High) = (true, true);
        if (!line.LevelTrigger)
        {
            facts.RemoteIrr = true;
            SetRemoteIrr(line.Pin, false);
        }
    }

    private static bool Fits(RedirectionEntry entry, KvmLine line) => entry.Vector == line.Vector && (byte)(entry.Bits >> 56) == line.Destination && entry.Mode == line.Mode
        && entry.Logical == line.Logical && entry.LevelBitSet == line.LevelTrigger && entry.Masked == line.Masked;

    private static string Text(int pin, RedirectionEntry entry) => $"pin {pin} dst {entry.Bits >> 56:x} vec {entry.Vector} ({KvmNames.NameOf(entry.Mode)}|"
        + $"{(entry.Logical ? "logical" : "physical")}|{(entry.LevelBitSet ? "level" : "edge")}{(entry.Masked ? "|masked" : "")})";
}
