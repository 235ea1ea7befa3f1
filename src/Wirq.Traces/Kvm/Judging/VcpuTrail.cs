using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>A vector that a local APIC accepted.</summary>
/// <param name="Vector">The vector.</param>
/// <param name="At">When.</param>
/// <param name="From">What sent it, as far as the records before it tell.</param>
/// <param name="Level">It is level-triggered.</param>
/// <param name="Entries">How often the vCPU had entered the guest.</param>
/// <param name="Epoch">How many gaps the log had.</param>
/// <param name="Foreign">A thread of the kernel accepted it: it may be of another VM.</param>
internal sealed record Accepted(int Vector, Mark At, Sender From, bool Level, long Entries, int Epoch, bool Foreign)
{
    /// <summary>The name of what sent it; null where that is not told.</summary>
    internal string? Source => From.Words;
    internal int Merges { get; set; }
}

/// <summary>How often a vector came to a vCPU.</summary>
internal sealed class VectorCount
{
    internal long Accepts, Refusals, Injections, Ends;
    internal Mark First, Last, LastAccept, LastEnd;
    /// <summary>The last accept line is that of a level; null without one.</summary>
    internal bool? Level;
}

/// <summary>What a log tells of one vCPU and its local APIC.</summary>
internal sealed class VcpuTrail(int index, KvmSurvey survey)
{
    internal int Index => index;
    internal SortedDictionary<int, Accepted> Pending { get; } = [];
    /// <summary>Accept lines of a local APIC that was software-disabled: it refuses what it prints.</summary>
    internal SortedDictionary<int, Accepted> Refused { get; } = [];
    internal SortedDictionary<int, (Mark At, int Epoch)> InService { get; } = [];
    internal SortedDictionary<int, VectorCount> Counts { get; } = [];
    internal Dictionary<int, KvmFact> Registers { get; } = [];
    /// <summary>Vectors whose EOI must reach the VMM's I/OAPIC, and has not.</summary>
    internal List<(int Vector, Mark At, int Epoch)> AwaitedExits { get; } = [];
    /// <summary>It took or ended something since the last gap, so its local APIC was enabled.</summary>
    internal int WorkedEpoch { get; set; } = -1;
    internal long Entries { get; set; }
    internal Mark? LastEntry { get; set; }
    internal (Mark At, KvmExit Exit)? LastExit { get; set; }
    /// <summary>The last interrupt taken or register touched.</summary>
    internal Mark? LastSign { get; set; }
    /// <summary>Vectors that were injected or ended before anything accepted them: the clocks of two CPUs differ, so the accept line may stand
    /// behind.</summary>
    internal Dictionary<int, Mark> Early { get; } = [];
    /// <summary>On a host that ends interrupts as it injects them: the handlers that have not written their EOI.</summary>
    internal List<(int Vector, Mark At)> Handlers { get; } = [];
    internal Mark? LastSpurious { get; set; }
    /// <summary>It took or ended an interrupt, so that it listens.</summary>
    internal Mark? LastTaken { get; set; }
    /// <summary>The guest disabled the local APIC (SPIV), whatever it did later.</summary>
    internal Mark? LastDisabled { get; set; }
    internal long Spurious { get; set; }
    /// <summary>A startup IPI reached it, so that it enters the guest.</summary>
    internal Mark? Started { get; set; }
    /// <summary>It was started, and no record of its thread is in a log that has entries: those records are missing.</summary>
    internal bool IsMissing => Started is not null && Entries == 0 && survey.Counts[KvmEvent.Entry] > 0;
    private const int NoEoi = KvmRecord.Untold - 1;
    private int _printedEoi = NoEoi;

    /// <summary>An EOI that KVM finds in the guest's memory is printed twice: as kvm_eoi, and behind it as kvm_pv_eoi (lapic.c,
    /// apic_sync_pv_eoi_from_guest).</summary>
    /// <returns>The record is the second one.</returns>
    internal bool IsSameEoi(KvmRecord record)
    {
        bool same = record.Event == KvmEvent.PvEoi && record.Vector == _printedEoi;
        _printedEoi = record.Event == KvmEvent.Eoi ? record.Vector : NoEoi;
        return same;
    }

    /// <summary>The guest runs again, or gets the next vector: an EOI after that is another.</summary>
    internal void GoesOn() => _printedEoi = NoEoi;

    /// <summary>The VMM stopped it, and it did not enter again.</summary>
    internal Mark? Stopped { get; set; }

