using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Substitution;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>Scenarios in which fields and values were replaced: read and run, or refused with their place.</summary>
public sealed class SubstitutionTests(ITestOutputHelper output)
{
    private const int Seed = 3_000_000, Usual = 300;
    // Of a machine in many variants each is built anew.
    private const int MostVariants = 4;
    private const long MostBytes = 1L << 30;

    // Most of a run's time goes into machines that never come to rest; by default they are put together and started.
    private static readonly bool s_runs = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";

    private static readonly string[] s_samples =
    [
        Sample.Everything,
        .. Directory.GetFiles(Repository.PathOf("scenarios"), "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(File.ReadAllText),
    ];

    [Fact]
    public void Whatever_stands_in_a_scenario_it_is_run_or_refused_with_its_place() =>
        Cases.Run(output, Seed, Usual, MostBytes, Make, (text, _) => Play(text));

    private static string Make(Random random) => new Substitutor(random, ScenarioReader.MaxLength).Apply(s_samples[random.Next(s_samples.Length)]);

    private static bool Play(string text)
    {
        IReadOnlyList<Scenario> scenarios;
        try
        {
            scenarios = ScenarioReader.Read("s.yaml", text, Designs.Names);
        }
        catch (ScenarioException refused)
        {
            Assert.Equal("s.yaml", refused.At.File);
            Assert.InRange(refused.At.Line, 1, text.Split('\n').Length);
            Assert.InRange(refused.At.Column, 1, text.Length + 1);
            Assert.Equal($"{refused.At}: {refused.Found}; expected {refused.Expected}", refused.Message);
            Assert.DoesNotContain(refused.Message, char.IsControl);
            return false;
        }
        foreach (Scenario scenario in scenarios.Take(MostVariants))
        {
            if (!s_runs)
            {
                using var world = new World(scenario);
                Assert.True(world.Fabric.Events.Count == 0);
                continue;
            }
            ScenarioResult result = ScenarioRunner.Run(scenario);
            Assert.Contains(result.Verdict, (Verdict[])[Verdict.Held, Verdict.Failed]);
            Assert.True(result.Verdict == Verdict.Held || result.Failures.Count > 0 || result.Laws.Any(law => !law.Held)
                || result.Historic.Any(one => !one.Caught));
        }
        return true;
    }
}
