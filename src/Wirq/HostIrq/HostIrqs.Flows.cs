using Wirq.Events;

namespace Wirq.HostIrq;

/// <content>The flow handlers.</content>
public sealed partial class HostIrqs
{
    /// <summary>An interrupt of a line comes to a CPU.</summary>
    /// <returns>False if there is no such line or CPU.</returns>
    public bool Interrupt(int line, int cpu)
    {
        if (!Has(line) || (uint)cpu >= (uint)Options.Cpus)
            return false;
        ref HostLineState its = ref _lines[line];
        if (Events.Observing)
            Events.Observe(new Event(EventKind.HostInterrupt, (ushort)cpu, (uint)line));
        switch (Flow(line))
        {
            case HostFlow.Level:
                MaskAck(line, ref its);
                if (its.InProgress == 0 && MayRun(ref its))
                    Run(line, ref its, cpu);
                break;
            case HostFlow.FastEoi:
                FastEoi(line, ref its, cpu);
                break;
            case HostFlow.Edge:
                its.Replay = 0;
                if (its.InProgress != 0 || its.Disabled != 0 || its.First == 0)
                {
                    its.Pending = 1;
                    MaskAck(line, ref its);
                    break;
                }
                Ack(line, ref its);
                Run(line, ref its, cpu);
                break;
            case HostFlow.PerCpu:
                PerCpu(line, ref its, cpu);
                break;
        }
        return true;
    }

    private void FastEoi(int line, ref HostLineState its, int cpu)
    {
        if (its.InProgress != 0)
        {
            if (Chip(line).ResendsInProgress)
                its.Pending = 1;
        }
        else if (MayRun(ref its))
        {
            // Before the handlers, not after: the thread may be long.
            if (its.IsOneshot)
                Mask(line, ref its);
            Run(line, ref its, cpu);
            return;
        }
        else
            Mask(line, ref its);
        if (!Chip(line).EoiIfHandled)
            Eoi(line, ref its);
    }

    private void PerCpu(int line, ref HostLineState its, int cpu)
    {
        ref HostRunState run = ref _runs[line * Options.Cpus + cpu];
        Call(line, ref its, ChipCall.Ack);
        // A CPU does not interrupt its own handlers.
        if (run.Cursor != 0)
            return;
        (run.Cpu, run.Answers) = ((ushort)cpu, 0);
        Advance(line, ref its, ref run, its.First);
    }

    /// <summary>What a line does that is disabled or has no action: it remembers.</summary>
    private static bool MayRun(ref HostLineState its)
    {
        its.Replay = 0;
        if (its.Disabled == 0 && its.First != 0)
            return true;
        its.Pending = 1;
        return false;
    }

    private void Run(int line, ref HostLineState its, int cpu)
    {
        (its.Pending, its.InProgress) = (0, 1);
        ref HostRunState run = ref _runs[line * Options.Cpus];
        (run.Cpu, run.Answers) = ((ushort)cpu, 0);
        Advance(line, ref its, ref run, its.First);
    }

    /// <summary>A hard handler has run.</summary>
    /// <param name="line">Its line.</param>
    /// <param name="action">Its action.</param>
    /// <param name="answer">What it says.</param>
    /// <param name="cpu">The CPU where it ran. It counts for a per-CPU line only.</param>
    /// <returns>False if that handler was not to run.</returns>
    public bool Answer(int line, int action, HandlerAnswer answer, int cpu = 0)
    {
        if (!HasAction(line, action) || (uint)cpu >= (uint)Options.Cpus)
            return false;
        ref HostRunState run = ref _runs[line * Options.Cpus + (Flow(line) == HostFlow.PerCpu ? cpu : 0)];
        if (run.Cursor != action + 1)
            return false;
        ref HostLineState its = ref _lines[line];
        ref HostActionState its2 = ref Action(line, action);
        if (Events.Observing)
            Events.Observe(new HostHandlerAnswered(line, action, answer).ToEvent());
        Take(line, ref its, ref run, action, answer);
        byte next = its2.Next;
        run.Cursor = 0;
        DropIfDone(line, action);
        Advance(line, ref its, ref run, next);
        return true;
    }

    private void Take(int line, ref HostLineState its, ref HostRunState run, int action, HandlerAnswer answer)
    {
        // One that asks for a thread and has none did not handle it.
        if ((answer & HandlerAnswer.WakeThread) != 0 && !Wake(line, ref its, action))
            answer &= ~HandlerAnswer.WakeThread;
        run.Answers |= (byte)(answer & (HandlerAnswer.Handled | HandlerAnswer.WakeThread));
    }

    /// <summary>Goes on to the hard handler of the next action, or ends the flow.</summary>
    private void Advance(int line, ref HostLineState its, ref HostRunState run, byte next)
    {
        for (; next != 0; next = Action(line, next - 1).Next)
        {
            int slot = next - 1;
            ref HostActionState action = ref Action(line, slot);
            if (action.Use != ActionUse.Active)
                continue;
            if (action.HasHandler != 0)
            {
                run.Cursor = next;
                Events.Emit(new HostHardHandler(line, slot, run.Cpu).ToEvent());
                return;
            }
            // The kernel's own primary handler.
            Take(line, ref its, ref run, slot, HandlerAnswer.WakeThread);
        }
        var (answers, cpu) = ((HandlerAnswer)run.Answers, (int)run.Cpu);
        run = default;
        if (Flow(line) == HostFlow.PerCpu)
        {
            Call(line, ref its, ChipCall.Eoi);
            return;
        }
        NoteInterrupt(line, ref its, answers);
        its.InProgress = 0;
        EndFlow(line, ref its, cpu);
    }

    private void EndFlow(int line, ref HostLineState its, int cpu)
    {
        if (its.Polling != 0)
        {
            if (its.Pending != 0 && its.First != 0)
            {
                Run(line, ref its, cpu);
                return;
            }
            its.Polling = 0;
            FinishThreads(line, ref its);
            return;
        }
        switch (Flow(line))
        {
            case HostFlow.Level:
                UnmaskIfDone(line, ref its);
                break;
            case HostFlow.FastEoi:
                EndFastEoi(line, ref its);
                break;
            case HostFlow.Edge when its is { Pending: not 0, Disabled: 0, First: 0 }:
                Mask(line, ref its);
                break;
            case HostFlow.Edge when its is { Pending: not 0, Disabled: 0 }:
                // What came meanwhile masked the line.
                Unmask(line, ref its);
                Run(line, ref its, cpu);
                return;
        }
        FinishThreads(line, ref its);
    }

    private void EndFastEoi(int line, ref HostLineState its)
    {
        if (!its.IsOneshot)
            Eoi(line, ref its);
        else if (its is { Disabled: 0, Masked: not 0, Threads: 0 })
        {
            Eoi(line, ref its);
            Unmask(line, ref its);
        }
        else if (!Chip(line).EoiThreaded)
            Eoi(line, ref its);
        else if (its.Threads != 0)
            its.EoiOwed = 1;
        // No thread will do it. Linux does not, either, if the hard handler has disabled the line.
        else if (Options.Profile == HostProfile.Sound)
            Eoi(line, ref its);
        if (its.Pending != 0)
            ResendPending(line, ref its);
    }

    private void UnmaskIfDone(int line, ref HostLineState its)
    {
        if (its is { Disabled: 0, Masked: not 0, Threads: 0 })
            Unmask(line, ref its);
    }
}
