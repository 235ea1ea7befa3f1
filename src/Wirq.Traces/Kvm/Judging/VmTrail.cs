using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>A message that no local APIC accepted.</summary>
internal sealed class LostMessage
{
    internal required OpenMessage Message { get; init; }
    internal required bool IsIpi { get; init; }
    internal required int Sender { get; init; }
    internal required int Epoch { get; init; }
    /// <summary>It stands among others without accept lines: it was sent, or its route was only looked at.</summary>
    internal bool Doubted { get; init; }
    internal Mark Last { get; set; }
    internal long Count { get; set; } = 1;
}

/// <summary>What a log tells of one VM: its vCPUs, its chips, and what was sent and lost.</summary>
internal sealed partial class VmTrail(KvmVm vm, KvmSurvey survey)
{
    internal const int PinCount = 24;
    private const int MostLost = 256, MostVcpus = 1 << 14;
    /// <summary>What all VMs may have.</summary>
    private const int MostVcpusOfAll = 1 << 15;

    private readonly SortedDictionary<int, VcpuTrail> _vcpus = [];
    private readonly Dictionary<(uint, int, bool), LostMessage> _lost = [], _doubted = [];
    private int _select = -1;

    internal KvmVm Vm => vm;
    /// <summary>Sees what becomes of the records; null for nobody.</summary>
    internal IKvmWatcher? Watcher { get; init; }
    internal IEnumerable<VcpuTrail> Vcpus => _vcpus.Values;
    internal PinState[] Pins { get; } = [.. Enumerable.Range(0, PinCount).Select(pin => new PinState(pin))];
    internal PicState Pic { get; } = new();
    internal IEnumerable<LostMessage> Lost => _lost.Values;
    /// <summary>Messages of which it is not known whether they were sent.</summary>
    internal IEnumerable<LostMessage> Doubted => _doubted.Values;
    /// <summary>Its last record.</summary>
    internal Mark End { get; private set; }
    internal Mark Begin { get; private set; }
    /// <summary>The log shows the beginning of the VM: a vCPU's first TSC offset, or its reset vector.</summary>
    internal bool FromStart { get; private set; }
    /// <summary>KVM has the I/OAPIC; the VMM has it where messages come, and no pin of KVM's.</summary>
    internal bool HasKernelChips { get; private set; }
    internal bool HasMessages { get; private set; }
    /// <summary>A vCPU wrote its command register: it sent an IPI.</summary>
    internal bool WritesCommand { get; private set; }
    /// <summary>The processor posts interrupts to its vCPUs, and ends them (APICv, AVIC): the last record that says so.</summary>
    internal Mark? Posted { get; private set; }
    internal long ForeignAccepts { get; set; }
    internal Mark FirstForeign { get; set; }
    /// <summary>Messages of the kernel's threads that no vCPU accepted, and pins that such threads drove: they may be this VM's.</summary>
    internal long ForeignSends { get; set; }
    internal Mark FirstForeignSend { get; set; }
    internal long ForeignPins { get; set; }
    internal Mark FirstForeignPin { get; set; }
    private bool _acted, _created;

    internal bool IsSplit => !HasKernelChips && (HasMessages || vm.EoiExits);

    internal VcpuTrail? VcpuAt(int index)
    {
        if (index < 0)
            return null;
        if (_vcpus.TryGetValue(index, out VcpuTrail? vcpu))
            return vcpu;
        if (index >= MostVcpus || survey.Vcpus >= MostVcpusOfAll && _vcpus.Count > 0)
        {
            survey.TooMany = true;
            return null;
        }
        survey.Vcpus++;
        return _vcpus[index] = new VcpuTrail(index, survey);
    }

    /// <summary>The vCPU of a thread.</summary>
    private VcpuTrail? Own(ThreadContext context) => context.Vcpu < 0 ? null
        : context.Thread?.Vm == vm.Number ? context.Own ??= VcpuAt(context.Vcpu) : VcpuAt(context.Vcpu);

