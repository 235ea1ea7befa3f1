using System.Diagnostics;
using Wirq.Routing;

namespace Wirq.Linux.Probes;

/// <summary>What a probe found.</summary>
public enum ProbeOutcome : byte
{
    /// <summary>The host does what the manuals, or KVM's documentation, say.</summary>
    Faithful,
    /// <summary>It does something else.</summary>
    Deviates,
    /// <summary>The host does not have the tested feature.</summary>
    Lacks,
    /// <summary>The probe could not be carried out.</summary>
    Failed,
}

/// <summary>What a probe found, and how long it took.</summary>
/// <param name="Probe">The probe.</param>
/// <param name="Outcome">In a word.</param>
/// <param name="Finding">In a clause.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record ProbeResult(HostProbe Probe, ProbeOutcome Outcome, string Finding, TimeSpan Elapsed);

/// <summary>One question about the host's KVM, answered by a guest of a few instructions.</summary>
/// <remarks>A probe keeps nothing: it makes a machine of its own and ends it. Each time it is asked it is over in
/// the time it is given, whatever the host does: its guest is kicked, and where even that does not help, the thread that is lost is left
/// behind and dies with the process.</remarks>
public abstract class HostProbe
{
    /// <summary>How long a probe may take, unless said otherwise.</summary>
    public static readonly TimeSpan DefaultBound = TimeSpan.FromSeconds(2);

    private const int MostTries = 3;
    private static readonly TimeSpan s_grace = TimeSpan.FromMilliseconds(500);

    private protected HostProbe(string name, string question, string matters)
    {
        Name = name;
        Question = question;
        Matters = matters;
    }

    /// <summary>Its name in reports of a deviation: <c>eoi-exit</c>.</summary>
    public string Name { get; }

    /// <summary>Its question.</summary>
    public string Question { get; }

    /// <summary>Why it matters.</summary>
    public string Matters { get; }

    /// <summary>Every probe, in the order in which they are best read.</summary>
    public static IReadOnlyList<HostProbe> All { get; } =
    [
        new GuestRunsProbe(), new HaltWakeProbe(), new InterruptWindowProbe(), new X2ApicMsrProbe(), new ApicBaseProbe(),
        new IsrUntilEoiProbe(), new EoiExitProbe(), new ConsumesFirstProbe(), new NmiAfterIretProbe(), new VmcallProbe(),
        new SoftInterruptProbe(), new SingleStepProbe(), new StepOverIretProbe(),
    ];

    /// <summary>Runs the probe.</summary>
    /// <param name="system">The host's KVM.</param>
    /// <param name="bound">How long it may take. If omitted, it may take <see cref="DefaultBound"/>, and if that was too
    /// short, it is tried up to three times: a busy host may not let a guest run for as long as a probe waits for
    /// it.</param>
    public ProbeResult Run(KvmSystem system, TimeSpan? bound = null)
    {
        ArgumentNullException.ThrowIfNull(system);
        TimeSpan time = bound ?? DefaultBound;
        long start = Stopwatch.GetTimestamp();
        Answer found = AskOnce(system, time);
        for (int more = bound is null ? MostTries - 1 : 0; more > 0 && found.IsLate; more--)
            found = AskOnce(system, time);
        return new ProbeResult(this, found.Outcome, found.Finding, Stopwatch.GetElapsedTime(start));
    }

    private Answer AskOnce(KvmSystem system, TimeSpan time)
    {
        // What is read after a join that timed out must not change any more.
        Answer? answer = null;
        var thread = new Thread(() => answer = AskHere(system, time)) { IsBackground = true, Name = $"wirq probe {Name}" };
        try
        {
            HostThread.Start(thread.Start, $"probe {Name}");
            // A thread that is lost is lost once: it is not asked again.
            return thread.Join(time + s_grace) ? answer! : Answer.Failed($"no answer within {time.TotalSeconds:0.#} s");
        }
        catch (KernelException refused)
        {
            return Answer.Failed(refused.Message);
        }
    }

    private sealed record Answer(ProbeOutcome Outcome, string Finding, bool IsLate)
    {
        internal static Answer Failed(string why, bool isLate = false) => new(ProbeOutcome.Failed, why, isLate);
    }

    /// <summary>Runs the probe on its own thread.</summary>
    private protected abstract (ProbeOutcome Outcome, string Finding) Ask(KvmSystem system, ProbeDeadline deadline);

    /// <summary>The answer that the manuals ask for.</summary>
    private protected static (ProbeOutcome, string) Faithful(string finding) => (ProbeOutcome.Faithful, finding);
    /// <summary>Another answer.</summary>
    private protected static (ProbeOutcome, string) Deviates(string finding) => (ProbeOutcome.Deviates, finding);
    /// <summary>The host does not have it.</summary>
    private protected static (ProbeOutcome, string) Lacks(KvmCapability capability) =>
        (ProbeOutcome.Lacks, $"{HostCapability.NameOf(capability)} is 0");

    private Answer AskHere(KvmSystem system, TimeSpan bound)
    {
        try
        {
            (ProbeOutcome outcome, string finding) = Ask(system, ProbeDeadline.In(bound));
            return new Answer(outcome, finding, IsLate: false);
        }
        catch (TimeoutException)
        {
            return Answer.Failed($"not over within {bound.TotalSeconds:0.#} s", isLate: true);
        }
        catch (ProbeException failed)
        {
            // The guest did not come where it should, in the time that it had for that.
            return Answer.Failed(failed.Message, isLate: true);
        }
        catch (Exception failed) when (failed is KernelException or NotSupportedException)
        {
            return Answer.Failed(failed.Message);
        }
    }
}
