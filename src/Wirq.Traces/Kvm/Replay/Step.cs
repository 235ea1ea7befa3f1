using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>What a step does to the chips.</summary>
internal enum StepKind : byte
{
    /// <summary>A line's level at the 8259 pair, or at the I/OAPIC. KVM drives them one after another, each under its own lock.</summary>
    PicDrive, PinDrive,
    Message, Ipi,
    /// <summary>A local APIC ends its highest vector.</summary>
    Eoi,
    ApicWrite, ApicRead, BaseWrite,
    IoApicWrite, IoApicRead, PicWrite, PicRead,
    /// <summary>A vCPU takes a vector.</summary>
    Inject,
    /// <summary>A vector that nothing before it explains: of a timer, or of what no record tells.</summary>
    Accept,
    /// <summary>Effects whose cause is not in the log.</summary>
    Orphan,
}

/// <summary>Where a step is.</summary>
internal enum StepState : byte
{
    New, Open, Waiting,
    /// <summary>It was applied: what its thread shows now is no longer compared with it.</summary>
    Done,
}

/// <summary>One cause, and the records of its thread that follow from it: they are compared together.</summary>
internal sealed class Step(StepKind kind, KvmLine cause, int vcpu)
{
    internal StepKind Kind => kind;
    /// <summary>The record of the cause; of a drive the line's, before the chip's.</summary>
    internal KvmLine Cause => cause;
    /// <summary>The vCPU of the thread; negative where it is none, or not known.</summary>
    internal int Vcpu => vcpu;

    /// <summary>The record of a chip, of an EOI, of an IPI, or of a command that stands behind its effects.</summary>
    internal KvmLine? Result { get; set; }
    /// <summary>The write of the EOI register, or of the ICR.</summary>
    internal KvmLine? Write { get; set; }
    internal KvmLine? Braked { get; set; }
    internal List<KvmLine> Accepts { get; } = [];
    internal List<KvmLine> Acks { get; } = [];

    /// <summary>A message that stands in a burst: KVM scans its routes, and prints each.</summary>
    internal bool IsScan { get; set; }
    /// <summary>The guest wrote the EOI register itself.</summary>
    internal bool ByGuest { get; set; }
    /// <summary>A thread of the kernel, which works for any VM.</summary>
    internal bool IsForeign { get; init; }
    /// <summary>The log, or what it has of the thread, ends before all of its records must be there.</summary>
    internal bool IsCut { get; set; }

    /// <summary>When its effect may have come: positions in the log, in nanoseconds.</summary>
    internal long First { get; set; }
    internal long Last { get; set; }
    /// <summary>The order in the log of the record that shows the effect.</summary>
    internal long Order { get; set; }
    /// <summary>The thread, whose steps keep their order.</summary>
    internal int Thread { get; init; }

    internal StepState State { get; set; }

    /// <summary>Where the log shows its effect.</summary>
    internal Mark Shown => kind is StepKind.PicDrive or StepKind.PinDrive ? Accepts.Count > 0 ? Accepts[0].At : Result?.At ?? cause.At : cause.At;

    /// <summary>Its last record.</summary>
    internal Mark LastRecord
    {
        get
        {
            Mark last = cause.At;
            foreach (KvmLine? line in (ReadOnlySpan<KvmLine?>)[Result, Write, Braked, .. Accepts, .. Acks])
                last = line is not null && line.At.Event > last.Event ? line.At : last;
            return last;
        }
    }

    /// <summary>The record stands before the effect: until the next record of the thread, it may not have come.</summary>
    internal bool IsShownBefore => kind is StepKind.Eoi or StepKind.ApicWrite or StepKind.BaseWrite or StepKind.IoApicWrite or StepKind.PicWrite;
}

/// <summary>A comparison of one record, or of one that is missing.</summary>
/// <param name="Event">The event.</param>
/// <param name="Verdict">Its result.</param>
/// <param name="Line">The record; where it is missing, that of the cause.</param>
/// <param name="Predicted">What the chips say, of a mismatch.</param>
/// <param name="Logged">What the log says, of a mismatch.</param>
internal readonly record struct Finding(KvmEvent Event, Wirq.Traces.Replay.ResponseVerdict Verdict, KvmLine Line, string? Predicted, string? Logged);
