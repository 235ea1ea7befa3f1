using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>A world is a transition system: its driver only performs listed transitions, and the world can be copied
/// between any two transitions, in any order of them.</summary>
public class TransitionTests(ITestOutputHelper output)
{
    private const int Walk = 400, LongWalk = 2000, Copied = 8;

    public static TheoryData<string> Files => [.. ShippedScenarios.Files("controllers", "routing", "remapping", "xen", "host")];

    [Theory, MemberData(nameof(Files))]
    public void The_usual_order_does_only_what_a_world_lists(string file)
    {
        List<Transition> next = [];
        foreach (Scenario scenario in ShippedScenarios.Read(file))
        {
            foreach (Design? design in scenario.Historic.Select(spec => Designs.Create(spec.Design)).Prepend(null))
            {
                using var world = new World(scenario, design);
                int done = 0;
                world.Watcher = transition =>
                {
                    world.Enabled(next);
                    Assert.True(next.Contains(transition), $"{scenario.Name}: {transition} was done, and could not happen: {string.Join(", ", next)}");
                    done++;
                };
                // Each look takes as long as there are CPUs.
                for (UsualOrder order = new(world); done < 3000 && order.Step();) { }
                Assert.True(done > 0);
            }
        }
    }

    [Theory, MemberData(nameof(Files))]
    public void In_any_order_a_copy_goes_on_as_its_original_does(string file)
    {
        int seed = file.Length * 7919;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        List<Transition> next = [], others = [];
        foreach (Scenario scenario in ShippedScenarios.Read(file))
        {
            Design? design = scenario.Historic.Count == 0 ? null : Designs.Create(scenario.Historic[random.Next(scenario.Historic.Count)].Design);
            using var first = new World(scenario, random.Next(2) == 0 ? design : null);
            using World second = first.Fork();
            try
            {
                for (int step = 0; step < Walk; step++)
                {
                    first.Enabled(next);
                    second.Enabled(others);
                    Assert.Equal(next, others);
                    if (next.Count == 0)
                        break;
                    Transition chosen = next[random.Next(next.Count)];
                    first.Apply(chosen);
                    second.Apply(chosen);
                    Assert.True(first.Identity() == second.Identity(), $"{scenario.Name}: the worlds part at {chosen}");
                    if (step % Copied == Copied - 1)
                        second.CopyFrom(first);
                }
            }
            catch (WorldException)
            {
            }
        }
    }

    [Theory, MemberData(nameof(Files))]
    public void Laws_hold_in_any_order(string file)
    {
        int seed = file.Length * 7919;
        output.WriteLine($"seed {seed}");
        foreach (Scenario scenario in ShippedScenarios.Read(file))
        {
            using World world = Walked(scenario, null, new Random(seed), out int steps);
            Assert.True(steps > 0);
            Assert.All(world.Laws.Laws, law => Assert.True(law.Break is null, $"{scenario.Name}: {law.Describe()}"));
        }
    }

    // The control: a design that breaks a law in the default order also breaks it in other orders.
    [Theory]
    [InlineData("routing/xen-callback-shares-a-line.yaml", "last-writer-wins")]
    [InlineData("controllers/ioapic-shared-vector-eoi.yaml", "eoi-first-match")]
    [InlineData("routing/virq-walk.yaml", "read-after-bind")]
    public void A_design_breaks_its_law_in_any_order(string file, string design)
    {
        Scenario scenario = ShippedScenarios.Read(file).First(scenario => scenario.Historic.Any(spec => spec.Design == design && spec.Breaks != HistoricSpec.Expectations));
        string law = scenario.Historic.First(spec => spec.Design == design && spec.Breaks != HistoricSpec.Expectations).Breaks;
        int broken = 0;
        for (int seed = 1; seed <= 20; seed++)
        {
            using World world = Walked(scenario, Designs.Create(design), new Random(seed), out _);
            broken += world.Laws.Laws.Single(one => one.Name == law).Break is null ? 0 : 1;
        }
        output.WriteLine($"{broken} of 20");
        Assert.True(broken > 0);
    }

    /// <summary>What an expectation looks at has come to rest, wherever the expectation stands.</summary>
    [Theory]
    [InlineData("[{nvme: send}, {expect: {taken: {cpu0: [0x41]}}}, {nvme: send}, {expect: {taken: {cpu0: [0x41]}}}]")]
    [InlineData("[{nvme: send}, {repeat: {times: 3, steps: [{expect: {taken: {cpu0: [0x41]}}}, {nvme: send}]}}, {expect: {taken: {cpu0: [0x41]}}}]")]
    [InlineData("[{nvme: send}, {repeat: {times: 2, steps: [{repeat: {times: 2, steps: [{expect: {taken: {cpu0: [0x41]}}}, {nvme: send}]}}]}}, {expect: {taken: {cpu0: [0x41]}}}]")]
    [InlineData("[{nvme: send}, {repeat: {times: 2, steps: [{time: 1us}, {expect: {taken: {cpu0: [0x41]}}}, {nvme: send}]}}]")]
    public void An_expectation_comes_last_in_any_order(string steps)
    {
        Scenario scenario = Assert.Single(ScenarioReader.Read("s.yaml", "name: x\nmachine: {devices: {nvme: {msi: {address: 0xfee00000, data: 0x41}}}}\n"
            + $"handlers: {{cpu0: {{any: [eoi]}}}}\nsteps: {steps}\n", Designs.Names));
        for (int seed = 1; seed <= 50; seed++)
        {
            using World world = Walked(scenario, null, new Random(seed), out _);
            Assert.Empty(world.Failures);
            Assert.True(world.IsAtEnd);
        }
    }

    [Fact]
    public void A_world_that_is_copied_from_itself_stays_as_it_is()
    {
        Scenario scenario = ShippedScenarios.Read("remapping/invalidation-in-range.yaml")[0];
        using World world = new(scenario), other = new(scenario);
        world.Apply(new Transition(TransitionKind.Script));
        other.Apply(new Transition(TransitionKind.Script));
        world.CopyFrom(world);
        world.Fabric.Memory.TryWrite(0x3000, [9, 9, 9]);
        other.Fabric.Memory.TryWrite(0x3000, [9, 9, 9]);
        Assert.Equal(other.Identity(), world.Identity());
        Assert.Equal(other.Fabric.Events.Count, world.Fabric.Events.Count);
    }

    private static World Walked(Scenario scenario, Design? design, Random random, out int steps)
    {
        var world = new World(scenario, design);
        steps = 0;
        try
        {
            ShippedScenarios.Walk(world, random, LongWalk, out steps);
        }
        catch (WorldException)
        {
            // It never comes to rest, or goes deeper than it can.
        }
        return world;
    }
}
