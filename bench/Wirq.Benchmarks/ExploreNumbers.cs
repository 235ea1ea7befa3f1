using System.Diagnostics;
using Wirq.Lab.Exploring;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;

namespace Wirq.Benchmarks;

/// <summary>How fast every state of the large world of a virq is visited, with all cores: the whole search, livelocks included, by wall
/// time. Where a machine has other work, the time of its processors says more, and stands beside it.</summary>
internal static class ExploreNumbers
{
    private const string World = "virq-life-large.yaml";
    private const int Rounds = 3, StatesToWarmUp = 200_000;

    internal static void Measure(TextWriter output)
    {
        using var text = new StreamReader(typeof(ExploreNumbers).Assembly.GetManifestResourceStream(World)!);
        Scenario scenario = ScenarioReader.Read(World, text.ReadToEnd(), Designs.Names)[0] with { Historic = [] };
        WorldExplorer.Explore(scenario, new ExploreOptions { MaxStates = StatesToWarmUp });
        (ExploreResult Result, TimeSpan Busy)[] runs = [.. Enumerable.Range(0, Rounds).Select(_ => Run(scenario))];
        (ExploreResult best, _) = runs.MinBy(run => run.Result.Search.Elapsed);
        Exploration search = best.Search;
        if (best.Verdict != ExploreVerdict.Proved)
            throw new InvalidOperationException($"{World} is not proved: {best.Verdict}");
        Quick.Print(output, "explore-states", search.States, "states", "0");
        Quick.Print(output, "explore-states-per-second", search.PerSecond(search.States), "states/s", "0");
        Quick.Print(output, "explore-transitions-per-second", search.PerSecond(search.Transitions), "transitions/s", "0");
        Quick.Print(output, "explore-states-per-processor-second", search.States / runs.Min(run => run.Busy.TotalSeconds), "states/s", "0");
        Quick.Print(output, "explore-bytes-per-state", search.BytesPerState, "B");
        Quick.Print(output, "explore-edges", search.EdgeBytes / (double)(1 << 20), "MB");
        Quick.Print(output, "explore-frontier", search.FrontierBytes / (double)(1 << 20), "MB");
    }

    private static (ExploreResult Result, TimeSpan Busy) Run(Scenario scenario)
    {
        using var process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        ExploreResult result = WorldExplorer.Explore(scenario);
        process.Refresh();
        return (result, process.TotalProcessorTime - before);
    }
}
