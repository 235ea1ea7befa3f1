using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>Makes steps of the records of one VM: within a thread, the records behind a cause are its effects.</summary>
internal sealed partial class VmPlayer(VmScan scan, StepQueue queue, bool isTimed)
{
    private const ulong PageMask = ~0xFFFUL;

    private readonly Dictionary<int, ThreadPlay> _threads = [];

    /// <summary>Takes a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="at">Its place.</param>
    /// <param name="key">The thread, or the CPU in whose interrupts it came.</param>
    /// <param name="vcpu">The vCPU that the thread runs; negative for none.</param>
    /// <param name="isForeign">A thread of the kernel, which works for any VM.</param>
    internal void Take(KvmRecord record, Mark at, int key, int vcpu, bool isForeign)
    {
        long now = isTimed ? at.Time : at.Event * StepQueue.UntimedRecord;
        if (!_threads.TryGetValue(key, out ThreadPlay? thread))
        {
            if (_threads.Count >= KvmReplayer.MostThreads)
                return;
            _threads[key] = thread = new ThreadPlay(key, isForeign);
        }
        thread.Vcpu = vcpu;
        thread.DropDone();
        Take(thread, record, at, now);
        if (record.Event is not (KvmEvent.MsiSetIrq or KvmEvent.AcceptIrq))
            thread.LastMessage = -1;
        thread.LastAccess = record.Event is KvmEvent.Mmio or KvmEvent.Msr && record.Write ? record.Address : 0;
        queue.Advance(now);
    }

    /// <summary>Records are missing, or the log ends: what threads had begun is not told further.</summary>
    internal void Cut()
    {
        foreach (ThreadPlay thread in _threads.Values)
        {
            thread.IsCut = true;
            CloseLine(thread);
            Close(thread, long.MaxValue);
        }
        _threads.Clear();
        queue.Flush();
    }

    private void Take(ThreadPlay thread, KvmRecord record, Mark at, long now)
    {
        switch (record.Event)
        {
            case KvmEvent.SetIrq:
                // A resample: KVM lowers the line within the EOI, before it serves the pin again (eventfd.c, irqfd_resampler_ack).
                thread.IsNested = thread.Open is { Kind: StepKind.Eoi, Acks.Count: > 0 } && record is { Level: false, Source: ResampleSource };
                CloseLine(thread);
                if (!thread.IsNested)
                    Close(thread, now);
                thread.BeginLine(new KvmLine(record, at), now);
                return;
            case KvmEvent.PicSetIrq:
                TakePic(thread, new KvmLine(record, at), now);
                return;
            case KvmEvent.IoApicSetIrq:
                TakePin(thread, new KvmLine(record, at), now);
                return;
            case KvmEvent.AcceptIrq:
                TakeAccept(thread, new KvmLine(record, at), now);
                return;
            case KvmEvent.AckIrq:
                var ack = new KvmLine(record, at);
                if (thread.Open is { Kind: StepKind.Eoi or StepKind.PicWrite or StepKind.Inject } acked)
                    acked.Acks.Add(ack);
                else
                    Whole(thread, StepKind.Orphan, ack, now);
                return;
            case KvmEvent.DelayedEoi when thread.Open is { Kind: StepKind.Eoi } braked:
                braked.Braked = new KvmLine(record, at);
                return;
        }
        if (TakeOfVcpu(thread, record, at, now))
            return;
        CloseLine(thread);
        Close(thread, now);
    }

    private const int ResampleSource = 1;

