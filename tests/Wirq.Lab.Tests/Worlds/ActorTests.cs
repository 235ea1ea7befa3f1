using Wirq.Events;
using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>Actors: what may come in between, what waits for what, and the order of a run.</summary>
public class ActorTests
{
    private const string Shared = """
        name: n
        machine: {cpus: 2, pic: false, ioapics: [{pins: 4}], devices: {disk: {gsi: 1}, nic: {gsi: 1}}}
        handlers: {cpus: {0x41: [{serve: disk}, {serve: nic}, eoi]}}
        steps: [{cpu0: {write: {rte.1: {vector: 0x41, level: true}}}}]
        """;

    private static Scenario Read(string actors, string head = Shared) =>
        Assert.Single(ScenarioReader.Read("s.yaml", $"{head}\n{actors}\n", Designs.Names));

    /// <summary>The texts of the scripts' steps, in the order of a run.</summary>
    private static List<string> Order(Scenario scenario, int seed = 0)
    {
        using var world = new World(scenario);
        var texts = new List<string>();
        world.Watcher = next =>
        {
            if (next.Kind is TransitionKind.Script or TransitionKind.Time)
                texts.Add(world.Describe(next));
        };
        new UsualOrder(world, seed).Run();
        Assert.True(world.IsAtEnd);
        Assert.Empty(world.Failures);
        return texts;
    }

    [Fact]
    public void Actors_take_turns_after_the_own_steps_and_before_the_expectation()
    {
        Scenario scenario = Read("actors: {a: [{disk: raise}, {disk: lower}, {disk: raise}], b: [{nic: raise}, {nic: lower}]}\nexpect: {holders: {1: []}}");
        Assert.Equal(["cpu0 writes rte.1 vector 0x41 level", "the scenario goes on", "a: disk raises", "b: nic raises", "a: disk lowers", "b: nic lowers", "a: disk raises", "expect holders"],
            Order(scenario));
    }

