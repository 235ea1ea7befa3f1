using Microsoft.Coyote;
using Microsoft.Coyote.Logging;
using Microsoft.Coyote.Rewriting;
using Microsoft.Coyote.SystematicTesting;

namespace Wirq.Schedules.Tests;

/// <summary>Runs a body with threads many times, each time in another order of their steps, on one thread at a time: the
/// scheduler decides at each lock, wait and start. What it finds, it finds again with the same seed.</summary>
internal static class Schedules
{
    private const uint Seed = 20;

    /// <summary>How many orders are tried: few in the suite, many with WIRQ_LONG=1.</summary>
    private static uint Count => Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 20_000u : 200u;

    /// <summary>Tries orders of a body that must never fail.</summary>
    internal static void NeverFails(Action body, ITestOutputHelper output)
    {
        (int found, string report) = Try(body);
        output.WriteLine(report);
        Assert.True(found == 0, report);
    }

    /// <summary>Tries orders of a body with a known fault, which must be found.</summary>
    internal static void IsFound(Action body, string fault, ITestOutputHelper output)
    {
        (int found, string report) = Try(body);
        output.WriteLine(report);
        Assert.True(found > 0, $"no order shows the fault\n{report}");
        Assert.Contains(fault, report, StringComparison.Ordinal);
    }

    private static (int Found, string Report) Try(Action body)
    {
        Assert.True(RewritingEngine.IsAssemblyRewritten(typeof(Schedules).Assembly), "these tests were not rewritten, so nothing is controlled");
        Assert.True(RewritingEngine.IsAssemblyRewritten(typeof(Fabric).Assembly), "the fabric was not rewritten, so its lock is not controlled");
        Configuration configuration = Configuration.Create()
            .WithTestingIterations(Count)
            .WithRandomGeneratorSeed(Seed)
            .WithPrioritizationStrategy()
            .WithDeadlockTimeout(60_000)
            .WithVerbosityEnabled(VerbosityLevel.None)
            .WithTelemetryEnabled(false);
        using TestingEngine engine = TestingEngine.Create(configuration, body);
        engine.Run();
        TestReport report = engine.TestReport;
        string text = $"seed {Seed}: {report.GetText(configuration)}\n{string.Join('\n', report.BugReports)}\n{string.Join('\n', report.InternalErrors)}";
        Assert.True(report.InternalErrors.Count == 0, text);
        Assert.True(report.NumOfFoundBugs > 0 || report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths == (int)Count, text);
        return (report.NumOfFoundBugs, text);
    }
}
