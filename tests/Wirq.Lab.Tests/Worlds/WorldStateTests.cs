using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>All state of a world's machine is in its arena, including kernel, eventfds, guest memory and the pages of Xen's guests.</summary>
public class WorldStateTests
{
    public static TheoryData<string> Files => [.. ShippedScenarios.Files("routing", "remapping")
        .Where(file => ShippedScenarios.TextOf(file).Contains("kernel:", StringComparison.Ordinal)), .. ShippedScenarios.Files("xen", "host")];

    [Fact]
    public void A_world_that_takes_nothing_over_goes_another_way()
    {
        Scenario scenario = ShippedScenarios.Read("routing/virq-walk.yaml")[0];
        World first = new(scenario), second = new(scenario);
        UsualOrder order = new(first);
        order.Step();
        order.Step();
        Assert.NotEqual(first.Identity(), second.Identity());
    }

    [Theory, MemberData(nameof(Files))]
    public void A_fork_goes_on_as_its_original_does(string file)
    {
        foreach (Scenario scenario in ShippedScenarios.Read(file))
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
}
