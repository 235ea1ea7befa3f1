using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>All that a world remembers of its machine lies in its arena: kernel, eventfds and guest memory too.</summary>
public class WorldStateTests
{
    public static TheoryData<string> Files => [.. new[] { "routing", "remapping" }
        .SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(Path.Combine("scenarios", folder)), "*.yaml"))
        .Where(file => File.ReadAllText(file).Contains("kernel:", StringComparison.Ordinal) && !file.Contains("2048", StringComparison.Ordinal))
        .Select(file => Path.GetRelativePath(Repository.PathOf("scenarios"), file))
        .Order(StringComparer.Ordinal)];

    [Fact]
    public void A_world_that_takes_nothing_over_goes_another_way()
    {
        string path = Repository.PathOf("scenarios/routing/virq-walk.yaml");
        Scenario scenario = ScenarioReader.Read(path, File.ReadAllText(path), Designs.Names)[0];
        World first = new(scenario), second = new(scenario);
        first.Run(scenario.Steps[1]);
        Assert.False(first.Arena.HasSameBytes(second.Arena));
    }

    [Theory, MemberData(nameof(Files))]
    public void A_world_that_takes_over_the_state_of_another_goes_on_as_it_does(string file)
    {
        string path = Repository.PathOf(Path.Combine("scenarios", file));
        foreach (Scenario scenario in ScenarioReader.Read(path, File.ReadAllText(path), Designs.Names))
        {
            // Which steps come before the copy matters; what they counted for expectations is no state of the machine.
            Step[] steps = [.. scenario.Steps.Where(step => step is not ExpectStep)];
            for (int cut = 0; cut <= steps.Length; cut += Math.Max(1, steps.Length / 4))
            {
                var first = new World(scenario);
                foreach (Step step in steps[..cut])
                    first.Run(step);
                var second = new World(scenario);
                second.Run(new TimeStep(scenario.At, "", first.Fabric.Now - second.Fabric.Now));
                second.Arena.CopyFrom(first.Arena);
                foreach (Step step in steps[cut..])
                {
                    first.Run(step);
                    second.Run(step);
                    Assert.True(first.Arena.HasSameBytes(second.Arena), $"{scenario.Name}: the worlds part at {step.At}");
                }
            }
        }
    }
}
