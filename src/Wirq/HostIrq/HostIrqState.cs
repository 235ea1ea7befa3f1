using Wirq.State;

namespace Wirq.HostIrq;

/// <summary>A descriptor of a line (<c>irq_desc</c>).</summary>
internal struct HostLineState : IState
{
    /// <summary>The threads of ONESHOT actions that have not ended (<c>threads_oneshot</c>).</summary>
    public ulong Threads;
    /// <summary>When an interrupt was last not handled, in ns.</summary>
    public long LastUnhandled;
    /// <summary>How often it was disabled more than enabled (<c>depth</c>).</summary>
    public uint Depth;
    /// <summary>Interrupts since the last judgement, and how many of them nobody handled.</summary>
    public uint Count, Unhandled;
    /// <summary>The CPU to which it goes, and one more than that to which it is to move; 0 for none.</summary>
    public ushort Cpu, MoveTo;
    /// <summary>What its actions agreed on.</summary>
    public HostRequestBits Flags;
    /// <summary>One more than the slot of its first action; 0 for none.</summary>
    public byte First;
    // One bit each of irq_data's state and of istate.
    public byte Disabled, Masked, InProgress, Pending, Replay, SpuriousDisabled, Polling, Started, Unlazy;
    // The pin of its chip.
    public byte PinHigh, PinMasked, PinInService, PinLatched;
    /// <summary>1 while an interrupt waits for the EOI that comes after the threads.</summary>
    public byte EoiOwed;
    /// <summary>1 if it was put off to the next interrupt whether threads handled the last one.</summary>
    public byte JudgesLater;
    /// <summary>1 if a thread handled something since that was last looked at.</summary>
    public byte ThreadHandled;
    public byte Reserved0;
    public uint Reserved;

    public readonly bool IsOneshot => (Flags & HostRequestBits.Oneshot) != 0;
}

/// <summary>Where an action is.</summary>
internal enum ActionUse : byte
{
    Free,
    Active,
    /// <summary>It was freed, and its handler or thread still runs.</summary>
    Leaving,
}

/// <summary>Where an action's thread is.</summary>
internal enum ThreadPhase : byte
{
    Idle,
    Woken,
    Running,
    /// <summary>It has ended, and waits until the hard handlers have.</summary>
    Finishing,
}

/// <summary>An action of a line (<c>irqaction</c>).</summary>
internal struct HostActionState : IState
{
    public ActionUse Use;
    /// <summary>One more than the slot of the next action of the line; 0 for none.</summary>
    public byte Next;
    public ThreadPhase Phase;
    /// <summary>1 if it was woken while its thread ran.</summary>
    public byte RunAgain;
    public byte HasHandler, HasThread;
    /// <summary>One more than its bit in the mask of threads; 0 for none.</summary>
    public byte Bit;
    public byte Reserved;
    /// <summary>Whose it is: one more than a device of VFIO; 0 for somebody else.</summary>
    public ushort Owner;

    public readonly ulong Mask => Bit == 0 ? 0 : 1ul << Bit - 1;
}

/// <summary>The handlers of a line that run; of a per-CPU line, on one CPU.</summary>
internal struct HostRunState : IState
{
    /// <summary>One more than the slot of the action whose hard handler runs; 0 for none.</summary>
    public byte Cursor;
    /// <summary>All answers, ORed.</summary>
    public byte Answers;
    public ushort Cpu;
}