    [Fact]
    public void A_seed_draws_another_order_of_turns()
    {
        Scenario scenario = Read("actors: {a: [{disk: raise}, {disk: lower}, {disk: raise}], b: [{nic: raise}, {nic: lower}]}");
        Assert.Equal(Order(scenario, seed: 7), Order(scenario, seed: 7));
        Assert.True(Enumerable.Range(1, 10).Select(seed => string.Join(", ", Order(scenario, seed))).Distinct().Count() > 3);
        foreach (int seed in Enumerable.Range(1, 10))
            Assert.Equal(["a: disk raises", "a: disk lowers", "a: disk raises"], Order(scenario, seed).Where(text => text.StartsWith("a:", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_timeline_names_the_actor()
    {
        ScenarioResult result = ScenarioRunner.Run(Read("actors: {driver: [{disk: raise}]}\nexpect: {holders: {1: [nic]}}"));
        Assert.Contains(result.Timeline!.Beginning.SelectMany(part => part.Entries), entry => entry.Text == "driver: disk raises");
    }

    /// <summary>Walks until a script's step of some text is possible, with what has to happen before it in the order of the
    /// list.</summary>
    private static void GoTo(World world, string text)
    {
        List<Transition> next = [];
        for (int steps = 0; steps < 10_000; steps++)
        {
            world.Enabled(next);
            Transition wanted = next.FirstOrDefault(one => one.Kind == TransitionKind.Script && world.Describe(one) == text);
            if (wanted != default)
            {
                world.Apply(wanted);
                return;
            }
            // What is no script, else the scenario's own steps.
            Assert.NotEmpty(next);
            Assert.False(next[0] is { Kind: TransitionKind.Script, Index: > 0 }, $"{text} does not come, but {world.Describe(next[0])}");
            world.Apply(next[0]);
        }
        Assert.Fail($"{text} does not come");
    }

    private static List<string> Possible(World world)
    {
        List<Transition> next = [];
        world.Enabled(next);
        return [.. next.Select(world.Describe)];
    }

    [Fact]
    public void The_own_steps_and_the_last_expectation_find_the_machine_at_rest()
    {
        Scenario scenario = Read("actors: {a: [{disk: raise}, {disk: lower}], b: [{nic: raise}]}\nexpect: {holders: {1: []}}");
        List<Transition> next = [];
        for (int seed = 1; seed <= 50; seed++)
        {
            using var world = new World(scenario);
            var random = new Random(seed);
            for (world.Enabled(next); next.Count > 0; world.Enabled(next))
            {
                Transition chosen = next[random.Next(next.Count)];
                if (chosen is { Kind: TransitionKind.Script, Index: 0 or 3 })
                    Assert.Single(next);
                world.Apply(chosen);
            }
            Assert.True(world.IsAtEnd);
            Assert.Empty(world.Failures);
        }
    }

    [Fact]
    public void Steps_of_actors_come_in_any_order()
    {
        Scenario scenario = Read("actors: {a: [{disk: raise}, {disk: lower}], b: [{nic: raise}, {nic: lower}]}");
        List<Transition> next = [];
        var orders = new HashSet<string>();
        for (int seed = 1; seed <= 400; seed++)
        {
            using var world = new World(scenario);
            var random = new Random(seed);
            string order = "";
            for (world.Enabled(next); next.Count > 0; world.Enabled(next))
            {
                // Scripts first, so that each order is likely.
                Transition chosen = next.Exists(one => one.Kind == TransitionKind.Script) ? next.Where(one => one.Kind == TransitionKind.Script).OrderBy(_ => random.Next()).First() : next[0];
                if (chosen is { Kind: TransitionKind.Script, Index: > 0 })
                    order += chosen.Index;
                world.Apply(chosen);
            }
            orders.Add(order);
        }
        // 4 over 2.
        Assert.Equal(["1122", "1212", "1221", "2112", "2121", "2211"], orders.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_access_of_a_CPU_returns_when_its_effects_have_run_and_a_device_does_not_wait()
    {
        using var world = new World(Read("actors: {guest: [{cpu1: {write: {apic.tpr: 0}}}, {cpu1: {write: {apic.tpr: 0x10}}}], disk: [{disk: raise}, {disk: lower}]}"));
        GoTo(world, "disk: disk raises");
        GoTo(world, "guest: cpu1 writes apic.tpr 0");
        Assert.DoesNotContain("guest: cpu1 writes apic.tpr 0x10", Possible(world));
        Assert.Contains("disk: disk lowers", Possible(world));
        GoTo(world, "disk: disk lowers");
        // What the device appended after the access does not hold the CPU up.
        int waiting = world.Fabric.Events.Count;
        while (!Possible(world).Contains("guest: cpu1 writes apic.tpr 0x10"))
            world.Apply(new Transition(TransitionKind.Effect));
        Assert.InRange(waiting - world.Fabric.Events.Count, 1, waiting - 1);
    }

    [Theory]
    [InlineData("mask", true)]
    [InlineData("unmask", true)]
    [InlineData("remove", true)]
    [InlineData("send", false)]
    public void A_call_whose_completion_is_architectural_holds_its_actor(string action, bool waits)
    {
        using var world = new World(Read($"actors: {{vmm: [{{nvme: {action}}}, {{nvme: send}}], other: [{{nvme: send}}]}}",
            "name: n\nmachine: {kernel: user, devices: {nvme: {eventfd: true, msi: {address: 0xfee00000, data: 0x41}}}}\nunhandled: ignore\nsteps: "
            + (action == "unmask" ? "[{nvme: mask}]" : "[]")));
        GoTo(world, "vmm: nvme " + (action switch { "mask" => "is masked", "unmask" => "is unmasked", "remove" => "is removed", _ => "sends its message" }));
        Assert.Equal(waits, world.Fabric.Events.Count > 0);
        Assert.Equal(waits, !Possible(world).Contains("vmm: nvme sends its message"));
        Assert.Contains("other: nvme sends its message", Possible(world));
    }

    [Fact]
    public void A_CPU_in_a_handler_does_no_step_of_a_script()
    {
        using var world = new World(Read("actors: {disk: [{disk: raise}], guest: [{cpu0: cli}], other: [{cpu1: cli}]}"));
        GoTo(world, "disk: disk raises");
        while (!world.CanStep(0))
            world.Apply(new Transition(TransitionKind.Effect));
        // It has not taken the interrupt yet.
        Assert.Contains("guest: cpu0 disables interrupts", Possible(world));
        world.Apply(new Transition(TransitionKind.Cpu, 0));
        Assert.DoesNotContain("guest: cpu0 disables interrupts", Possible(world));
        Assert.Contains("other: cpu1 disables interrupts", Possible(world));
    }

    [Fact]
    public void The_accesses_of_one_change_are_under_a_lock_and_a_device_comes_in_between()
    {
        using var world = new World(Read("actors: {one: [{cpu0: {mask: 1}}], two: [{cpu1: {mask: 2}}], disk: [{disk: raise}]}"));
        GoTo(world, "one: cpu0 masks pin 1: selects it");
        world.Drain();
        Assert.DoesNotContain("two: cpu1 masks pin 2: selects it", Possible(world));
        GoTo(world, "disk: disk raises");
        world.Drain();
        // CPU 0 has an interrupt, and takes none while it holds the lock.
        Assert.True(world.Fabric.HasInterrupt(0));
        Assert.Equal(["one: cpu0 masks pin 1: reads it"], Possible(world));
        GoTo(world, "one: cpu0 masks pin 1: reads it");
        GoTo(world, "one: cpu0 masks pin 1: writes it");
        Assert.Contains("two: cpu1 masks pin 2: selects it", Possible(world));
        world.Drain();
        Assert.Contains("Cpu 0", Possible(world));
        while (Possible(world) is { Count: > 0 })
            new UsualOrder(world).Step();
        Assert.True(world.Fabric.IoApics[0].Entry(1).Masked && world.Fabric.IoApics[0].Entry(2).Masked);
    }

    [Fact]
    public void A_handler_waits_for_the_lock_too()
    {
        Scenario scenario = Read("actors: {guest: [{cpu1: {mask: 2}}], disk: [{disk: raise}]}", Shared.Replace("eoi]", "{mask: 1}, eoi, {unmask: 1}]", StringComparison.Ordinal));
        using var world = new World(scenario);
        GoTo(world, "disk: disk raises");
        GoTo(world, "guest: cpu1 masks pin 2: selects it");
        world.Drain();
        while (world.CanStep(0))
        {
            world.Apply(new Transition(TransitionKind.Cpu, 0));
            world.Drain();
        }
        Assert.Equal(["guest: cpu1 masks pin 2: reads it"], Possible(world));
        new UsualOrder(world).Run();
        Assert.True(world.IsAtEnd);
        Assert.Equal((false, true), (world.Fabric.IoApics[0].Entry(1).Masked, world.Fabric.IoApics[0].Entry(2).Masked));
        foreach (int seed in Enumerable.Range(1, 20))
            Order(scenario, seed);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("time: races\n", true)]
    public void Time_passes_when_nothing_else_can_happen_unless_it_races(string time, bool races)
    {
        using var world = new World(Read($"{time}actors: {{clock: [{{time: 1ms}}, {{time: 2ms}}], disk: [{{disk: raise}}]}}"));
        GoTo(world, "clock: 1ms pass");
        Assert.Equal(0, world.Fabric.Now);
        Assert.Equal(races, Possible(world).Contains("Time"));
        GoTo(world, "disk: disk raises");
        world.Drain();
        Assert.Equal(races, Possible(world).Contains("Time"));
        while (world.CanStep(0))
        {
            world.Apply(new Transition(TransitionKind.Cpu, 0));
            world.Drain();
        }
        Assert.Equal(["Time"], Possible(world));
        world.Apply(new Transition(TransitionKind.Time));
        Assert.Equal(1_000_000, world.Fabric.Now);
        world.Drain();
        Assert.Equal(["clock goes on"], Possible(world));
        new UsualOrder(world).Run();
        Assert.Equal(3_000_000, world.Fabric.Now);
    }

    [Fact]
    public void Time_stops_at_the_first_end_of_several_actors_and_where_something_is_due()
    {
        Scenario scenario = Read("actors: {clock: [{time: 3ms}], other: [{time: 2ms}], guest: [{cpu0: {write: {apic.lvt.timer: {vector: 0x42}, apic.timer.divide: 0xb, apic.timer.initial: 1000000}}}]}\nunhandled: ignore");
        using var world = new World(scenario);
        var stops = new List<long>();
        world.Watcher = next =>
        {
            if (next.Kind == TransitionKind.Time)
                stops.Add(world.Fabric.Now);
        };
        new UsualOrder(world).Run();
        stops.Add(world.Fabric.Now);
        Assert.Equal([0, 1_000_000, 2_000_000, 3_000_000], stops);
    }

    /// <summary>Copies go on like their originals, also while actors wait and hold locks.</summary>
    [Fact]
    public void In_any_order_a_copy_goes_on_as_its_original_does()
    {
        Scenario scenario = Read("time: races\nactors: {one: [{repeat: {times: 2, steps: [{cpu0: {mask: 1}}, {cpu0: {unmask: 1}}]}}], two: [{cpu1: {migrate: {pin: 1, to: 1, vector: 0x41}}}], disk: [{disk: raise}], clock: [{time: 1us}, {disk: raise}]}");
        List<Transition> next = [], others = [];
        for (int seed = 1; seed <= 30; seed++)
        {
            var random = new Random(seed);
            using var first = new World(scenario);
            using World second = first.Fork();
            for (first.Enabled(next); next.Count > 0; first.Enabled(next))
            {
                second.Enabled(others);
                Assert.Equal(next, others);
                Transition chosen = next[random.Next(next.Count)];
                first.Apply(chosen);
                second.Apply(chosen);
                Assert.Equal(first.Identity(), second.Identity());
                if (random.Next(4) == 0)
                    second.CopyFrom(first);
            }
            Assert.True(first.IsAtEnd);
            Assert.All(first.Laws.Laws, law => Assert.True(law.Break is null, law.Describe()));
        }
    }
}
