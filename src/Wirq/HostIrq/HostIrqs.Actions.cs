using System.Numerics;
using Wirq.Events;

namespace Wirq.HostIrq;

/// <content>Requests, threads, and interrupts that nobody handles.</content>
public sealed partial class HostIrqs
{
    /// <summary>A line is looked at after so many interrupts, and disabled if more than <see cref="SpuriousLimit"/> of them were
    /// handled by nobody.</summary>
    public const int SpuriousCount = 100_000;
    /// <summary>See <see cref="SpuriousCount"/>.</summary>
    public const int SpuriousLimit = 99_900;
    /// <summary>An unhandled interrupt that comes later than this after the last, in ns, begins a new count; a line that was
    /// disabled for them is polled so often.</summary>
    public const long SpuriousWindow = 100_000_000;

    private const HostRequestBits Triggers = HostRequestBits.TriggerEdge | HostRequestBits.TriggerLevel;

    /// <summary>Requests a line (<c>request_threaded_irq</c>).</summary>
    /// <param name="line">The line.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="action">The action, which names its handlers in effects and answers; -1 if it is refused.</param>
    /// <returns>None; Invalid for no line, no handler, or a thread alone without ONESHOT; Busy if sharers do not agree;
    /// NoMemory if no action fits.</returns>
    public LinuxError Request(int line, HostRequest request, out int action)
    {
        ArgumentNullException.ThrowIfNull(request);
        action = -1;
        HostRequestBits flags = request.Flags;
        if (!Has(line) || !request.HasHandler && !request.HasThread || (flags & Triggers) == Triggers
            || (flags & (HostRequestBits.Shared | HostRequestBits.NoAutoEnable)) == (HostRequestBits.Shared | HostRequestBits.NoAutoEnable))
            return LinuxError.Invalid;
        ref HostLineState its = ref _lines[line];
        IrqChipOptions chip = Chip(line);
        if ((flags & Triggers) == 0)
            flags |= Options.Lines[line].IsLevel ? HostRequestBits.TriggerLevel : HostRequestBits.TriggerEdge;
        else if (((flags & HostRequestBits.TriggerLevel) != 0) != Options.Lines[line].IsLevel)
            return its.First != 0 ? LinuxError.Busy : LinuxError.Invalid;
        if (chip.OneshotSafe)
            flags &= ~HostRequestBits.Oneshot;
        bool shares = its.First != 0;
        if (shares && !Agree(its.Flags, ref flags))
            return LinuxError.Busy;
        byte bit = 0;
        if ((flags & HostRequestBits.Oneshot) != 0)
        {
            bit = FreeBit(line);
            if (bit == 0)
                return LinuxError.Busy;
        }
        // Nothing would hold the line off while a thread alone runs: a level would come again and again.
        else if (!request.HasHandler && !chip.OneshotSafe)
            return LinuxError.Invalid;
        int slot = FreeSlot(line);
        if (slot < 0)
            return LinuxError.NoMemory;
        Action(line, slot) = new HostActionState
        {
            Use = ActionUse.Active, HasHandler = request.HasHandler ? (byte)1 : (byte)0, HasThread = request.HasThread ? (byte)1 : (byte)0, Bit = bit,
        };
        Append(line, ref its, slot);
        action = slot;
        (its.Count, its.Unhandled) = (0, 0);
        if (!shares)
            Begin(line, ref its, flags);
        else if (its.SpuriousDisabled != 0)
        {
            // Perhaps the newcomer is whose interrupts they are.
            its.SpuriousDisabled = 0;
            Enable(line);
        }
        return LinuxError.None;
    }

    private void Begin(int line, ref HostLineState its, HostRequestBits flags)
    {
        its.Flags = flags & ~(HostRequestBits.NoAutoEnable | HostRequestBits.CondOneshot);
        its.SpuriousDisabled = 0;
        if ((flags & HostRequestBits.NoAutoEnable) != 0)
        {
            its.Depth = 1;
            // Somebody may have enabled it before anybody had it.
            if (its.Disabled == 0)
                DisableChip(line, ref its, its.Unlazy != 0);
        }
        else
            Start(line, ref its);
        NoteDepth(line, its);
    }

