using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>Lists what a log of KVM does not show, so that "nothing is owed" cannot be concluded, and what to record instead.</summary>
internal sealed class KvmLimits(KvmSurvey survey, IReadOnlyList<VmAnswer> answers)
{
    /// <summary>Stands for the VM in a sentence. What is said of several is said once.</summary>
    private const string One = "\0";
    private const int MostNamed = 4;

    private readonly VmTrail[] _vms = [.. answers.Select(answer => answer.Trail)];

    private const string Whole = "trace-cmd record -e kvm, started before the VM";
    private const string AllThreads = "the records of all threads (perf record -a, trace-cmd without -P and -F)";
    private const string Larger = "the same with a larger buffer (trace-cmd record -b 65536 -e kvm) or with fewer events";

    private string At(Mark mark) => survey.Stamps.At(mark);

    internal IEnumerable<LimitAnswer> Enumerate()
    {
        if (survey.Counts.Records == 0)
        {
            yield return new("It has no record of KVM's tracepoints", Whole);
            yield break;
        }
        if (survey.GapCount > survey.Jumps.Count)
            yield return new(Gaps(), survey.Gaps.Any(gap => gap.Loss is KvmLoss.Dropped or KvmLoss.BufferStarted) ? Larger : "the whole log");
        if (survey.Jumps is { Count: > 0 } jumps)
        {
            yield return new($"Its times go back {Phrase.Times(jumps.Count)}, first at {At(jumps.First)}: its records are not in one order (files of several CPUs or threads one behind another, or two "
                + "recordings), so what follows another is not told", "the text of all CPUs together (the file trace, or trace-cmd report), or this one sorted by its times");
        }
        if (survey.OneCpu is { } cpu)
        {
            yield return new($"All its records are of CPU {cpu}, and the host has {survey.Counts.HostCpus}: what came on the others is not in it, or its threads kept to one", "the file trace, not that of per_cpu");
        }
        if (survey.Threadless > 0)
            yield return new($"{Of(survey.Threadless)} of its records name no thread, so which vCPU wrote a register is not told", "all columns that the tool prints");
        if (survey.LeftOut is { } left)
            yield return left.Limit;
        if (survey.TooMany || _vms.Length == KvmVms.Most || survey.VectorsLeft == 0)
            yield return new("It has more threads, VMs, vCPUs or vectors than are followed", "fewer VMs");
        foreach (IGrouping<LimitAnswer, VmTrail> limit in _vms.SelectMany(vm => OfVm(vm).Select(limit => (Vm: vm, Limit: limit))).GroupBy(pair => pair.Limit, pair => pair.Vm))
            yield return limit.Key with { What = limit.Key.What.Replace(One, KvmVm.NameOf([.. limit.Select(vm => vm.Vm)], MostNamed), StringComparison.Ordinal) };
        if (Array.TrueForAll(_vms, vm => vm.Vm.HasNoChips))
            yield break;
        string[] missing = [.. Missing()];
        KvmCounts counts = survey.Counts;
        if (counts[KvmEvent.SetIrq] + counts[KvmEvent.AcceptIrq] + counts[KvmEvent.Apic] + counts[KvmEvent.Eoi] == 0)
        {
            yield return new("It has no record of KVM's interrupt chips: they were not traced, or they are the VMM's (kernel-irqchip=off)",
                $"{Whole}; or, of QEMU, -trace 'ioapic_*' -trace 'apic_*' -trace 'pic_*' -msg timestamp=on");
        }
        else if (missing.Length > 0)
            yield return new($"It has no {string.Join(", no ", missing)}", Whole);
    }

    internal LimitAnswer[] Find() => [.. Enumerate(), .. Untold()];

    /// <summary>What makes the verdict stands among the limits. What only the end cuts off has a gate of its own, and no other recording shows
    /// more of it.</summary>
    private IEnumerable<LimitAnswer> Untold()
    {
        KvmOwedAnswer[] untold = [.. answers.SelectMany(answer => answer.Unknown).Where(one => one.Gate == KvmGate.NotKnown)];
        if (untold.Length > 0)
            yield return new($"It does not tell what became of {Phrase.Count(untold.Length, "interrupt")}, the first of {untold[0].Source} at {At(untold[0].At)}", Whole);
    }

