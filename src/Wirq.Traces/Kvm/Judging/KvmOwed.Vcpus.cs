using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

// What is owed at a vCPU, and messages that reached none.
internal sealed partial class KvmOwed
{
    private void AtVcpu(Accepted pending, VcpuTrail vcpu)
    {
        if (pending.Foreign)
        {
            _unknown.Add(new(pending.Source ?? KvmOwedAnswer.Untold, Fate.NotKnown, KvmGate.OtherVm, pending.At, null, vcpu.Index, pending.Vector,
                [$"Vector {Hex(pending.Vector)}{Of(pending)} was accepted by a vCPU {vcpu.Index} at {At(pending.At)} on a thread of the kernel, and no record of this VM ends it: "
                    + "it may be this VM's, or that of another."], [new("accepted", pending.At)]));
            return;
        }
        // Firmware leaves entries with vector 0 open; KVM takes what it never delivers.
        if (pending.Vector == 0)
            return;
        if (!vm.ShowsTaking || vm.Posted is not null || vcpu.IsMissing)
        {
            string hidden = vcpu.IsMissing ? $"it was started at {At(vcpu.Started!.Value)}, and the records of its thread are not in the log"
                : vm.Posted is { } posted ? $"the processor delivers interrupts to this vCPU itself (APICv or AVIC, as at {At(posted)})"
                : "the log shows no injection (kvm_inj_virq), and no EOI of a vector that is no pin's: APICv or AVIC may deliver and end them, or they were not traced";
            _unknown.Add(new(pending.Source ?? KvmOwedAnswer.Untold, Fate.NotKnown, KvmGate.NotKnown, pending.At, null, vcpu.Index, pending.Vector,
                [$"Vector {Hex(pending.Vector)}{Of(pending)} was accepted by vCPU {vcpu.Index} at {At(pending.At)}. Whether it was taken or ended is not told: {hidden}."],
                [new("accepted", pending.At)]));
            return;
        }
        (KvmGate gate, Mark? since, string why) = Gate(pending, vcpu);
        string taken = ShowsInjection ? "and not taken"
            : "and not ended; whether it was taken is not told, for kvm_inj_virq was not traced";
        string merges = pending.Merges > 0 ? $" {pending.Merges} more came and merged into it." : "";
        var evidence = new List<Evidence> { new("accepted", pending.At) };
        if (since is { } place)
            evidence.Add(new("gate closed", place));
        if (vcpu.LastEntry is { } entry && entry.Event > pending.At.Event)
            evidence.Add(new("entered last", entry));
        Add(new(pending.Source ?? KvmOwedAnswer.Untold, Fate.Pending, gate, pending.At, since, vcpu.Index, pending.Vector,
            [$"Vector {Hex(pending.Vector)}{Of(pending)} was accepted by vCPU {vcpu.Index} at {At(pending.At)} {taken}.", $"{why}{merges}"], evidence),
            pending.Epoch, vcpu, mayBeCut: true);
    }

    /// <summary>What a vCPU has taken stands in the log.</summary>
    private bool ShowsInjection => survey.EndsAtInjection || survey.Counts[KvmEvent.InjectIrq] > 0;