    internal bool HasVcpu(int index) => _vcpus.ContainsKey(index);

    internal void Take(KvmRecord record, Mark at, ThreadContext context, int epoch)
    {
        if (Begin.IsStart)
            Begin = at;
        End = at;
        Beginning(record);
        VcpuTrail? own = Own(context);
        if (own is not null && IsSign(record))
        {
            own.LastSign = at;
            own.Stopped = null;
        }
        LookAtPower(record, at, own);
        switch (record.Event)
        {
            case KvmEvent.SetIrq:
                CloseMessages(context, epoch);
                LookAtAnswer(context);
                context.Drive(record, at);
                break;
            case KvmEvent.PicSetIrq:
                HasKernelChips = context.Answered = true;
                if (context.HasLine && MayLeadToIrq(context.Gsi, record.Irq))
                    Pic.Drive(record, context.Level, context.LineAt, epoch);
                break;
            case KvmEvent.IoApicSetIrq:
                HasKernelChips = context.Answered = true;
                AtPin(record, at, context, epoch);
                (context.Accepts, context.Refusals) = (0, 0);
                context.PinPrinted |= context.HasLine && PinOfGsi(context.Gsi) == record.Pin;
                break;
            case KvmEvent.MsiSetIrq:
                // A GSI is a message, or leads to chips: what follows an answer is a message of its own.
                context.HasLine &= !context.Answered;
                HasMessages = context.Answered = true;
                Sent(record, at, context, epoch);
                break;
            case KvmEvent.ApicIpi:
                CloseMessages(context, epoch);
                context.Close();
                context.Ipi = Open(record, at);
                break;
            case KvmEvent.AcceptIrq:
                Accept(record, at, context, epoch, foreign: false);
                break;
            case KvmEvent.AckIrq:
                Acknowledge(record, at, context, epoch);
                break;
            case KvmEvent.DelayedEoi:
                if (PinBraked(record, context) is { } braked)
                    braked.Braked = at;
                break;
            case KvmEvent.ApicvAcceptIrq:
                if (VcpuAt(record.Vcpu) is not null)
                    Posted = at;
                break;
            case KvmEvent.PostedRoute:
                // The route of an assigned device was looked at, to give it to the IOMMU.
                context.Message = default;
                break;
            case KvmEvent.Avic:
            case KvmEvent.ApicvInhibit when record.Value == 0:
                Posted = at;
                break;
            case KvmEvent.Other or KvmEvent.TscOffset or KvmEvent.ApicvInhibit:
                break;
            default:
                CloseMessages(context, epoch);
                LookAtAnswer(context);
                context.Close();
                context.Readdressed = record.Write && RegisterOf(record) is ApicRegister.Id or ApicRegister.LogicalDestination or ApicRegister.DestinationFormat
                    or ApicRegister.SpuriousVector;
                OfVcpu(record, at, context, own, epoch);
                break;
        }
    }

    /// <summary>The register of a local APIC that a record is about; null for none. In x2APIC mode the access to its MSR follows.</summary>
    private static ApicRegister? RegisterOf(KvmRecord record) => record.Event switch
    {
        KvmEvent.Apic => (ApicRegister)record.Register,
        KvmEvent.Msr when record.Address is >= ApicMsr.FirstX2Apic and <= ApicMsr.LastX2Apic => ApicMsr.RegisterOf((uint)record.Address),
        _ => null,
    };

    /// <summary>How many rises of lines no chip and no message answered: KVM prints the level, and then drives what the GSI is routed to.</summary>
    internal long Unanswered { get; private set; }
    internal Mark FirstUnanswered { get; private set; }

    private void LookAtAnswer(ThreadContext context)
    {
        if (!context.HasLine || !context.Level || context.Answered)
            return;
        if (Unanswered++ == 0)
            FirstUnanswered = context.LineAt;
    }

