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
        Scenario scenario = Read("routing/virq-walk.yaml")[0];
        World first = new(scenario), second = new(scenario);
        UsualOrder order = new(first);
        order.Step();
        order.Step();
        Assert.NotEqual(first.Identity(), second.Identity());
    }

    [Theory, MemberData(nameof(Files))]
    public void A_fork_goes_on_as_its_original_does(string file)
    {
        foreach (Scenario scenario in Read(file))
        {
            for (int cut = 0; cut <= scenario.Steps.Count; cut += Math.Max(1, scenario.Steps.Count / 4))
            {
                var first = new World(scenario);
                UsualOrder order = new(first);
                for (int step = 0; step < cut; step++)
                    order.Step();
                World second = first.Fork();
                UsualOrder otherOrder = new(second);
                Assert.Equal(first.Identity(), second.Identity());
                int failed = first.Failures.Count;
                while (order.Step())
                {
                    Assert.True(otherOrder.Step());
                    Assert.True(first.Identity() == second.Identity(), $"{scenario.Name}: the worlds part before {first.Begun}");
                }
                Assert.False(otherOrder.Step());
                Assert.Equal(first.Failures.Count - failed, second.Failures.Count);
            }
        }
    }

    private static IReadOnlyList<Scenario> Read(string file)
    {
        string path = Repository.PathOf(Path.Combine("scenarios", file));
        return ScenarioReader.Read(path, File.ReadAllText(path), Designs.Names);
    }
}
