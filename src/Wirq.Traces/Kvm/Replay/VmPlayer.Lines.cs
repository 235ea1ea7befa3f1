namespace Wirq.Traces.Kvm.Replay;

/// <summary>What one thread has begun.</summary>
internal sealed class ThreadPlay(int key, bool isForeign)
{
    internal int Key => key;
    internal bool IsForeign => isForeign;
    internal int Vcpu { get; set; }
    internal bool IsCut { get; set; }

    /// <summary>The step whose effects come now.</summary>
    internal Step? Open { get; set; }
    internal Step? LastStep { get; set; }
    /// <summary>The line within an EOI: the step that is open is that EOI's.</summary>
    internal bool IsNested { get; set; }
    /// <summary>The address of the last access of the guest; 0 where another record stands between.</summary>
    internal ulong LastAccess { get; set; }
    internal long LastMessage { get; set; } = -1;
    /// <summary>An access has shown the mode of its local APIC.</summary>
    internal bool ModeShown { get; set; }

    /// <summary>A line got a level, and the records of the two chips follow.</summary>
    internal KvmLine? Line { get; private set; }
    internal long LineAt { get; private set; }
    internal bool PicDone { get; set; }
    internal bool PinDone { get; set; }
    /// <summary>The I/OAPIC's part, while its accept lines come.</summary>
    internal Step? Pin { get; set; }

    internal void BeginLine(KvmLine line, long now)
    {
        (Line, LineAt) = (line, now);
        (PicDone, PinDone, Pin) = (false, false, null);
    }

    /// <summary>A step that was applied takes no further record.</summary>
    internal void DropDone()
    {
        if (Open is { State: StepState.Done or StepState.Waiting })
            Open = null;
        if (Pin is { State: StepState.Done or StepState.Waiting })
            (Pin, PinDone) = (null, true);
    }

    /// <summary>The order of a step of this thread: what is within an EOI comes before that EOI serves its pins.</summary>
    internal long OrderOf(long place) => IsNested && Open is { } eoi ? eoi.Order - 1 : place * 2;

    internal void EndLine() => (Line, Pin, IsNested) = (null, null, false);
}

// Lines, and the steps that are open.
internal sealed partial class VmPlayer
{
    private void TakePic(ThreadPlay thread, KvmLine result, long now)
    {
        if (thread.Line is not { } line || thread.PicDone)
        {
            Whole(thread, StepKind.Orphan, result, now);
            return;
        }
        thread.PicDone = true;
        Enqueue(new Step(StepKind.PicDrive, line, thread.Vcpu) { First = now, Last = now, Order = thread.OrderOf(result.At.Event), Thread = thread.Key, IsForeign = thread.IsForeign, Result = result });
    }

    private void TakePin(ThreadPlay thread, KvmLine result, long now)
    {
        if (thread.Line is not { } line || thread.PinDone)
        {
            Whole(thread, StepKind.Orphan, result, now);
            return;
        }
        Step step = thread.Pin ?? new Step(StepKind.PinDrive, line, thread.Vcpu) { First = now, Order = thread.OrderOf(result.At.Event), Thread = thread.Key, IsForeign = thread.IsForeign };
        (step.Result, step.Last) = (result, now);
        (thread.Pin, thread.PinDone) = (null, true);
        Enqueue(step);
    }

    private void TakeAccept(ThreadPlay thread, KvmLine accept, long now)
    {
        // Between a line and the record of its pin, accept lines are of the pin.
        if (thread is { Line: { } line, PinDone: false } && scan.LeadsToIoApic(line.Gsi))
        {
            thread.Pin ??= new Step(StepKind.PinDrive, line, thread.Vcpu) { First = now, Order = thread.OrderOf(accept.At.Event), Thread = thread.Key, IsForeign = thread.IsForeign };
            thread.Pin.Accepts.Add(accept);
            queue.Hold(thread.Pin);
            return;
        }
        bool taken = thread.Open is { } open && open.Kind switch
        {
            // Behind a scan of routes, another vector is of something else.
            StepKind.Message => !open.IsScan || accept.Vector == open.Cause.Vector,
            StepKind.Ipi => true,
            // The write of an entry serves a level that waits (ioapic.c, ioapic_write_indirect). Behind others a timer's comes; of Linux before 5.2
            // it is not known which is which.
            StepKind.IoApicWrite => !scan.IsSplit && open.Cause.Address == IoApicOptions.DefaultAddress + IoApic.WindowOffset && (accept.LevelTrigger || !scan.SawLevelAccept),
            StepKind.Eoi => accept.LevelTrigger && open.Acks.Exists(ack => ack.Chip == KvmFields.IoApicChip),
            _ => false,
        };
        if (taken)
        {
            thread.Open!.Accepts.Add(accept);
            thread.Open.IsScan = false;
            return;
        }
        CloseLine(thread);
        Whole(thread, StepKind.Accept, accept, now);
    }

    /// <summary>A step of one record.</summary>
    private void Whole(ThreadPlay thread, StepKind kind, KvmLine line, long now)
    {
        Close(thread, now);
        Enqueue(new Step(kind, line, thread.Vcpu) { First = now, Last = now, Order = thread.OrderOf(line.At.Event), Thread = thread.Key, IsForeign = thread.IsForeign });
    }

    private void Open(ThreadPlay thread, Step step)
    {
        thread.Open = step;
        queue.Hold(step);
    }

    /// <summary>The next record of the thread is no effect of the step that is open.</summary>
    private void Close(ThreadPlay thread, long now)
    {
        if (thread.Open is not { } step)
            return;
        thread.Open = null;
        step.IsCut |= thread.IsCut;
        if (step.Kind != StepKind.Message)
            thread.LastMessage = -1;
        thread.LastStep = step;
        if (step.IsShownBefore)
            step.Last = Math.Max(step.Last, Math.Min(now, step.Last + StepQueue.LongestEffect));
        queue.Release(step);
    }

    /// <summary>Nothing more comes of a line: a record of a chip that others of it have, and this one lacks, is missing.</summary>
    private void CloseLine(ThreadPlay thread)
    {
        if (thread.Line is not { } line)
            return;
        if (thread.Pin is { } pin)
        {
            pin.IsCut |= thread.IsCut;
            queue.Release(pin);
        }
        else if (!thread.PinDone && scan.LeadsToIoApic(line.Gsi))
            Enqueue(Lacking(thread, StepKind.PinDrive, line));
        if (!thread.PicDone && scan.LeadsToPic(line.Gsi))
            Enqueue(Lacking(thread, StepKind.PicDrive, line));
        thread.EndLine();
    }

    private static Step Lacking(ThreadPlay thread, StepKind kind, KvmLine line) => new(kind, line, thread.Vcpu)
    {
        First = thread.LineAt,
        Last = thread.LineAt,
        Order = thread.OrderOf(line.At.Event),
        Thread = thread.Key,
        IsForeign = thread.IsForeign,
        IsCut = thread.IsCut,
    };

    private void Enqueue(Step step)
    {
        queue.Hold(step);
        queue.Release(step);
    }
}