    /// <summary>What it ended did not begin here: so records are missing, or they are another VM's.</summary>
    internal PicInput? EndedUnraised => FromStart && survey.GapCount == 0
        ? Pic.Inputs.FirstOrDefault(input => input.Acknowledged > input.Raises + 1 || input is { Acknowledged: > 0, Raises: 0 }) : null;

    // Since the last gap.
    private bool _redelivers;

    /// <summary>Records are missing: what was pending may have been served since.</summary>
    internal void Gap()
    {
        _acted = true;
        if (!_redelivers)
            return;
        // Its line may have fallen meanwhile.
        foreach (PinState pin in Pins)
            pin.Redelivered = 0;
        _redelivers = false;
    }

    /// <summary>A VM that was restored is created as well, and has a past: so its first entry must be at the reset vector, or, where entries are
    /// not traced or the VMM boots a kernel without firmware, its guest must initialise the 8259 before anything is delivered.</summary>
    private void Beginning(KvmRecord record)
    {
        if (_acted)
            return;
        _created |= IsCreation(record);
        FromStart = record.Event switch
        {
            KvmEvent.Entry or KvmEvent.Exit => record is { IsAtResetVector: true, Vcpu: 0 },
            KvmEvent.Pio => _created && record is { Write: true, Address: PicPair.MasterCommand } && Icw1.Is((byte)record.Value),
            _ => false,
        };
        // A VMM that makes its machine drives lines, whose entries have no vector yet.
        _acted = FromStart || record is { Event: KvmEvent.AcceptIrq, Vector: >= 0x10 } || record.Event is KvmEvent.AckIrq or KvmEvent.InjectIrq or KvmEvent.ApicvAcceptIrq
            || record is { Event: KvmEvent.Eoi or KvmEvent.PvEoi, Vector: >= 0 } || !_created && record.Event is KvmEvent.Entry or KvmEvent.Exit;
    }

    /// <summary>A first vCPU was made: its TSC had no offset before.</summary>
    internal static bool IsCreation(KvmRecord record) => record is { Event: KvmEvent.TscOffset, Value: 0, Vcpu: 0 };

    /// <summary>A thread of the VMM made a first vCPU, and this VM, which is guessed, has no record before.</summary>
    internal void Created() => _created |= !_acted;

    private static bool IsSign(KvmRecord record) => record.Event switch
    {
        KvmEvent.Apic or KvmEvent.Mmio or KvmEvent.Pio or KvmEvent.Msr or KvmEvent.Eoi or KvmEvent.PvEoi or KvmEvent.InjectIrq => true,
        KvmEvent.UserspaceExit => !IsStop(record),
        _ => false,
    };

    /// <summary>A VMM that stops a vCPU makes it leave: that is no act of the guest.</summary>
    private static bool IsStop(KvmRecord exit)
    {
        const int interrupted = 10;
        // trace-cmd prints such an exit as reason 0.
        return exit.Restart || exit.Reason is 0 or interrupted;
    }

    internal static OpenMessage Open(KvmRecord record, Mark at) => new()
    {
        Is = record.Vector >= 0,
        At = at,
        Destination = record.Destination,
        Vector = record.Vector,
        Mode = record.Mode,
        Logical = record.Logical,
        Level = record.LevelTrigger,
        Shorthand = (DestinationShorthand)Math.Max(0, record.Source),
    };

    /// <summary>A message was sent, or a route was scanned: scans print many, and none of them is accepted.</summary>
    private void Sent(KvmRecord record, Mark at, ThreadContext context, int epoch)
    {
        // The vCPU's local APIC has just got another address, or was enabled or disabled: KVM looks at all routes anew (lapic.c, kvm_recalculate_apic_map).
        if (context.Readdressed && !HasKernelChips)
            return;
        // A scan prints each route once, and runs on a vCPU's thread: the same message again was sent again.
        bool same = context.Message is { Is: true } last && last.Destination == record.Destination && last.Vector == record.Vector && record.Vector >= 0x10
            && !(last.Burst && context.Thread is not { Number: >= 0, Role: ThreadRole.Vmm });
        bool burst = !same && context.Message is { Is: true, Accepts: 0 };
        if (!burst)
            CloseMessages(context, epoch);
        else
            Doubt(context, epoch);
        context.Message = Open(record, at) with { Burst = burst || context.Message is { Is: true, Burst: true } };
        context.Ipi = default;
        context.Served = -1;
    }