    private string Of(long count) => count == survey.Counts.Records + survey.GapCount ? "All" : count.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private string Gaps()
    {
        KvmGap first = survey.Gaps.FirstOrDefault(gap => gap.Loss != KvmLoss.WentBack) ?? survey.Gaps[0];
        string places = survey.GapCount == 1 ? $"at {At(first.At)}" : $"at {Phrase.Count(survey.GapCount, "place")}, first at {At(first.At)}, last at {At(survey.LastGap!.At)}";
        string count = survey.LostRecords > 0 ? $"{survey.LostRecords} records are" : "records are";
        string what = first.Loss switch
        {
            KvmLoss.CutOut => $"Lines were cut out {places}",
            KvmLoss.CutEnd => $"Records are damaged or incomplete {places}",
            KvmLoss.BufferStarted => $"The records of CPU {first.Cpu} begin only {places}: those before are missing",
            _ => $"Lost: {count} missing {places}",
        };
        return $"{what}; what was pending or known before that may have changed";
    }

    private IEnumerable<LimitAnswer> OfVm(VmTrail vm)
    {
        bool several = _vms.Length > 1;
        string name = several ? $"The log of {One}" : "It";
        if (vm.Vm.HasNoChips)
        {
            yield return new($"{(several ? $"All chips of {One}" : "All chips")} are the VMM's (kernel-irqchip=off; its HLT exits to it): KVM has the injections alone, and nothing of what was raised, "
                + "accepted or ended", "with QEMU -trace 'ioapic_*' -trace 'apic_*' -trace 'pic_*' -msg timestamp=on; with wirq boot --record");
            yield break;
        }
        if (!vm.FromStart)
            yield return new($"{name} begins in mid-life: what was pending, masked or in service before is not known", Whole);
        if (vm.IsSplit)
        {
            yield return new($"{(several ? $"The I/OAPIC of {One}" : "The I/OAPIC")} is the VMM's (split irqchip){(vm.Vm.EoiExits ? "" : ", or its records were not traced")}: what waits or is masked at its pins is in no record of KVM",
                "with QEMU also -trace 'ioapic_*' -trace 'kvm_irqchip_*' -msg timestamp=on");
        }
        if (!vm.ShowsTaking && vm.Vcpus.Any(vcpu => vcpu.Counts.Values.Any(count => count.Accepts > 0)) && vm.Posted is null)
            yield return new($"{name} shows no vector taken: no kvm_inj_virq, and no EOI of a vector that is no pin's, so APICv or AVIC may be at work", Whole);
        if (vm.Posted is { } posted)
            yield return new($"The processor delivers interrupts to vCPUs itself (APICv or AVIC, as at {At(posted)}): what it takes and ends is in no record", "with enable_apicv=0 of kvm_intel, avic=0 of kvm_amd");
        if (vm.Vcpus.FirstOrDefault(vcpu => vcpu.IsMissing) is { } missing)
        {
            yield return new($"{name} has no record of the thread of vCPU {missing.Index}, which was started at {At(missing.Started!.Value)}: what it took and ended is not told",
                AllThreads);
        }
        foreach (LimitAnswer limit in Unmatched(vm, name))
            yield return limit;
        if (vm.Unanswered > 0 && (vm.HasKernelChips || vm.HasMessages))
        {
            yield return new($"{name} has {Phrase.Count(vm.Unanswered, "rise")} of lines, first at {At(vm.FirstUnanswered)}, that no record of a chip or a message answers: the GSI has no route, or records are not in it",
                Whole);
        }
        if (vm.ForeignAccepts > 0)
        {
            yield return new($"{Phrase.Count(vm.ForeignAccepts, "accept line")}, first at {At(vm.FirstForeign)}, came on threads of the kernel and may be of {(several ? "one of these VMs" : "this VM")} or another (other-vm)",
                "one VM alone on the host");
        }
        if (vm.ForeignSends > 0)
        {
            yield return new($"{Phrase.Count(vm.ForeignSends, "message")} on threads of the kernel that no vCPU accepted, first at {At(vm.FirstForeignSend)}, may be of {(several ? "one of these VMs" : "this VM")} (other-vm)",
                "one VM alone on the host");
        }
        if (vm.ForeignPins > 0)
        {
            yield return new($"{Phrase.Count(vm.ForeignPins, "line")} of chips driven by threads of the kernel, first at {At(vm.FirstForeignPin)}, may be of {One} or another (other-vm)",
                "one VM alone on the host");
        }
        if (vm.Vm.Guessed)
            yield return new($"Which threads are of {One} is guessed from their numbers", "trace-cmd record with -o record-tgid, or perf script -F comm,pid,tid,cpu,time,event,trace");
    }

