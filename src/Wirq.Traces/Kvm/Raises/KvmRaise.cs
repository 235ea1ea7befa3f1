using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Raises;

/// <summary>A vector of a raise that reached one vCPU.</summary>
internal sealed class KvmDelivery(VcpuTrail vcpu, Accepted accepted, AcceptOutcome outcome)
{
    internal VcpuTrail Vcpu => vcpu;
    internal Accepted Accepted => accepted;
    internal AcceptOutcome Outcome => outcome;
    internal Mark? Injected { get; set; }
    internal Mark? Ended { get; set; }
    internal Mark? Dropped { get; set; }
    internal bool IsOpen => outcome is AcceptOutcome.Pending or AcceptOutcome.Merged && Ended is null && Dropped is null;
}

/// <summary>One raise of a source, and what became of it.</summary>
internal sealed class KvmRaise(string source, VmTrail vm, string verb, Mark at)
{
    /// <summary>Deliveries that are described: one message may reach many vCPUs.</summary>
    internal const int MostDeliveries = 16;

    internal string Source => source;
    internal VmTrail Vm => vm;
    internal string Verb => verb;
    internal Mark At => at;
    /// <summary>The vCPUs that the last attempt reached.</summary>
    internal List<KvmDelivery> Last { get; } = [];
    internal Mark FirstAttempt { get; private set; }
    internal Mark LastAttempt { get; private set; }
    internal long Attempts { get; private set; }
    internal long MoreVcpus { get; private set; }
    /// <summary>Where the message went out that nothing accepted.</summary>
    internal OpenMessage? Lost { get; set; }
    internal Mark? Fell { get; set; }
    internal Mark? Acknowledged { get; set; }
    /// <summary>Its entry was masked then, since that place.</summary>
    internal bool WasMasked { get; init; }
    internal Mark? MaskSince { get; init; }
    internal bool EdgeLost { get; set; }
    /// <summary>Of an input of the 8259: where the vector was injected, and where its EOI came.</summary>
    internal Mark? Injected { get; set; }
    internal Mark? Ended { get; set; }
    /// <summary>Where records are missing before anything more was told.</summary>
    internal Mark? Gap { get; set; }

    /// <summary>Whether nothing more can come of it.</summary>
    internal bool IsOver => Gap is not null || Ended is not null || Fell is not null && Attempts > 0 && !Last.Exists(one => one.IsOpen);

    /// <summary>It was delivered, at once or again.</summary>
    /// <param name="delivery">What one vCPU got.</param>
    /// <param name="cause">The line's change, the message, or the record itself: what has the same cause is one attempt.</param>
    internal void Add(KvmDelivery delivery, Mark cause)
    {
        if (Attempts == 0 || cause != LastAttempt)
        {
            FirstAttempt = Attempts++ == 0 ? cause : FirstAttempt;
            LastAttempt = cause;
            MoreVcpus = 0;
            Last.Clear();
        }
        if (Last.Count < MostDeliveries)
            Last.Add(delivery);
        else
            MoreVcpus++;
    }
}

/// <summary>The answer about one raise.</summary>
/// <param name="Vm">The VM, from 0.</param>
/// <param name="Source">The source.</param>
/// <param name="At">Where it was raised.</param>
/// <param name="Fate">How it ended.</param>
/// <param name="Gate">What holds it; null for nothing.</param>
/// <param name="Since">Since when.</param>
/// <param name="Later">How many raises of this source came after the place.</param>
/// <param name="Sentences">The answer in words.</param>
/// <param name="Evidence">Where the log shows it.</param>
internal sealed record KvmRaiseAnswer(int Vm, string Source, Mark At, Fate Fate, KvmGate? Gate, Mark? Since, long Later, IReadOnlyList<string> Sentences,
    IReadOnlyList<Evidence> Evidence);