    /// <summary>Nothing more comes of what a thread began.</summary>
    internal void CloseMessages(ThreadContext context, int epoch)
    {
        if (context.Message is { Is: true, Accepts: 0, Burst: false })
            Nobody(context.Message, isIpi: false, context.Vcpu, epoch);
        else if (context.Message is { Is: true, Accepts: 0 })
            Doubt(context, epoch);
        // All but the sender are nobody where there is no other.
        if (context.Ipi is { Is: true, Accepts: 0 } && (context.Ipi.Shorthand != DestinationShorthand.AllExcludingSelf || survey.HighestVcpu > 0))
            Nobody(context.Ipi, isIpi: true, context.Vcpu, epoch);
        context.Message = context.Ipi = default;
    }

    /// <summary>A message among others without accept lines. Linux scans routes on a vCPU's thread, and only where the VMM has the I/OAPIC: others
    /// of a thread of the VMM's may have been sent.</summary>
    private void Doubt(ThreadContext context, int epoch)
    {
        if (context.Thread is { Number: >= 0, Role: ThreadRole.Vmm } || context.Thread is { Role: ThreadRole.Vcpu } && HasKernelChips)
            Nobody(context.Message, isIpi: false, context.Vcpu, epoch, doubted: true);
    }

    private void Nobody(OpenMessage message, bool isIpi, int sender, int epoch, bool doubted = false)
    {
        if (!message.CanBeLost || !isIpi && sender >= 0 && !HasKernelChips && WouldBeAccepted(message, epoch))
            return;
        if (!doubted)
            Watcher?.Unaccepted(this, message, isIpi, sender);
        Dictionary<(uint, int, bool), LostMessage> lost = doubted ? _doubted : _lost;
        if (lost.TryGetValue((message.Destination, message.Vector, isIpi), out LostMessage? known))
        {
            known.Count++;
            known.Last = message.At;
        }
        else if (lost.Count < MostLost)
            lost[(message.Destination, message.Vector, isIpi)] = new() { Message = message, IsIpi = isIpi, Sender = sender, Epoch = epoch, Last = message.At, Doubted = doubted };
    }

    /// <summary>No vCPU has the destination of a message that nothing accepted. Of a logical destination, of a shorthand, and of a route that
    /// was only looked at, that is not told.</summary>
    internal bool IsToNobody(in OpenMessage message) => survey.Counts[KvmEvent.AcceptIrq] > 0 && !message.Logical && message.Shorthand == DestinationShorthand.None
        && message.Destination is not (0xFF or uint.MaxValue) && !HasVcpu((int)Math.Min(message.Destination, int.MaxValue));

    /// <summary>A vCPU that is known to take it would have printed an accept line: so on a vCPU's thread, of a VM whose VMM has the I/OAPIC, its
    /// route was only looked at.</summary>
    private bool WouldBeAccepted(in OpenMessage message, int epoch)
    {
        if (survey.Counts[KvmEvent.AcceptIrq] == 0 || message.Mode is not (DeliveryMode.Fixed or DeliveryMode.LowestPriority))
            return false;
        foreach (VcpuTrail vcpu in _vcpus.Values)
        {
            if (vcpu.Enabled(epoch) && (message.Logical ? vcpu.HasLogical(message.Destination, epoch) : message.Destination == (uint)vcpu.Index))
                return true;
        }
        return false;
    }

    /// <summary>The message arrived after all.</summary>
    private void Arrived(OpenMessage message, bool isIpi)
    {
        _lost.Remove((message.Destination, message.Vector, isIpi));
        _doubted.Remove((message.Destination, message.Vector, isIpi));
    }
}
