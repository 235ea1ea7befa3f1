using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Scenarios.Reading;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Running;

/// <summary>The largest possible scenarios are refused with their position, or end.</summary>
public sealed class WorkTests
{
    private const string Ipi = "cpu0: {ipi: {to: 0, vector: 0x40}}";

    private static ScenarioException Refused(string steps, string before = "") =>
        Assert.Throws<ScenarioException>(() => Read(steps, before));

    private static IReadOnlyList<Scenario> Read(string steps, string before = "") =>
        ScenarioReader.Read("s.yaml", $"name: n\n{before}steps:\n  - {steps}\n", Designs.Names);

    [Theory]
    [InlineData("repeat: {times: 100001, steps: [cpu0: [sti, cli]]}", "", "at most 200,000 steps, repetitions counted")]
    // Two variants.
    [InlineData("repeat: {times: 100001, steps: [cpu0: sti]}", "machine: {mode: [xapic, x2apic]}\n",
        "at most 100,000 steps, repetitions counted (200,000 in 2 runs, one for each variant and historic design)")]
    // Once as it stands, and once under a design.
    [InlineData("repeat: {times: 100001, steps: [cpu0: sti]}", "historic: [{design: edge-ack-of-level, breaks: NoLostEdge}]\n", "at most 100,000 steps")]
    // A look at 255 CPUs after each step.
    [InlineData("repeat: {times: 25001, steps: [cpu0: sti]}", "machine: {cpus: 255}\n", "at most 200,000 steps")]
    [InlineData("repeat: {times: 100, steps: [nic: {send: all}]}", "machine: {kernel: user, devices: {nic: {msi: {address: 0xfee00000, data: 0x40}, vectors: 2048}}}\n", "at most 200,000 steps")]
    [InlineData("repeat: {times: 100, steps: [expect: {virqs: {nic: cold}}]}", "machine: {kernel: user, devices: {nic: {msi: {address: 0xfee00000, data: 0x40}, vectors: 2048}}}\n", "at most 200,000 steps")]
    [InlineData("repeat: {times: 100001, steps: [expect: {pending: {cpu0: []}, in-service: {cpu0: []}}]}", "", "at most 200,000 steps")]
    public void Steps_that_come_to_too_much_are_refused_with_the_limit(string steps, string before, string expected)
    {
        ScenarioException refused = Refused(steps, before.Replace("edge-ack-of-level", Designs.Names.First(), StringComparison.Ordinal));
        Assert.Equal("too many steps", refused.Found);
        Assert.StartsWith(expected, refused.Expected, StringComparison.Ordinal);
        Assert.Equal(before.Length == 0 ? 3 : 4, refused.At.Line);
        Assert.Equal(5, refused.At.Column);
    }

    [Fact]
    public void The_largest_number_of_steps_is_read() =>
        Assert.Single(Read("repeat: {times: 100000, steps: [cpu0: [sti, cli]]}"));

    [Fact]
    public void More_historic_designs_than_can_be_run_are_refused()
    {
        string design = $"{{design: {Designs.Names.First()}, breaks: NoLostEdge}}";
        ScenarioException refused = Refused("cpu0: sti", $"historic: [{string.Join(", ", Enumerable.Repeat(design, 17))}]\n");
        Assert.Equal(("a list of 17", "at most 16 designs, each of which is a run", 2), (refused.Found, refused.Expected, refused.At.Line));
    }

    [Theory]
    // 10,000 steps in a handler for each step of the scenario: two thousand million in all.
    [InlineData("repeat: {times: 10000, steps: [" + Ipi + "]}", "handlers: {cpus: {0x40: [{repeat: {times: 9998, steps: [{write: {apic.tpr: 0}}]}}, eoi]}}\n", "cpu0 took 0x40 once (it comes from an IPI of cpu0, and its handler stands at line 2)")]
    // Each step of time waits for many timers.
    [InlineData("repeat: {times: 1000, steps: [time: 1ms]}", "machine: {start: reset}\n", "the last timer fell due as the local APIC timer of cpu0 expires, masked")]
    public void A_run_that_comes_to_too_much_ends_and_says_what_it_is_about(string steps, string before, string about)
    {
        const string timer = "cpu0: { write: { apic.svr: 0x1ff, apic.timer.divide: 0xb, apic.lvt.timer: { vector: 0xe1, timer-mode: periodic, masked: true }, apic.timer.initial: 10 } }\n  - ";
        ScenarioResult result = ScenarioRunner.Run(Read((steps.Contains("time:", StringComparison.Ordinal) ? timer : "") + steps, before)[0]);
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Equal($"the run comes to more than 250,000 steps, those of CPUs and timers counted: {about}", Assert.Single(result.Failures).Text);
    }

    [Fact]
    public void What_the_scenario_itself_comes_to_is_told_as_its_own()
    {
        ScenarioResult result = ScenarioRunner.Run(Read("repeat: {times: 33000, steps: [" + Ipi + ", cpu0: [sti, sti, sti, sti, sti]]}", "unhandled: ignore\n")[0]);
        Assert.Equal("the run comes to more than 250,000 steps, those of CPUs and timers counted: most of them are the scenario's own", Assert.Single(result.Failures).Text);
    }

