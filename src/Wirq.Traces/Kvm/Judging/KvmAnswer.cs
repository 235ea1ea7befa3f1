using Wirq.Traces.Kvm.Raises;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Judging;

/// <summary>What holds an interrupt of a log of KVM.</summary>
internal enum KvmGate : byte
{
    PinMasked, EdgeLost, RemoteIrr, LineHeld, StormBrake, NoDestination, IllegalVector, RefusedByApic,
    VectorInService, TaskPriority, NotInjected, CpuUnknown, NoEoi, EoiExitMissing,
    PicMasked, CascadeMasked, PicInService, PicPending, Lint0Closed, LvtMasked,
    RecordsLost, OtherVm, NotKnown,
}

/// <summary>An interrupt that is owed, or of which that is not known.</summary>
internal sealed record KvmOwedAnswer(string Source, Fate Fate, KvmGate Gate, Mark At, Mark? Since, int Cpu, int Vector,
    IReadOnlyList<string> Sentences, IReadOnlyList<Evidence> Evidence)
{
    /// <summary>The source where no record tells it.</summary>
    internal const string Untold = "not known";

    /// <summary>The message that nobody accepted; null where it is about something else.</summary>
    internal LostMessage? Lost { get; init; }
}

/// <summary>A vCPU that has taken nothing and touched no register since something was owed to it.</summary>
internal sealed record KvmSilent(int Cpu, Mark? Since, IReadOnlyList<string> Sentences);

/// <summary>The answer about one VM.</summary>
internal sealed record VmAnswer(VmTrail Trail, IReadOnlyList<KvmOwedAnswer> Owed, IReadOnlyList<KvmOwedAnswer> Unknown, IReadOnlyList<KvmOwedAnswer> Masked,
    IReadOnlyList<KvmSilent> Silent, IReadOnlyList<ToldAnswer> Told, IReadOnlyList<string> Notes)
{
    internal bool TellsSomething => Owed.Count + Unknown.Count + Masked.Count + Silent.Count + Told.Count + Notes.Count > 0;
}

/// <summary>The answer about a whole log.</summary>
internal sealed record KvmAnswer(KvmSurvey Survey, IReadOnlyList<VmAnswer> Vms, IReadOnlyList<LimitAnswer> Limits)
{
    /// <summary>What no log of KVM's tracepoints tells.</summary>
    internal const string NeverTold = "No log of KVM's tracepoints tells: a vCPU's interrupt flag and shadow, a TPR that CR8 changed without an exit, the table of "
        + "routes and the irqfds, what loads a chip's state, and what APICv or AVIC deliver without KVM.";

    internal WhyVerdict Verdict => Vms.Any(vm => vm.Owed.Count > 0) ? WhyVerdict.Owed
        : Limits.Count > 0 || Vms.Any(vm => vm.Unknown.Count > 0) ? WhyVerdict.NotTold : WhyVerdict.NothingOwed;

    /// <summary>What became of the raises that a question with a place is about; null without one.</summary>
    internal IReadOnlyList<KvmRaiseAnswer>? Raises { get; init; }

    internal Stamps Stamps => Survey.Stamps;

    /// <summary>The answer where some lines of other forms have an answer beside this one.</summary>
    /// <param name="left">Those that have none; null for none.</param>
    internal KvmAnswer Beside(LeftOutLines? left)
    {
        Survey.LeftOut = left;
        return this with { Limits = [.. new KvmLimits(Survey, [.. Vms]).Find()] };
    }
}
