namespace Wirq.Traces.Kvm.Replay;

// What vCPUs take and end.
internal sealed partial class KvmChips
{
    private const int LowestVector = 16;

    /// <summary>A vCPU takes a vector: the highest that is pending, of the 8259 first.</summary>
    private void Inject(Step step)
    {
        KvmLine line = step.Cause;
        int cpu = CpuOf(step.Vcpu);
        if (cpu < 0 || line.Vector is < 0 or > 255)
        {
            Leave(line);
            return;
        }
        ref ApicState apic = ref Machine.Apics.State(cpu);
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        if (line.Reinjected)
        {
            // The last entry was left before the guest had taken its vector.
            if (facts.Given > 0 && facts.Given - 1 != line.Vector)
                Part(line, $"{KvmNames.NameOf(KvmEvent.InjectIrq)}: IRQ 0x{facts.Given - 1:x} [reinjected]");
            else
                Check(line, facts.Given > 0);
            return;
        }
        facts.Given = (short)(line.Vector + 1);
        if (TryInta(line, cpu))
            return;
        bool pending = apic.Irr.Has(line.Vector), known = !facts.UnknownRequests.Has(line.Vector);
        if (pending)
            Taken(line, cpu, known);
        else if (apic.Irr.Highest >= LowestVector && known && IsPicKnown || known && IsPicKnown && _scan.IsWhole && _scan.IsFed(step.Vcpu, line.Vector))
            Part(line, apic.Irr.Highest < LowestVector ? "nothing to inject: no vector is pending" : $"{KvmNames.NameOf(KvmEvent.InjectIrq)}: IRQ 0x{apic.Irr.Highest:x}");
        else
        {
            // Of a VMM's 8259, or of an 8259 of which too little is known: it may not be in service here.
            Leave(line);
            ForgetRequests();
            facts.UnknownService.Add(line.Vector);
            return;
        }
        if (Machine.Observed is not null)
            LocalApics.ObserveTaken(cpu, line.Vector, spurious: false, Machine.Fabric.Events);
        // It is above everything that is in service, so the rest of its class and above is not.
        NotInService(ref facts, line.Vector & 0xF0);
        facts.UnknownRequests.Remove(line.Vector);
        apic.Irr.Remove(line.Vector);
        apic.Isr.Add(line.Vector);
        apic.UpdatePriority();
    }

    /// <summary>Whether all vectors of the 8259 pair are known; those of a VMM's never are.</summary>
    private bool IsPicKnown => !Machine.IsSplit && _facts.Pics[0].Modes && _facts.Pics[1].Modes;

    private void Taken(KvmLine line, int cpu, bool known)
    {
        ref ApicState apic = ref Machine.Apics.State(cpu);
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        int highest = apic.Irr.Highest, service = apic.Isr.Highest;
        if (!known || facts.UnknownRequests.Has(highest) || service >= 0 && facts.UnknownService.Has(service))
            Leave(line);
        else if (highest != line.Vector)
            Part(line, $"{KvmNames.NameOf(KvmEvent.InjectIrq)}: IRQ 0x{highest:x}, which is above it");
        else if (service >= (line.Vector & 0xF0))
            Part(line, $"nothing to inject: 0x{service:x} is in service");
        else
            Check(line, known: true);
    }

    /// <summary>The vector of the 8259 pair goes first (irq.c, kvm_cpu_get_interrupt).</summary>
    private bool TryInta(KvmLine line, int cpu)
    {
        if (Machine.IsSplit || !Machine.Pic.Intr)
            return false;
        int irq = Machine.Pic.State.Output.Requested;
        if (irq >= KvmMachine.PicLines)
            return false;
        PicState chip = StateOf(irq / PinsOfPic);
        if (new Icw2(chip.Icw2).Vector(irq % PinsOfPic) != line.Vector)
            return false;
        Machine.Fabric.Inta(cpu);
        Machine.Drain();
        Check(line, IsPicKnown);
        if (!IsPicKnown)
            ForgetRequests();
        return true;
    }

    /// <summary>A vCPU may have run INTA, and taken any request of the 8259 pair.</summary>
    private void ForgetRequests() => (_facts.Pics[0].Requests, _facts.Pics[1].Requests) = (0, 0);

    private static void NotInService(ref VcpuFacts facts, int from)
    {
        while (facts.UnknownService.Highest is >= 0 and int vector && vector >= from)
            facts.UnknownService.Remove(vector);
    }