    private static bool Agree(HostRequestBits old, ref HostRequestBits flags)
    {
        if ((old & flags & HostRequestBits.Shared) == 0)
            return false;
        if ((flags & HostRequestBits.CondOneshot) != 0 && (old & HostRequestBits.Oneshot) != 0)
            flags |= HostRequestBits.Oneshot;
        return ((old ^ flags) & (Triggers | HostRequestBits.Oneshot | HostRequestBits.PerCpu)) == 0;
    }

    private byte FreeBit(int line)
    {
        ulong used = 0;
        for (int slot = 0; slot < Options.Actions; slot++)
        {
            if (Action(line, slot).Use != ActionUse.Free)
                used |= Action(line, slot).Mask;
        }
        return used == ulong.MaxValue ? (byte)0 : (byte)(BitOperations.TrailingZeroCount(~used) + 1);
    }

    private int FreeSlot(int line)
    {
        for (int slot = 0; slot < Options.Actions; slot++)
        {
            if (Action(line, slot).Use == ActionUse.Free)
                return slot;
        }
        return -1;
    }

    private void Append(int line, ref HostLineState its, int slot)
    {
        if (its.First == 0)
        {
            its.First = (byte)(slot + 1);
            return;
        }
        int last = its.First - 1;
        while (Action(line, last).Next != 0)
            last = Action(line, last).Next - 1;
        Action(line, last).Next = (byte)(slot + 1);
    }

    /// <summary>Frees an action (<c>free_irq</c>). The last one shuts the line down: masked, and disabled once more. Linux waits
    /// for handlers and the thread of the action; here its number stays taken until they have ended.</summary>
    /// <returns>False if there is no such action.</returns>
    public bool Free(int line, int action)
    {
        if (!HasAction(line, action) || Action(line, action).Use != ActionUse.Active)
            return false;
        ref HostLineState its = ref _lines[line];
        ref HostActionState its2 = ref Action(line, action);
        // Also a leaving one whose handler runs goes on behind it.
        if (its.First == action + 1)
            its.First = its2.Next;
        for (int slot = 0; slot < Options.Actions; slot++)
        {
            if (Action(line, slot).Next == action + 1 && slot != action)
                Action(line, slot).Next = its2.Next;
        }
        its2.Use = ActionUse.Leaving;
        if (its.First == 0)
        {
            its.Unlazy = 0;
            Shutdown(line, ref its);
        }
        DropIfDone(line, action);
        return true;
    }

    private void Shutdown(int line, ref HostLineState its)
    {
        if (its.Started == 0)
            return;
        (its.Replay, its.Started) = (0, 0);
        if (its.Depth != MaxDepth)
            its.Depth++;
        DisableChip(line, ref its, mask: true);
        NoteDepth(line, its);
    }

    /// <summary>An action that was freed is gone when neither its handler nor its thread runs.</summary>
    private void DropIfDone(int line, int slot)
    {
        ref HostActionState action = ref Action(line, slot);
        if (action is not { Use: ActionUse.Leaving, Phase: ThreadPhase.Idle })
            return;
        foreach (ref readonly HostRunState run in _runs.Span.Slice(line * Options.Cpus, Options.Cpus))
        {
            if (run.Cursor == slot + 1)
                return;
        }
        action = default;
    }

    // --- threads

    private bool Wake(int line, ref HostLineState its, int slot)
    {
        ref HostActionState action = ref Action(line, slot);
        if (action.HasThread == 0)
            return false;
        its.Threads |= action.Mask;
        switch (action.Phase)
        {
            case ThreadPhase.Idle:
                action.Phase = ThreadPhase.Woken;
                Events.Emit(new HostThreadWoken(line, slot).ToEvent());
                break;
            case ThreadPhase.Running or ThreadPhase.Finishing:
                action.RunAgain = 1;
                break;
        }
        return true;
    }

    /// <summary>The thread of an action begins to run. A wake-up from now on makes it run again.</summary>
    /// <returns>False if it was not woken.</returns>
    public bool ThreadStarted(int line, int action)
    {
        if (!HasAction(line, action) || Action(line, action).Phase != ThreadPhase.Woken)
            return false;
        Action(line, action).Phase = ThreadPhase.Running;
        return true;
    }

