using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

// What local APICs accept, what vCPUs take and end.
internal sealed partial class VmTrail
{
    /// <summary>The clock "local" of two CPUs may differ by microseconds.</summary>
    private const long ClockSkew = 100_000;
    /// <summary>The same for a log without times, in records.</summary>
    private const long SkewRecords = 8;

    /// <summary>Accept lines say of levels that they are.</summary>
    private bool _levelsTold;

    internal void Accept(KvmRecord record, Mark at, ThreadContext context, int epoch, bool foreign)
    {
        if (VcpuAt(record.Vcpu) is not { } vcpu)
            return;
        Sender sender = SourceOf(record, vcpu, context);
        if (record.Mode == DeliveryMode.Init && !record.LevelTrigger)
        {
            vcpu.Reset(at, epoch, registers: true);
            return;
        }
        if (record.Mode == DeliveryMode.StartUp)
        {
            vcpu.Started = at;
            // The vCPU runs: it may enable its local APIC where no record shows it.
            if (!ShowsRegisters(vcpu))
                vcpu.Registers.Clear();
        }
        if (record.Mode is not (DeliveryMode.Fixed or DeliveryMode.LowestPriority) || record.Vector is < 0 or > 255)
            return;
        VectorCount count = vcpu.Count(record.Vector, at);
        if (survey.VectorsLeft == 0 && !vcpu.Counts.ContainsKey(record.Vector))
            return;
        var accepted = new Accepted(record.Vector, at, sender, record.LevelTrigger, vcpu.Entries, epoch, foreign);
        // The line is printed before the checks (Linux, __apic_accept_irq): a disabled APIC refuses what it says it accepts.
        if (vcpu.Disabled(epoch) is not null)
        {
            count.Refusals++;
            context.Refusals++;
            // What is sent to all may leave one out.
            if (context.Ipi is not { Is: true, Shorthand: not DestinationShorthand.None } and not { Is: true, Destination: 0xFF })
                vcpu.Refused[record.Vector] = accepted;
            Watcher?.Accepted(this, vcpu, accepted, context, AcceptOutcome.Refused);
            return;
        }
        count.Accepts++;
        count.LastAccept = at;
        count.Level = record.LevelTrigger;
        _levelsTold |= record.LevelTrigger;
        context.Accepts++;
        if (vcpu.Early.Remove(record.Vector, out Mark early) && context.Vcpu != vcpu.Index
            && (record.Time >= 0 ? Math.Abs(at.Time - early.Time) <= ClockSkew : at.Event - early.Event <= SkewRecords))
        {
            Watcher?.Accepted(this, vcpu, accepted, context, AcceptOutcome.Taken);
            return;
        }
        bool merges = vcpu.Pending.TryGetValue(record.Vector, out Accepted? pending) && pending.Epoch == epoch;
        if (merges)
            pending!.Merges++;
        else
            vcpu.Pending[record.Vector] = accepted;
        Watcher?.Accepted(this, vcpu, accepted, context, merges ? AcceptOutcome.Merged : AcceptOutcome.Pending);
        vcpu.Refused.Remove(record.Vector);
        Redelivered(record, at, context, epoch);
    }

    private Sender SourceOf(KvmRecord record, VcpuTrail vcpu, ThreadContext context)
    {
        const int timerVector = 0xFF;
        if (context.Message.Is && context.Message.Vector == record.Vector)
        {
            context.Message.Accepts++;
            context.Message.Burst = false;
            Arrived(context.Message, isIpi: false);
            return context.HasLine ? Sender.OfGsi(context.Gsi) : PinOf(record.Vector, record.LevelTrigger) is { } pin ? Sender.OfPin(pin) : new(SenderKind.Message);
        }
        if (context.Ipi.Is && context.Ipi.Vector == record.Vector)
        {
            context.Ipi.Accepts++;
            Arrived(context.Ipi, isIpi: true);
            return new(SenderKind.Ipi, context.Vcpu);
        }
        if (context.Delivers)
            return Sender.OfGsi(context.Gsi);
        if (context.Served >= 0)
            return new(SenderKind.Pin, context.Served);
        if (record.LevelTrigger && PinOf(record.Vector, level: true) is { } again)
            return Sender.OfPin(again);
        return context.Vcpu == vcpu.Index && vcpu.Registers.TryGetValue((int)ApicRegister.Timer, out KvmFact timer) && (int)(timer.Value & timerVector) == record.Vector
            ? new(SenderKind.Timer, vcpu.Index) : default;
    }