    /// <summary>What ended must have begun: if it did not begin here, records of some threads are not in the log.</summary>
    private IEnumerable<LimitAnswer> Unmatched(VmTrail vm, string name)
    {
        if (!vm.FromStart || survey.Gaps.Count > 0)
            yield break;
        if (vm.EndedUnraised is { } input)
            yield return new($"{name} ends {input.Name} {Phrase.Times(input.Acknowledged)} and raises it {Phrase.Times(input.Raises)}: the records of some thread are not in it", AllThreads);
        foreach (VcpuTrail vcpu in vm.Vcpus)
        {
            foreach ((int vector, VectorCount count) in vcpu.Counts.Where(pair => pair.Value.Ends > pair.Value.Accepts && survey.Counts[KvmEvent.AcceptIrq] > 0).Take(1))
                yield return new($"{name} ends vector 0x{vector:x2} at vCPU {vcpu.Index} {Phrase.Times(count.Ends)} and accepts it {Phrase.Times(count.Accepts)}: some accept lines are not in it", AllThreads);
        }
    }

    /// <summary>Events that a fault would have shown in.</summary>
    private IEnumerable<string> Missing()
    {
        KvmCounts counts = survey.Counts;
        bool pins = _vms.Any(vm => vm.HasKernelChips), messages = _vms.Any(vm => vm.HasMessages);
        if (counts[KvmEvent.SetIrq] == 0)
            yield return "kvm_set_irq (a line's level)";
        if (!pins && !messages)
            yield return "kvm_ioapic_set_irq, kvm_pic_set_irq or kvm_msi_set_irq (what a chip made of it)";
        else if (pins && (counts[KvmEvent.PicSetIrq] == 0 || counts[KvmEvent.IoApicSetIrq] == 0))
            yield return counts[KvmEvent.PicSetIrq] == 0 ? "kvm_pic_set_irq" : "kvm_ioapic_set_irq";
        bool sends = messages || counts[KvmEvent.ApicIpi] > 0 && counts[KvmEvent.Eoi] > 0 && !PicAlone() || _vms.Any(vm => vm.Pins.Any(pin => pin.Programmed));
        if (sends && counts[KvmEvent.AcceptIrq] == 0)
            yield return "kvm_apic_accept_irq (what a local APIC accepts)";
        if (counts[KvmEvent.ApicIpi] == 0 && _vms.Any(vm => vm.WritesCommand))
            yield return "kvm_apic_ipi (what a vCPU sends)";
        if (counts[KvmEvent.Eoi] == 0)
            yield return "kvm_eoi (what a guest ended)";
        if (counts[KvmEvent.Apic] == 0)
            yield return "kvm_apic (a local APIC's registers)";
        // An edge's EOI need not reach the I/OAPIC.
        if (counts[KvmEvent.AckIrq] == 0 && _vms.Any(vm => vm.Pins.Any(pin => pin is { Level: true, Deliveries: > 0 }) || vm.Pic.Inputs.Any(input => input.Injected > 0)))
            yield return "kvm_ack_irq (which pin an EOI reached)";
        if (counts[KvmEvent.Entry] > 0 && counts[KvmEvent.InjectIrq] == 0)
            yield return "kvm_inj_virq (what KVM injected)";
    }

    /// <summary>A guest of firmware alone: every interrupt came through the 8259.</summary>
    private bool PicAlone() => _vms.All(vm => vm.Pic.Inputs.Any(input => input.Acknowledged > 0) && !vm.Pins.Any(pin => pin.Programmed));
}