    /// <summary>Records that stand behind the first one of a step, and first ones.</summary>
    private bool TakeOfVcpu(ThreadPlay thread, KvmRecord record, Mark at, long now)
    {
        Step? open = thread.Open;
        switch (record.Event)
        {
            case KvmEvent.Eoi when open is { Kind: StepKind.Eoi, Result: null }:
                open.Result = new KvmLine(record, at);
                return true;
            case KvmEvent.PvEoi:
                return open is { Kind: StepKind.Eoi };
            case KvmEvent.ApicIpi when open is { Kind: StepKind.Ipi, Result: null, Accepts.Count: 0 }:
                open.Result = new KvmLine(record, at);
                return true;
            // In x2APIC mode the effects stand before the write of the ICR.
            case KvmEvent.Apic when open is { Kind: StepKind.Ipi, Write: null } && record is { Write: true, Register: (int)ApicRegister.CommandLow }:
                open.Write = new KvmLine(record, at);
                return true;
            // A write of SELF_IPI is one of the ICR (lapic.c, kvm_lapic_reg_write).
            case KvmEvent.Apic when open is { Kind: StepKind.Ipi, Result: null, Write.Register: (int)ApicRegister.SelfIpi } && record is { Write: true, Register: (int)ApicRegister.CommandLow }:
                open.Write = new KvmLine(record, at);
                return true;
        }
        if (KindOf(record) is not { } kind || kind == StepKind.BaseWrite && record.Address != ApicMsr.Base && thread.ModeShown)
            return false;
        thread.ModeShown = kind == StepKind.BaseWrite ? record.Address != ApicMsr.Base : thread.ModeShown;
        bool ofLine = thread.Line is not null;
        CloseLine(thread);
        Close(thread, now);
        var line = new KvmLine(record, at);
        var step = new Step(kind, line, thread.Vcpu) { First = now, Last = now, Order = at.Event * 2, Thread = thread.Key, IsForeign = thread.IsForeign };
        switch (record.Event)
        {
            case KvmEvent.Eoi or KvmEvent.ApicIpi:
                step.Result = line;
                break;
            case KvmEvent.Apic when kind is StepKind.Eoi or StepKind.Ipi:
                step.Write = line;
                step.ByGuest = (thread.LastAccess & PageMask) == ApicBase.DefaultPage;
                break;
            case KvmEvent.MsiSetIrq:
                // KVM scans routes on the threads of vCPUs, and prints each: nothing is sent.
                step.IsScan = scan.IsSplit && !ofLine && (thread.LastMessage >= 0 || thread.Vcpu >= 0);
                break;
        }
        if (record.Event == KvmEvent.MsiSetIrq)
        {
            if (scan.IsSplit && !ofLine && thread.LastMessage >= 0 && thread.LastStep is { Kind: StepKind.Message, Accepts.Count: 0 } last)
                last.IsScan = true;
            thread.LastMessage = at.Event;
        }
        Open(thread, step);
        return true;
    }

    private static StepKind? KindOf(KvmRecord record) => record.Event switch
    {
        KvmEvent.Eoi => StepKind.Eoi,
        KvmEvent.ApicIpi => StepKind.Ipi,
        KvmEvent.MsiSetIrq => StepKind.Message,
        KvmEvent.InjectIrq when !record.Soft => StepKind.Inject,
        KvmEvent.Apic when record.Register < 0 => null,
        KvmEvent.Apic when !record.Write => StepKind.ApicRead,
        KvmEvent.Apic => record.Register switch
        {
            (int)ApicRegister.Eoi => StepKind.Eoi,
            (int)ApicRegister.CommandLow or (int)ApicRegister.SelfIpi => StepKind.Ipi,
            _ => StepKind.ApicWrite,
        },
        KvmEvent.Msr when record.Write && record.Address == ApicMsr.Base || ApicMsr.IsX2Apic((uint)Math.Min(record.Address, uint.MaxValue)) => StepKind.BaseWrite,
        KvmEvent.Mmio when (record.Address & PageMask) == ApicBase.DefaultPage => StepKind.BaseWrite,
        KvmEvent.Mmio when (record.Address & PageMask) == IoApicOptions.DefaultAddress && !record.Masked => record.Write ? StepKind.IoApicWrite : StepKind.IoApicRead,
        KvmEvent.Pio when record.Address is PicPair.MasterCommand or PicPair.MasterData or PicPair.SlaveCommand or PicPair.SlaveData or PicPair.MasterTriggers
            or PicPair.SlaveTriggers => record.Write ? StepKind.PicWrite : StepKind.PicRead,
        _ => null,
    };
}
