using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>A message on its way: what is printed of it before the local APICs accept it.</summary>
internal struct OpenMessage
{
    internal bool Is;
    internal Mark At;
    internal uint Destination;
    internal int Vector;
    internal DeliveryMode Mode;
    internal DestinationShorthand Shorthand;
    internal bool Logical, Level, Burst;
    internal int Accepts;

    /// <summary>It is of a kind that a local APIC accepts: scans print routes that have no vector yet.</summary>
    internal readonly bool CanBeLost => Is && (Mode is DeliveryMode.Fixed or DeliveryMode.LowestPriority && Vector >= 0x10 || Mode == DeliveryMode.Nmi);
}

/// <summary>What the last records of one thread began: the records behind them on the same thread are its effects.</summary>
internal sealed class ThreadContext(KvmThread? thread)
{
    internal KvmThread? Thread => thread;
    internal int Vcpu => thread?.Vcpu ?? KvmRecord.Untold;

    /// <summary>The trail of its vCPU, once that is there.</summary>
    internal VcpuTrail? Own;

    /// <summary>kvm_set_irq: a line got a level.</summary>
    internal bool HasLine;
    internal int Gsi, Source;
    internal bool Level;
    internal Mark LineAt;
    /// <summary>The I/OAPIC's record of that level, which comes after delivery, stands in the log.</summary>
    internal bool PinPrinted;
    /// <summary>A record of a chip or a message stands behind that level.</summary>
    internal bool Answered;
    /// <summary>What is accepted now may be the line's.</summary>
    internal bool Delivers => HasLine && !PinPrinted;
    /// <summary>Accept lines since the last line of a chip, and how many of them were refused.</summary>
    internal int Accepts, Refusals;

    internal OpenMessage Message, Ipi;

    /// <summary>A pin that an EOI or an unmask may deliver again; -1 for none.</summary>
    internal int Served = -1;

    /// <summary>Its last record is the guest's write of a register that decides what reaches the local APIC.</summary>
    internal bool Readdressed;

    /// <summary>How many gaps the log had when the thread was last seen: what it began before a gap is not told further.</summary>
    internal int Epoch;

    /// <summary>A line gets a level: what the thread began before is over.</summary>
    internal void Drive(KvmRecord record, Mark at)
    {
        Close();
        (HasLine, Gsi, Level, Source, LineAt) = (true, record.Gsi, record.Level, record.Source, at);
    }

    internal void Close()
    {
        HasLine = PinPrinted = Answered = false;
        Accepts = Refusals = 0;
        Served = -1;
        Message = Ipi = default;
    }
}