    private void End(Step step)
    {
        int cpu = CpuOf(step.Result?.Vcpu ?? step.Vcpu);
        if (cpu < 0)
        {
            Leave(step.Result ?? step.Cause);
            return;
        }
        ref ApicState apic = ref Machine.Apics.State(cpu);
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        int vector = apic.Isr.Highest;
        if (step.Result is not { } line)
        {
            if (facts.UnknownService.Highest <= vector)
                Missing(step, KvmEvent.Eoi, $"vCPU {VcpuText(cpu)} ends vector {vector}");
        }
        else
        {
            if (_scan.EndsAtInjection)
                TakeAtEnd(step, line, cpu);
            else
                CompareEnd(line, cpu);
            NotInService(ref facts, line.Vector);
            // What it ends is in service, whatever was known.
            if (line.Vector >= 0 && apic.Isr.Highest != line.Vector && (vector < 0 || _findings[^1].Verdict == Wirq.Traces.Replay.ResponseVerdict.Unchecked))
                apic.Isr.Add(line.Vector);
            apic.UpdatePriority();
            vector = apic.Isr.Highest;
        }
        PrepareEnd(step, vector);
        int held = HoldStorm(step, vector);
        if (Machine.Apics.Base(cpu).Mode == ApicMode.X2Apic)
            Machine.Fabric.WriteMsr(cpu, ApicMsr.Of(ApicRegister.Eoi), 0);
        else
            Machine.Apics.Write(cpu, (uint)ApicRegister.Eoi, 0, Machine.Fabric.Events);
        bool wasKnown = AreEntriesKnown(), all = step.Acks.TrueForAll(ack => ack.Pin is >= 0 and < KvmMachine.Pins && ack.Chip == KvmFields.IoApicChip && IsPinKnown(ack.Pin));
        Machine.Drain();
        if (!Machine.IsSplit)
            CompareEnds(step, vector, wasKnown, all, held);
    }

    private void CompareEnd(KvmLine line, int cpu)
    {
        ref ApicState apic = ref Machine.Apics.State(cpu);
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        int predicted = apic.Isr.Highest;
        bool known = facts.UnknownService.Highest <= predicted;
        // Without records of injections (APICv, AVIC, or not traced): it was taken, if it was pending.
        if (!_scan.ShowsTaking)
        {
            if (line.Vector >= 0)
            {
                apic.Irr.Remove(line.Vector);
                facts.UnknownRequests.Add(line.Vector);
                apic.Isr.Add(line.Vector);
            }
            Leave(line);
        }
        else if (line.Vector == predicted)
            Check(line, known);
        else if (line.Vector >= 0 && facts.UnknownService.Has(line.Vector) && line.Vector > predicted || predicted < 0 && (!known || !_scan.IsFed(line.Vcpu, line.Vector)))
            Leave(line);
        else
            Part(line, EndText(cpu, predicted));
    }

    private string EndText(int cpu, int vector) => $"{KvmNames.NameOf(KvmEvent.Eoi)}: apicid {VcpuText(cpu)} vector {vector}";

    /// <summary>A host that ends an interrupt as it injects it: the vector is the highest that is pending, and nothing is ever in service.</summary>
    private void TakeAtEnd(Step step, KvmLine line, int cpu)
    {
        ref ApicState apic = ref Machine.Apics.State(cpu);
        ref VcpuFacts facts = ref _facts.Vcpus[cpu];
        facts.UnknownService = apic.Isr = default;
        if (line.Vector < 0)
        {
            // Injecting what the 8259 gives ends nothing at the local APIC.
            if (!step.ByGuest && !IsPicKnown)
                ForgetRequests();
            if (!step.ByGuest && step.Write is not null && !Machine.IsSplit && Machine.Pic.Intr && cpu == 0)
            {
                Machine.Fabric.Inta(cpu);
                Machine.Drain();
            }
            Check(line, known: true);
            return;
        }
        int highest = apic.Irr.Highest;
        bool known = !facts.UnknownRequests.Has(line.Vector) && (highest < 0 || !facts.UnknownRequests.Has(highest));
        if (highest == line.Vector)
            Check(line, known);
        else if (known && (highest >= LowestVector || _scan.IsWhole && _scan.IsFed(line.Vcpu, line.Vector)))
            Part(line, highest < LowestVector ? $"{EndText(cpu, -1)}: no vector is pending" : EndText(cpu, highest));
        else
            Leave(line);
        facts.UnknownRequests.Remove(line.Vector);
        if (_findings[^1].Verdict == Wirq.Traces.Replay.ResponseVerdict.Mismatched)
            return;
        if (Machine.Observed is not null)
            LocalApics.ObserveTaken(cpu, line.Vector, spurious: false, Machine.Fabric.Events);
        apic.Irr.Remove(line.Vector);
        apic.Isr.Add(line.Vector);
    }

