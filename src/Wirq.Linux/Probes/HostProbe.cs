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

/// <summary>The result of a probe, and the time that it took.</summary>
/// <param name="Probe">The probe.</param>
/// <param name="Outcome">The outcome.</param>
/// <param name="Finding">The finding, as a clause.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record ProbeResult(HostProbe Probe, ProbeOutcome Outcome, string Finding, TimeSpan Elapsed);

/// <summary>One question about the host's KVM, answered by a guest of a few instructions.</summary>
/// <remarks>A probe has no state: each run creates a machine and disposes of it. A run ends within its time bound on
/// every host. Its guest is kicked. If that does not help, its thread is abandoned and ends with the process.</remarks>
public abstract class HostProbe
{
    /// <summary>The default time bound of a probe.</summary>
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

    /// <summary>Why the answer matters.</summary>
    public string Matters { get; }

    /// <summary>All probes, in the order of reports.</summary>
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
        // After a join that timed out, the thread must not change what is read here.
        Answer? answer = null;
        var thread = new Thread(() => answer = AskHere(system, time)) { IsBackground = true, Name = $"wirq probe {Name}" };
        try
        {
            HostThread.Start(thread.Start, $"probe {Name}");
            // An abandoned thread would be abandoned again, so there is no second try.
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

    /// <summary>The answer that the manuals require.</summary>
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
            // The guest did not reach the mark in time.
            return Answer.Failed(failed.Message, isLate: true);
        }
        catch (Exception failed) when (failed is KernelException or NotSupportedException)
        {
            return Answer.Failed(failed.Message);
        }
    }
}