    // The vCPU of the last EOI for which an exit to the VMM is due.
    private VcpuTrail? _awaiting;

    /// <summary>The log shows when vCPUs take vectors, or that they end all of them: else what was accepted may be long served.</summary>
    internal bool ShowsTaking { get; private set; } = survey.EndsAtInjection;

    private void OfVcpu(KvmRecord record, Mark at, ThreadContext context, VcpuTrail? own, int epoch)
    {
        switch (record.Event)
        {
            case KvmEvent.Eoi or KvmEvent.PvEoi:
                if (VcpuAt(record.Vcpu) is { } ended)
                    Ended(record.Vector, at, ended, epoch);
                break;
            case KvmEvent.Apic:
                WritesCommand |= record is { Write: true, Register: (int)ApicRegister.CommandLow };
                Register(record.Register, record, at, own, epoch);
                break;
            // A log may lack kvm_apic: what the guest reads or writes of x2APIC's registers stands here too.
            // The command register is two registers in one (Intel SDM 3A, 10.12.1.2).
            case KvmEvent.Msr when !record.Masked && RegisterOf(record) is { } register:
                if (own is not null)
                    own.IsX2Apic = true;
                if (register != ApicRegister.CommandLow)
                    Register((int)register, record, at, own, epoch);
                break;
            case KvmEvent.InjectIrq when !record.Soft && own is not null:
                Inject(record.Vector, record.Reinjected, at, own, epoch);
                break;
            case KvmEvent.Entry:
                Enter(record, at, VcpuAt(record.Vcpu), epoch);
                break;
            case KvmEvent.Exit when (record.Vcpu >= 0 ? VcpuAt(record.Vcpu) : own) is { } left:
                left.LastExit = (at, record.Exit);
                if (record.Exit == KvmExit.OfVirtualApic)
                    Posted = at;
                break;
            case KvmEvent.UserspaceExit when KvmJudge.IsEoiExit(record):
                // Where the thread does not tell its vCPU, the exit is that of the last EOI: it follows at once.
                if ((own ?? _awaiting) is { } heard)
                    Exited(heard);
                break;
            case KvmEvent.UserspaceExit when own is not null && IsStop(record):
                own.Stopped = at;
                break;
            // It slept, and wakes; if it does not run then, it left to the VMM.
            case KvmEvent.Wakeup when own is not null && survey.Counts[KvmEvent.UserspaceExit] == 0:
                own.Stopped = at;
                break;
            case KvmEvent.Mmio when record.Write:
                Mmio(record, at, context, epoch);
                break;
            case KvmEvent.Pio when record.Write && record.Address is PicPair.MasterCommand or PicPair.MasterData or PicPair.SlaveCommand or PicPair.SlaveData:
                Pic.Write(record.Address, record.Value, at);
                break;
        }
    }

    /// <summary>Whether what a vCPU writes to its local APIC stands in the log: of a thread that is known, and traced.</summary>
    private bool ShowsRegisters(VcpuTrail vcpu) => survey.ShowsRegisters && vm.Threads.Any(thread => thread.Role == ThreadRole.Vcpu && thread.Vcpu == vcpu.Index);

    private static void Register(int register, KvmRecord record, Mark at, VcpuTrail? own, int epoch)
    {
        if (own is null || register is < 0 or (int)ApicRegister.Eoi)
            return;
        if (record.Write && register == (int)ApicRegister.SpuriousVector && !new SpuriousVector((uint)record.Value).Enabled)
            own.LastDisabled = at;
        KvmFact? before = own.Known(register, epoch);
        if (record.Write || before is null || before.Value.Value != record.Value)
            own.Registers[register] = before is { } same && same.Value == record.Value ? same : new(record.Value, at, epoch);
    }

