using Wirq.Linux.Probes;

namespace Wirq.Linux.Tests;

/// <summary>What the host's probes say. On a host that is busy, or that is emulated and compiles while it runs, a probe may be given
/// up too early: it has longer than usual, and is asked again.</summary>
internal static class PatientProbes
{
    private const int MostAnswers = 10, MostReports = 5;
    private static readonly TimeSpan s_bound = TimeSpan.FromSeconds(20);
    // tests/nested/nested. Every configuration is sound there.
    private static readonly bool s_isNested = Environment.GetEnvironmentVariable("NESTED") == "1";
    private static readonly Lazy<HostReport> s_report = new(Read);

    /// <summary>The report of this host, which is made once, and again while a probe was not carried out.</summary>
    internal static HostReport Report => s_report.Value;

    /// <summary>Asks one probe, until it was carried out.</summary>
    internal static ProbeResult Ask(string name)
    {
        using var system = KvmSystem.Open();
        HostProbe probe = HostProbe.All.Single(each => each.Name == name);
        return Ask(() => probe.Run(system, s_bound), result => result.Outcome != ProbeOutcome.Failed, MostAnswers);
    }

    private static HostReport Read() => Ask(() => HostReport.Read(s_bound), report => report.Absent is not null
        || report.Probes.All(each => each.Outcome != ProbeOutcome.Failed) && (!s_isNested || report.Configurations.All(each => each.Verdict == ConfigurationVerdict.Sound)), MostReports);

    private static T Ask<T>(Func<T> ask, Func<T, bool> isKnown, int most)
    {
        T answer = ask();
        for (int more = most - 1; more > 0 && !isKnown(answer); more--)
            answer = ask();
        return answer;
    }
}