    /// <summary>What is not known of the pins of a vector is chosen so that it fits.</summary>
    private void PrepareEnd(Step step, int vector)
    {
        if (Machine.IsSplit || vector < 0)
            return;
        bool sent = step.Accepts.Exists(accept => accept.Vector == vector && accept.LevelTrigger);
        foreach (KvmLine ack in step.Acks)
        {
            if (ack.Chip != KvmFields.IoApicChip || ack.Pin is < 0 or >= KvmMachine.Pins)
                continue;
            ref PinFacts facts = ref _facts.Pins[ack.Pin];
            RedirectionEntry entry = Machine.IoApic.Entry(ack.Pin);
            if (!facts.Low || entry.Vector != vector)
                continue;
            if (facts.Line.Level is null)
                Machine.SetPinLevel(ack.Pin, sent);
            if (!facts.RemoteIrr && entry.LevelBitSet)
                SetRemoteIrr(ack.Pin, true);
        }
    }

    private bool AreEntriesKnown()
    {
        foreach (ref readonly PinFacts pin in _facts.Pins.AsSpan())
        {
            if (!pin.Entry)
                return false;
        }
        return true;
    }

    /// <summary>KVM acknowledges every pin that has the vector, and then serves those that are level-triggered (ioapic.c, kvm_ioapic_update_eoi_one).</summary>
    private void CompareEnds(Step step, int vector, bool allKnown, bool arePinsKnown, int held)
    {
        bool heard = Machine.Heard;
        foreach (KvmLine ack in step.Acks)
        {
            if (ack.Chip != KvmFields.IoApicChip || ack.Pin is < 0 or >= KvmMachine.Pins)
            {
                Leave(ack);
                continue;
            }
            RedirectionEntry entry = Machine.IoApic.Entry(ack.Pin);
            ref PinFacts facts = ref _facts.Pins[ack.Pin];
            bool known = facts.Entry && (heard || allKnown && IsVectorKnown(vector));
            if (heard && entry.Vector == vector)
                Check(ack, known);
            // No record shows what else makes KVM follow a vector: a listener (the PIT, a resample, a device that is passed through), and a scan of
            // the entries while the vector was pending.
            else if (known && entry.Vector != vector)
                Part(ack, $"no acknowledge of this pin: its entry has vector {entry.Vector}, and vector {vector} ended");
            else
                Leave(ack);
            if (!heard && entry.LevelBitSet)
                SetRemoteIrr(ack.Pin, step.Accepts.Exists(accept => accept.Vector == entry.Vector && accept.LevelTrigger));
        }
        for (int pin = 0; pin < KvmMachine.Pins && heard; pin++)
        {
            RedirectionEntry entry = Machine.IoApic.Entry(pin);
            if (entry.Vector != vector || !_facts.Pins[pin].Entry || !IsVectorKnown(vector) || step.Acks.Exists(ack => ack.Chip == KvmFields.IoApicChip && ack.Pin == pin))
                continue;
            if (allKnown || entry.LevelBitSet)
                Missing(step, KvmEvent.AckIrq, $"irqchip {KvmLine.ChipName(KvmFields.IoApicChip)} pin {pin}");
        }
        CompareBrake(step, vector, held);
        CompareAccepts(step, known: true, arePinsKnown && IsVectorKnown(vector), vector);
        LearnFromEnd(step, vector);
    }

    /// <summary>Whether every entry of a vector has addressees that are known: only their EOIs reach the I/OAPIC.</summary>
    private bool IsVectorKnown(int vector)
    {
        for (int pin = 0; pin < KvmMachine.Pins; pin++)
        {
            if (Machine.IoApic.Entry(pin).Vector != vector)
                continue;
            if (!_facts.Pins[pin].Entry || !IsAddresseeKnown(Machine.IoApic.Entry(pin)))
                return false;
        }
        return true;
    }

    /// <summary>A level pin that is served at its EOI and sends nothing has a line that is low.</summary>
    private void LearnFromEnd(Step step, int vector)
    {
        foreach (KvmLine ack in step.Acks)
        {
            if (ack.Chip != KvmFields.IoApicChip || ack.Pin is < 0 or >= KvmMachine.Pins)
                continue;
            ref PinFacts facts = ref _facts.Pins[ack.Pin];
            RedirectionEntry entry = Machine.IoApic.Entry(ack.Pin);
            if (!facts.Low || entry.Vector != vector || !entry.LevelBitSet)
                continue;
            bool sent = step.Accepts.Exists(accept => accept.Vector == vector && accept.LevelTrigger);
            facts.RemoteIrr = true;
            if (facts.Line.Level is null && !sent && !entry.Masked && step.Braked is null && !step.IsCut)
                facts.Line.SetLow();
        }
    }
}
