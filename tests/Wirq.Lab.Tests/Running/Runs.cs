using Wirq.Events;
using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Running;

/// <summary>A run of a scenario, and how many interrupts its CPUs took: the measure of how long it went on.</summary>
internal sealed record Runs(ScenarioResult Result, int Taken)
{
    internal IReadOnlyList<string> Failures => [.. Result.Failures.Select(failure => failure.Text)];

    internal static Runs Of(Scenario scenario, int seed = 0)
    {
        int taken = 0;
        ScenarioResult result = ScenarioRunner.Run(scenario with { Historic = [] }, seed,
            happened => taken += happened.Kind == EventKind.VectorTaken ? 1 : 0);
        return new Runs(result, taken);
    }

    internal static Runs Of(string text, int seed = 0) => Of(Read("s.yaml", $"name: x\n{text}\n").Single(), seed);

    internal static IReadOnlyList<Scenario> Report(string name, string more = "") =>
        Read(name, File.ReadAllText(Repository.PathOf(Path.Combine("tests/reports/run", name))) + more);

    internal string Timeline => string.Join('\n', Result.Timeline!.Beginning.Concat(Result.Timeline.End).SelectMany(Lines));

    private static IReadOnlyList<Scenario> Read(string file, string text) => ScenarioReader.Read(file, text, Designs.Names);

    private static IEnumerable<string> Lines(TimelinePart part) => part.Parts.Count == 0 ? part.Entries.Select(entry => entry.Text)
        : [.. part.Parts.SelectMany(Lines), $"{part.Times} times"];
}