    private (KvmGate Gate, Mark? Since, string Why) Gate(Accepted pending, VcpuTrail vcpu)
    {
        (KvmGate gate, Mark? since, int by) = vcpu.GateOf(pending.Vector, epoch);
        // Without injections it may have been taken before that gate closed.
        if (!ShowsInjection && gate != KvmGate.IllegalVector && !(since?.Event < pending.At.Event))
            return (KvmGate.NotKnown, null, "So whether it waits, or is in service, is not told.");
        switch (gate)
        {
            case KvmGate.IllegalVector:
                return (gate, since, "A vector below 0x10 is illegal: KVM stores it, and never delivers it, for its class is not above any priority.");
            case KvmGate.VectorInService:
                return (gate, since, $"Vector {Hex(by)}, of the same class or above, is in service there since {At(since!.Value)}: no EOI has come.");
            case KvmGate.TaskPriority:
                return (gate, since, $"TPR of vCPU {vcpu.Index} is 0x{vcpu.Known((int)ApicRegister.TaskPriority, epoch)!.Value.Value:x2} since {At(since!.Value)}, and holds it back, "
                    + "unless CR8 changed it later, which no record shows.");
            case KvmGate.NotKnown:
                string enabled = vcpu.Disabled(epoch) is { } spiv ? $"Its local APIC is software-disabled since {At(spiv.At)} (SPIV = 0x{spiv.Value:x}); whether it was before is not told"
                    : "Whether its local APIC is enabled is not told (no record of its SPIV)";
                return (gate, since, $"{enabled}: a disabled one refuses what it says it accepts. "
                    + "Nor is told whether interrupts are enabled (IF).");
        }
        string open = Open(vcpu);
        long entered = vcpu.Entries - pending.Entries;
        if (entered > 0 && survey.Counts[KvmEvent.InjectIrq] > 0)
        {
            return (KvmGate.NotInjected, null, $"vCPU {vcpu.Index} entered the guest {Phrase.Times(entered)} after that, and KVM did not inject it: "
                + $"nothing visible forbids it{open}; what is left is the guest's interrupt flag or a shadow{Unknown(vcpu)}, and no record tells it.");
        }
        string entries = survey.Counts[KvmEvent.Entry] == 0 ? "" : entered == 0 ? $" It has not entered the guest since{Exit(vcpu)}."
            : " That KVM injected it would be told by kvm_inj_virq, of which the log has none.";
        return (KvmGate.CpuUnknown, null, $"Nothing visible forbids it{open}; whether interrupts are enabled (IF) is not known{Unknown(vcpu)}.{entries}");
    }

    private string Exit(VcpuTrail vcpu) => vcpu.LastExit is { } exit ? $": it left at {At(exit.At)}{(exit.Exit == KvmExit.Halt ? " by HLT" : "")}" : "";

    /// <summary>What the log does not tell although others do.</summary>
    private string Unknown(VcpuTrail vcpu)
    {
        string priority = vcpu.Known((int)ApicRegister.TaskPriority, epoch) is null ? ", or TPR" : "";
        string service = survey.Counts[KvmEvent.Eoi] == 0 ? ", or a vector in service (kvm_eoi was not traced)" : !vm.FromStart && !survey.EndsAtInjection ? ", or a vector in service since before the log" : "";
        return priority + service;
    }

    /// <summary>What is known to be open: only what the log tells.</summary>
    private string Open(VcpuTrail vcpu)
    {
        var facts = new List<string>();
        if (vcpu.Known((int)ApicRegister.TaskPriority, epoch) is { } priority)
            facts.Add($"TPR is 0x{priority.Value:x2}");
        if (survey.EndsAtInjection || vm.FromStart && epoch == 0 && survey.Counts[KvmEvent.InjectIrq] > 0 && survey.Counts[KvmEvent.Eoi] > 0)
            facts.Add("nothing is in service");
        if (vcpu.SoftwareEnabled(epoch) == true)
            facts.Add("the local APIC is enabled");
        if (vcpu.Disabled(epoch) is { } spiv)
            facts.Add($"the local APIC is software-disabled since {At(spiv.At)}, which keeps what it had accepted");
        return facts.Count == 0 ? "" : $" ({string.Join(", ", facts)})";
    }

    private void Refused(Accepted refused, VcpuTrail vcpu)
    {
        KvmFact? spiv = vcpu.Disabled(epoch);
        string still = spiv is null ? " It has been enabled since: too late." : "";
        Mark since = spiv?.At ?? refused.At;
        Add(new(refused.Source ?? KvmOwedAnswer.Untold, Fate.Refused, KvmGate.RefusedByApic, refused.At, since, vcpu.Index, refused.Vector,
            [$"Vector {Hex(refused.Vector)}{Of(refused)} was refused by vCPU {vcpu.Index} at {At(refused.At)}, although an accept line is printed.",
                spiv is { } known ? $"Its local APIC is software-disabled since {At(known.At)} (SPIV = 0x{known.Value:x})." : $"Its local APIC was software-disabled then.{still}"],
            [new("sent", refused.At), new("disabled", since)]), refused.Epoch, vcpu, mayBeCut: false);
    }

    private void InService(int vector, Mark at, int known, VcpuTrail vcpu)
    {
        var answer = new KvmOwedAnswer(vm.PinOf(vector, level: true)?.Name ?? KvmOwedAnswer.Untold, Fate.InService, KvmGate.NoEoi, at, at, vcpu.Index, vector,
            [$"Vector {Hex(vector)} is in service at vCPU {vcpu.Index} since {At(at)}: no EOI has come."], [new("injected", at)]);
        string? hidden = survey.Counts[KvmEvent.Eoi] == 0 ? "kvm_eoi was not traced"
            : vm.Posted is { } posted ? $"the processor ends interrupts itself (APICv or AVIC, as at {At(posted)})" : null;
        if (hidden is null)
            Add(answer, known, vcpu, mayBeCut: true);
        else
            NotTold(answer, $"Vector {Hex(vector)} was injected at vCPU {vcpu.Index} at {At(at)}; whether it was ended is not told: {hidden}.");
    }