    private void Inject(int vector, bool reinjected, Mark at, VcpuTrail vcpu, int epoch)
    {
        vcpu.GoesOn();
        if (vector is < 0 or > 255)
            return;
        // What a VMM injects is printed as injected again, the first time too (x86.c, kvm_queue_interrupt).
        if (vm.HasNoChips)
        {
            vcpu.Count(vector, at).Injections++;
            return;
        }
        vcpu.LastTaken = at;
        if (vcpu.Pending.Remove(vector))
        {
            vcpu.InService[vector] = (at, epoch);
            vcpu.Count(vector, at).Injections++;
            ShowsTaking = true;
            vcpu.WorkedEpoch = epoch;
        }
        else if (!vcpu.InService.ContainsKey(vector) && !reinjected && !Pic.Inject(vector, at, epoch))
        {
            // The 8259 gives vectors of its own, past the local APIC.
            vcpu.Prove(vector);
            vcpu.Count(vector, at).Injections++;
            vcpu.Early[vector] = at;
        }
    }

    private void Enter(KvmRecord record, Mark at, VcpuTrail? vcpu, int epoch)
    {
        const uint valid = 1u << 31, typeMask = 7 << 8;
        if (vcpu is null)
            return;
        if (record.IsAtResetVector)
            vcpu.Reset(at, epoch, registers: false);
        vcpu.GoesOn();
        vcpu.Entries++;
        vcpu.LastEntry = at;
        vcpu.Stopped = null;
        // An external interrupt: type 0 (Intel SDM 3C, 25.8.3).
        if ((record.InterruptInfo & (valid | typeMask)) == valid)
            Inject((int)(record.InterruptInfo & 0xFF), reinjected: false, at, vcpu, epoch);
    }

    private void Ended(int vector, Mark at, VcpuTrail vcpu, int epoch)
    {
        if (vector < 0)
        {
            if (!survey.EndsAtInjection)
            {
                vcpu.Spurious++;
                vcpu.LastSpurious = at;
            }
            else if (vcpu.Handlers.Count > 0)
                vcpu.Handlers.RemoveAt(vcpu.Handlers.Count - 1);
            return;
        }
        if (vector > 255)
            return;
        vcpu.LastTaken = at;
        vcpu.Prove(vector);
        VectorCount count = vcpu.Count(vector, at);
        count.Ends++;
        count.LastEnd = at;
        vcpu.WorkedEpoch = epoch;
        if (survey.EndsAtInjection && vcpu.Handlers.Count < 64)
            vcpu.Handlers.Add((vector, at));
        // Where the injection was not seen, what was accepted is what ends here.
        bool served = vcpu.InService.Remove(vector);
        if (!served && !vcpu.Pending.ContainsKey(vector) && vcpu.Counts.ContainsKey(vector))
            vcpu.Early[vector] = at;
        if (!served && vcpu.Pending.Remove(vector, out Accepted? taken))
        {
            // APICv and AVIC leave KVM the EOIs of pins' vectors only, and a processor that posts shows no other.
            ShowsTaking = ShowsTaking || !taken.Level && Pins.All(pin => pin.Vector != vector);
        }
        if (survey.Counts[KvmEvent.AckIrq] == 0 && HasKernelChips)
        {
            foreach (PinState pin in Pins.Where(pin => pin.Awaited is { } awaited && awaited.Vector == vector))
                pin.Awaited = null;
        }
        if (IsSplit && NeedsExit(vector, count) && vcpu.AwaitedExits.Count < 64)
        {
            vcpu.AwaitedExits.Add((vector, at, epoch));
            _awaiting = vcpu;
        }
    }

    /// <summary>The EOI of a level must reach the VMM's I/OAPIC; that of an edge leaves the guest nowhere. Of Linux before 5.2 each accept line is that
    /// of an edge (7a223e06b1a4), so there a pin that is open for a level decides. A pin that is masked has a vector that others get.</summary>
    private bool NeedsExit(int vector, VectorCount count) => count.Level == true
        || !(count.Level == false && _levelsTold) && PinOf(vector, level: true) is { } pin && (count.Level is null || !pin.Masked);

    /// <summary>The VMM hears of an EOI. One exit serves all that ended in one batch of an emulating host.</summary>
    private void Exited(VcpuTrail vcpu)
    {
        if (survey.EndsAtInjection)
            vcpu.AwaitedExits.Clear();
        else if (vcpu.AwaitedExits.Count > 0)
            vcpu.AwaitedExits.RemoveAt(vcpu.AwaitedExits.Count - 1);
    }
}