    [Theory]
    // The IPI, the take, twelve steps, the return.
    [InlineData(Ipi, "handlers: {cpus: {0x40: [{repeat: {times: 11, steps: [{write: {apic.tpr: 0}}]}}, eoi]}}\n", 1 + 1 + 12 + 1)]
    [InlineData(Ipi, "handlers: {cpus: {0x40: [{write: {apic.tpr: 0}}, eoi]}}\n", 1 + 1 + 2 + 1)]
    // A repetition of nothing counts where it is read, and where it is done.
    [InlineData(Ipi, "handlers: {cpus: {0x40: [{repeat: {times: 7, steps: []}}, eoi]}}\n", 1 + 1 + 7 + 1 + 1)]
    [InlineData("repeat: {times: 7, steps: []}", "", 7)]
    [InlineData("repeat: {times: 5, steps: [time: 1us]}", "", 5)]
    // Two looks of 64 CPUs with each, and with each round of the handler.
    [InlineData("repeat: {times: 5, steps: [time: 1us]}", "machine: {cpus: 64}\n", 5 * 3)]
    [InlineData(Ipi, "machine: {cpus: 64}\nhandlers: {cpus: {0x40: [eoi]}}\n", 3 + 3 * (1 + 2))]
    // Without a handler, a CPU takes the interrupt and ends it.
    [InlineData(Ipi, "unhandled: ignore\n", 1 + 2)]
    public void A_step_counts_once(string steps, string before, int work)
    {
        Scenario scenario = Read(steps, before)[0];
        using var world = new World(scenario);
        new UsualOrder(world).Run();
        Assert.Equal(work, world.Work);
    }

    [Fact]
    public void A_handler_of_twelve_steps_reaches_the_usual_storm_brake()
    {
        const string before = "machine: {devices: {disk: {gsi: 11, stuck: true}}}\n"
            + "handlers: {cpus: {0x31: [{repeat: {times: 10, steps: [{write: {apic.tpr: 0}}]}}, {serve: disk}, eoi]}}\n";
        ScenarioResult result = ScenarioRunner.Run(Read("cpu0: {write: {rte.11: {vector: 0x31, level: true}}}\n  - disk: raise\n  - expect: {events: {storm-braked: 1}}", before)[0]);
        Assert.Equal(Verdict.Held, result.Verdict);
        Assert.False(Assert.Single(result.Storms).Endless);
    }

    [Theory]
    [InlineData("expectations")]
    [InlineData("NoLostEdge")]
    public void A_design_whose_run_is_cut_off_is_not_caught(string breaks)
    {
        const string before = "handlers: {cpus: {0x40: [{repeat: {times: 9998, steps: [{write: {apic.tpr: 0}}]}}, eoi]}}\n";
        string historic = $"historic: [{{design: {Designs.Names.First()}, breaks: {breaks}}}]\n";
        ScenarioResult result = ScenarioRunner.Run(Read("repeat: {times: 26, steps: [" + Ipi + "]}", before + historic)[0]);
        HistoricResult cut = Assert.Single(result.Historic);
        Assert.Equal((false, false), (cut.Caught, cut.Finished));
        Assert.StartsWith("the run comes to more than 250,000 steps", cut.Detail, StringComparison.Ordinal);
        Assert.Equal(Verdict.Failed, result.Verdict);
    }

    [Fact]
    public void Each_design_has_a_run_of_its_own_until_those_before_it_come_to_too_much()
    {
        // Each run comes to about 100,000.
        const string before = "handlers: {cpus: {0x40: [{repeat: {times: 9998, steps: [{write: {apic.tpr: 0}}]}}, eoi]}}\n";
        string design = $"{{design: {Designs.Names.First()}, breaks: expectations}}";
        ScenarioResult result = ScenarioRunner.Run(Read("repeat: {times: 10, steps: [" + Ipi + "]}",
            $"{before}historic: [{string.Join(", ", Enumerable.Repeat(design, 4))}]\n")[0]);
        Assert.Empty(result.Failures);
        Assert.Equal([true, true, true, false], result.Historic.Select(one => one.Finished));
        Assert.All(result.Historic, one => Assert.False(one.Caught));
        Assert.Equal("everything expected was found", result.Historic[2].Detail);
        Assert.Equal("the designs before it come to more than 250,000 steps", result.Historic[3].Detail);
    }

    [Fact]
    public void Steps_are_counted_on_each_machine_that_they_are_run_on()
    {
        MachineSpec few = Read("cpu0: sti")[0].Machine, many = Read("cpu0: sti", "machine: {cpus: 255}\n")[0].Machine;
        YamlNode steps = YamlTree.Parse("s.yaml", "[repeat: {times: 100000, steps: [cpu0: sti]}]");
        Assert.Single(new StepReader(new Actors(few), [few]).ReadScenario(steps, 1));
        Assert.Throws<ScenarioException>(() => new StepReader(new Actors(few), [few, many]).ReadScenario(steps, 1));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("machine: {memory: 0x1000000}\n", 0)]
    // What a design remembers is part of the state, too.
    [InlineData("", 1)]
    [InlineData("machine: {memory: 0x1000000}\n", 1)]
    public void A_storm_is_named_as_its_state_comes_back_however_large_that_is(string before, int designs)
    {
        Scenario scenario = Read(Ipi, "handlers: {cpus: {0x40: [{ipi: {to: 0, vector: 0x40}}, eoi]}}\n" + before)[0];
        using var world = new World(scenario, designs == 0 ? null : Designs.Create(Designs.Names.First()));
        Assert.True(Assert.Throws<WorldException>(() => new UsualOrder(world).Run()).IsOutcome);
        Assert.Equal(17, Assert.Single(world.Storms).Times);
    }
}