    /// <summary>The threaded handler of an action has returned. If it was the last one of a ONESHOT line, the line is unmasked,
    /// unless it is disabled; if hard handlers run, after them.</summary>
    /// <param name="line">Its line.</param>
    /// <param name="action">Its action.</param>
    /// <param name="handled">Whether it handled something.</param>
    /// <returns>False if it did not run.</returns>
    public bool ThreadEnded(int line, int action, bool handled = true)
    {
        if (!HasAction(line, action) || Action(line, action).Phase is not (ThreadPhase.Woken or ThreadPhase.Running))
            return false;
        ref HostLineState its = ref _lines[line];
        if (Events.Observing)
            Events.Observe(new HostThreadEnded(line, action).ToEvent());
        if (handled)
            its.ThreadHandled = 1;
        Action(line, action).Phase = ThreadPhase.Finishing;
        if (its.InProgress == 0)
            Finish(line, ref its, action);
        return true;
    }

    private void FinishThreads(int line, ref HostLineState its)
    {
        for (int slot = 0; slot < Options.Actions && its.InProgress == 0; slot++)
        {
            if (Action(line, slot).Phase == ThreadPhase.Finishing)
                Finish(line, ref its, slot);
        }
    }

    private void Finish(int line, ref HostLineState its, int slot)
    {
        ref HostActionState action = ref Action(line, slot);
        if (action.RunAgain != 0)
        {
            (action.RunAgain, action.Phase) = (0, ThreadPhase.Woken);
            Events.Emit(new HostThreadWoken(line, slot).ToEvent());
            return;
        }
        action.Phase = ThreadPhase.Idle;
        its.Threads &= ~action.Mask;
        bool wasOneshot = action.Bit != 0;
        DropIfDone(line, slot);
        if (!wasOneshot || its.Threads != 0)
            return;
        // Linux leaves this out if the line is disabled or unmasked by now, and such a chip never interrupts again.
        if (its.EoiOwed != 0 && (Options.Profile == HostProfile.Sound || its is { Disabled: 0, Masked: not 0 }))
            Eoi(line, ref its);
        its.EoiOwed = 0;
        UnmaskIfDone(line, ref its);
    }

    // --- interrupts that nobody handles

    private void NoteInterrupt(int line, ref HostLineState its, HandlerAnswer answers)
    {
        if (its.Polling != 0 || !Options.WatchesUnhandled)
            return;
        bool handled = (answers & HandlerAnswer.Handled) != 0;
        if (answers == HandlerAnswer.WakeThread)
        {
            // Whether the thread handled it is known at the next interrupt.
            if (its.JudgesLater == 0)
            {
                its.JudgesLater = 1;
                return;
            }
            handled = its.ThreadHandled != 0;
            its.ThreadHandled = 0;
        }
        else if (answers != HandlerAnswer.None && (answers & HandlerAnswer.WakeThread) != 0)
            its.JudgesLater = 0;
        if (!handled)
        {
            its.Unhandled = Events.Now - its.LastUnhandled > SpuriousWindow ? 1 : its.Unhandled + 1;
            its.LastUnhandled = Events.Now;
        }
        if (++its.Count < SpuriousCount)
            return;
        its.Count = 0;
        bool stuck = its.Unhandled > SpuriousLimit;
        its.Unhandled = 0;
        if (!stuck)
            return;
        its.SpuriousDisabled = 1;
        if (its.Depth != MaxDepth)
            its.Depth++;
        if (Events.Observing)
            Events.Observe(new Event(EventKind.HostNobodyCared, 0, (uint)line));
        DisableChip(line, ref its, its.Unlazy != 0);
        NoteDepth(line, its);
    }

    /// <summary>Runs the handlers of a shared line that was disabled because nobody handled it. The owner calls it every
    /// <see cref="SpuriousWindow"/>.</summary>
    /// <returns>Whether they run.</returns>
    public bool Poll(int line)
    {
        if (!Has(line))
            return false;
        ref HostLineState its = ref _lines[line];
        if (its is not { SpuriousDisabled: not 0, InProgress: 0 } || its.First == 0 || (its.Flags & HostRequestBits.Shared) == 0)
            return false;
        its.Polling = 1;
        Run(line, ref its, its.Cpu);
        return true;
    }
}