    internal KvmFact? Known(int register, int epoch) =>
        Registers.TryGetValue(register, out KvmFact fact) && fact.Epoch == epoch ? fact : null;

    /// <summary>What says that the local APIC is software-disabled; null where no register does.</summary>
    internal KvmFact? Disabled(int epoch) => SoftwareEnabled(epoch) == false ? Known((int)ApicRegister.SpuriousVector, epoch) : null;

    /// <summary>Whether the local APIC is known to be enabled.</summary>
    internal bool Enabled(int epoch) => SoftwareEnabled(epoch) ?? WorkedEpoch == epoch;

    /// <summary>The software enable of the local APIC; null where no register tells it.</summary>
    internal bool? SoftwareEnabled(int epoch) =>
        Known((int)ApicRegister.SpuriousVector, epoch) is { } spiv ? new SpuriousVector((uint)spiv.Value).Enabled : null;

    /// <summary>The guest uses x2APIC mode.</summary>
    internal bool IsX2Apic { get; set; }

    /// <summary>Whether a logical destination is known to reach it: in x2APIC mode by its id, else by the flat model, as its registers
    /// told.</summary>
    internal bool HasLogical(uint destination, int epoch)
    {
        if (IsX2Apic)
            return LogicalDestination.Derived((uint)index).MatchesX2Apic(destination);
        return destination <= byte.MaxValue
            && Known((int)ApicRegister.DestinationFormat, epoch) is { } format && DestinationFormat.Written((uint)format.Value) == DestinationFormat.Flat
            && Known((int)ApicRegister.LogicalDestination, epoch) is { } own
            && LogicalDestination.Written((uint)own.Value).MatchesXApic((byte)destination, DestinationFormat.Flat);
    }

    /// <summary>What holds back a vector that is pending, as far as registers and records tell.</summary>
    /// <returns>The gate; since when; and the vector in service that holds it, or -1.</returns>
    internal (KvmGate Gate, Mark? Since, int By) GateOf(int vector, int epoch)
    {
        int priorityClass = vector >> 4;
        if (priorityClass == 0)
            return (KvmGate.IllegalVector, null, -1);
        foreach ((int served, (Mark at, int known)) in InService.Reverse())
        {
            if (survey.Counts[KvmEvent.Eoi] > 0 && known == epoch && served >> 4 >= priorityClass)
                return (KvmGate.VectorInService, at, served);
        }
        if (Known((int)ApicRegister.TaskPriority, epoch) is { } priority && (int)(priority.Value >> 4 & 0xF) >= priorityClass)
            return (KvmGate.TaskPriority, priority.At, -1);
        // A local APIC that is disabled later keeps what it had accepted, and KVM injects it (kvm_apic_has_interrupt).
        // That it worked proves nothing where a later write of SPIV would not be seen.
        bool works = SoftwareEnabled(epoch) == true || WorkedEpoch == epoch && survey.ShowsRegisters;
        return (works ? KvmGate.CpuUnknown : KvmGate.NotKnown, null, -1);
    }

    internal VectorCount Count(int vector, Mark at)
    {
        if (!Counts.TryGetValue(vector, out VectorCount? count))
        {
            count = new VectorCount { First = at };
            if (survey.VectorsLeft > 0)
            {
                survey.VectorsLeft--;
                Counts[vector] = count;
            }
        }
        count.Last = at;
        return count;
    }

    /// <summary>A vector was taken or ended of which only a refusal is known: it was none, so the local APIC had been enabled where no record
    /// shows it.</summary>
    internal void Prove(int vector)
    {
        if (!Pending.ContainsKey(vector) && !InService.ContainsKey(vector) && Refused.Remove(vector))
            Registers.Remove((int)ApicRegister.SpuriousVector);
    }

    /// <summary>INIT, or a reset: what was pending or in service is gone.</summary>
    internal void Reset(Mark at, int epoch, bool registers)
    {
        Pending.Clear();
        InService.Clear();
        Handlers.Clear();
        AwaitedExits.Clear();
        Early.Clear();
        Registers.Clear();
        IsX2Apic = false;
        WorkedEpoch = -1;
        if (!registers)
            return;
        // SVR is 0xFF after INIT (Intel SDM 3A, 10.4.7.1): software-disabled; TPR is 0.
        Registers[(int)ApicRegister.SpuriousVector] = new(0xFF, at, epoch);
        Registers[(int)ApicRegister.TaskPriority] = new(0, at, epoch);
    }
}
