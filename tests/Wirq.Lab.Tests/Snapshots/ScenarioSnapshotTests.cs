using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Tests.Worlds;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Snapshots;

public class ScenarioSnapshotTests
{
    public static TheoryData<string> Files => [.. ShippedScenarios.Files("controllers", "routing", "remapping", "xen", "host")];

    [Theory]
    [MemberData(nameof(Files))]
    public void The_machine_of_a_shipped_scenario_is_restored_to_the_same_identity_wherever_it_rests(string file)
    {
        int saved = 0;
        foreach (Scenario scenario in ShippedScenarios.Read(file))
        {
            using var world = new World(scenario);
            saved += Compare(world);
            var order = new Random(3);
            List<Transition> next = [];
            for (int step = 0; step < 150; step++)
            {
                world.Enabled(next);
                if (next.Count == 0)
                    break;
                world.Apply(next[order.Next(next.Count)]);
                saved += Compare(world);
            }
        }
        Assert.NotEqual(0, saved);
    }

    private static int Compare(World world)
    {
        if (!world.Fabric.Events.IsEmpty || world.Fabric.HasCallInFlight)
            return 0;
        byte[] snapshot = world.Fabric.Save();
        var alone = new Fabric(world.Fabric.Options);
        alone.CopyFrom(world.Fabric);
        var restored = new Fabric(world.Fabric.Options);
        restored.Restore(snapshot);
        Assert.Equal(alone.Identity(), restored.Identity());
        Assert.Equal(snapshot, restored.Save());
        return 1;
    }
}