    /// <summary>What would decide it is not in the log.</summary>
    private void NotTold(KvmOwedAnswer answer, string sentence) =>
        _unknown.Add(answer with { Fate = Fate.NotKnown, Gate = KvmGate.NotKnown, Since = null, Sentences = [sentence] });

    private void MissingExit(int vector, Mark at, int known, VcpuTrail vcpu)
    {
        // Without any such exit in the log, exits to the VMM may not have been traced, or the vector was no pin's.
        bool traced = survey.Counts[KvmEvent.UserspaceExit] > 0;
        PinState? pin = vm.PinOf(vector, level: true);
        bool later = vcpu.LastSign is { } sign && sign.Event > at.Event || vcpu.LastEntry is { } entry && entry.Event > at.Event;
        string source = pin?.Name ?? KvmOwedAnswer.Untold;
        var answer = new KvmOwedAnswer(source, Fate.Held, KvmGate.EoiExitMissing, at, at, vcpu.Index, vector,
            [$"Vector {Hex(vector)} of {(pin is null ? "a level" : pin.Name)} was ended by vCPU {vcpu.Index} at {At(at)}, and no exit KVM_EXIT_IOAPIC_EOI (26) told the VMM: "
                + "its I/OAPIC still waits for that EOI (Remote IRR), and sends the pin no more."], [new("EOI", at)]);
        if (traced && later && vm.Vm.EoiExits)
            Add(answer, known, vcpu, mayBeCut: true);
        else
        {
            _unknown.Add(answer with
            {
                Fate = Fate.NotKnown,
                Gate = traced ? KvmGate.EoiExitMissing : KvmGate.NotKnown,
                Sentences = [$"Vector {Hex(vector)} was ended by vCPU {vcpu.Index} at {At(at)}; whether the VMM's I/OAPIC heard of it is not told"
                    + (traced ? "." : ": kvm_userspace_exit was not traced.")],
            });
        }
    }

    private void Nobody(LostMessage lost)
    {
        OpenMessage message = lost.Message;
        // The vector of an NMI counts for nothing (Intel SDM 3A, 10.6.1).
        string carried = message.Mode == DeliveryMode.Nmi ? "an NMI" : $"vector {Hex(message.Vector)}";
        string what = lost.IsIpi ? $"IPI with {carried}{(lost.Sender >= 0 ? $" of vCPU {lost.Sender}" : "")}" : $"Message with {carried}";
        string to = message.Shorthand switch
        {
            DestinationShorthand.Self => "its sender",
            DestinationShorthand.AllIncludingSelf => "all vCPUs",
            DestinationShorthand.AllExcludingSelf => "all vCPUs but its sender",
            _ => message.Logical ? $"logical destination 0x{message.Destination:x}" : $"APIC id {message.Destination}",
        };
        string times = lost.Count > 1 ? $", and {lost.Count - 1} more, the last at {At(lost.Last)}" : "";
        string pin = vm.PinOf(message.Vector, message.Level)?.Name is { } name && !lost.IsIpi ? name : lost.IsIpi ? "an IPI" : "a message";
        var answer = new KvmOwedAnswer(pin, Fate.Refused, KvmGate.NoDestination, lost.Last, message.At, -1, message.Vector,
            [$"{what} to {to} at {At(message.At)}{times}: no vCPU accepted it" + (message.Logical ? "." : ", and no vCPU of this log has that id.")],
            [new("sent", message.At)]) { Lost = lost };
        if (lost.Doubted || !vm.IsToNobody(message))
        {
            _unknown.Add(answer with
            {
                Fate = Fate.NotKnown,
                Gate = KvmGate.NotKnown,
                Sentences = [$"{what} to {to} at {At(message.At)}{times}: no accept line follows. Whether it was sent, or a route was only looked at, is not told"
                    + (survey.Counts[KvmEvent.AcceptIrq] == 0 ? ": kvm_apic_accept_irq was not traced." : ".")],
            });
        }
        else
            Add(answer, lost.Epoch, null, mayBeCut: false);
    }
}
