using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>Scripts of actors, and the single accesses of which their steps consist.</summary>
public class ActorReadingTests
{
    private static Scenario Read(string rest) => Sample.Read($"name: n\nmachine: {{cpus: 2, devices: {Sample.Devices}}}\n{rest}\n");

    private static Step[] Guest(string steps) => [.. Read($"actors: {{guest: [{steps}]}}").Actors[0].Steps];

    private static string[] Texts(string steps) => [.. Guest(steps).Select(step => step.Text)];

    [Fact]
    public void Scripts_are_the_own_steps_then_the_actors_in_the_order_of_the_file_and_then_the_expectation()
    {
        Scenario scenario = Read("steps: [{disk: raise}]\nactors: {guest: [{cpu0: sti}, {cpu0: cli}], device-2: [{disk: lower}]}\nexpect: {intr: false}");
        Assert.Equal([("", 1), ("guest", 2), ("device-2", 1), ("", 1)], scenario.Scripts().Select(script => (script.Name, script.Steps.Count)));
        Assert.IsType<ExpectStep>(scenario.Scripts()[3].Steps[0]);
        Assert.Equal(["guest: cpu0 enables interrupts", "guest: cpu0 disables interrupts"], scenario.Actors[0].Steps.Select(step => step.Text));
        Assert.False(scenario.TimeRaces);
        Assert.True(Read("time: races\nactors: {guest: [{disk: raise}]}").TimeRaces);
    }

    [Fact]
    public void Without_actors_there_is_one_script_which_ends_with_the_expectation()
    {
        Scenario scenario = Read("steps: [{cpu0: {mask: 3}}]\nexpect: {intr: false}");
        Assert.Equal(2, Assert.Single(scenario.Scripts()).Steps.Count);
        Assert.IsType<MaskCommand>(Assert.IsType<CpuStep>(scenario.Steps[0]).Command);
    }

    [Theory]
    [InlineData("{cpu0: {mask: 3}}", "masks pin 3: selects it", "masks pin 3: reads it", "masks pin 3: writes it")]
    [InlineData("{cpu0: {unmask: 3}}", "unmasks pin 3: selects it", "unmasks pin 3: reads it", "unmasks pin 3: writes it")]
    [InlineData("{cpu0: {migrate: {pin: 3, to: 1}}}", "migrates pin 3 to 1: selects it", "migrates pin 3 to 1: writes it")]
    [InlineData("{cpu0: {migrate: {pin: 3, to: 1, vector: 0x41}}}", "migrates pin 3 to 1 vector 0x41: selects it", "migrates pin 3 to 1 vector 0x41: writes it",
        "migrates pin 3 to 1 vector 0x41: selects it", "migrates pin 3 to 1 vector 0x41: reads it", "migrates pin 3 to 1 vector 0x41: writes it")]
    [InlineData("{cpu0: {write: {rte.3.low: 0x41}}}", "writes rte.3.low 0x41: selects it", "writes rte.3.low 0x41: writes it")]
    [InlineData("{cpu0: {change: {rte.3: {masked: true}}}}", "changes rte.3 to masked: selects it", "changes rte.3 to masked: reads it", "changes rte.3 to masked: writes it")]
    [InlineData("{cpu0: {mask-irq: 4}}", "masks IRQ 4: reads it", "masks IRQ 4: writes it")]
    [InlineData("{cpu0: {unmask-irq: 12}}", "unmasks IRQ 12 and the cascade: reads it", "unmasks IRQ 12 and the cascade: writes it",
        "unmasks IRQ 12 and the cascade: reads it", "unmasks IRQ 12 and the cascade: writes it")]
    [InlineData("{cpu0: eoi}", "signals EOI")]
    [InlineData("{cpu0: {change: {apic.svr: {vector: 0xfe}}}}", "changes apic.svr to vector 0xfe")]
    public void A_change_of_what_CPUs_share_is_several_steps_under_the_lock(string step, params string[] texts)
    {
        Step[] steps = Guest(step);
        Assert.Equal(texts.Select(text => $"guest: cpu0 {text}"), steps.Select(one => one.Text));
        LockUse[] uses = [.. steps.Select(one => ((CpuStep)one).Lock)];
        if (steps.Length == 1)
        {
            Assert.Equal([LockUse.None], uses);
            return;
        }
        Assert.Equal([LockUse.Take, .. Enumerable.Repeat(LockUse.None, steps.Length - 2), LockUse.Release], uses);
    }

    [Fact]
    public void An_entry_is_written_with_its_high_half_first()
    {
        WriteCommand[] writes = [.. Guest("{cpu0: {write: {rte.3: {vector: 0x41, destination: 1}}}}").Select(step => (WriteCommand)((CpuStep)step).Command)];
        Assert.Equal([(0x17ul, 0ul), (0x01000000ul, 0x10ul), (0x16ul, 0ul), (0x41ul, 0x10ul)],
            writes.Select(write => (write.Value.Bits, write.Register.Number)));
    }

    [Fact]
    public void Repetitions_of_actors_stay_and_those_of_handlers_are_written_out()
    {
        var repeat = Assert.IsType<RepeatStep>(Assert.Single(Guest("{repeat: {times: 4, steps: [{cpu0: {mask: 3}}]}}")));
        Assert.Equal((4, 3), (repeat.Times, repeat.Steps.Count));
        Assert.Equal("guest: cpu0 masks pin 3: selects it", repeat.Steps[0].Text);
        Scenario scenario = Read("handlers: {cpu0: {0x41: [{repeat: {times: 2, steps: [{mask: 3}]}}, eoi]}}\nactors: {guest: [{disk: raise}]}");
        Assert.Equal(7, scenario.Handlers[0].Turns[0].Count);
        Assert.Single(Read("handlers: {cpu0: {0x41: [{repeat: {times: 2, steps: [{mask: 3}]}}]}}\nsteps: [{disk: raise}]").Handlers[0].Turns[0]);
    }

    [Theory]
    [InlineData("actors: {}", "s.yaml:3:9: an empty map; expected 1 to 16 actors")]
    [InlineData("actors: [{disk: raise}]", "s.yaml:3:9: a list; expected a map of actors")]
    [InlineData("actors: {Guest: [{disk: raise}]}", "s.yaml:3:10: \"Guest\"; expected a name")]
    [InlineData("actors: {a: []}", "s.yaml:3:13: an empty list; expected what a does")]
    [InlineData("actors: {a: [{dsk: raise}]}", "s.yaml:3:15: \"dsk\"")]
    [InlineData("time: races\nsteps: [{disk: raise}]", "s.yaml:3:7: time without actors")]
    [InlineData("time: rases\nactors: {a: [{disk: raise}]}", "s.yaml:3:7: \"rases\"")]
    [InlineData("laws: []", "s.yaml:1:1: a scenario in which nothing happens; expected steps, actors or expect")]
    [InlineData("handlers: {cpu0: {0x41: [{time: 1ns}]}}\nactors: {a: [{disk: raise}]}", "s.yaml:3:27: time in a handler; expected it in the steps of an actor")]
    [InlineData("handlers: {cpu0: {0x41: [{repeat: {times: 2, steps: [{expect: {intr: false}}]}}]}}\nactors: {a: [{disk: raise}]}", "expect in a handler; expected it in the steps of an actor")]
    public void What_is_no_actor_gets_its_position_and_what_was_expected(string rest, string message)
    {
        var wrong = Assert.Throws<ScenarioException>(() => Read(rest));
        Assert.Contains(message, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_at_most_16_actors_whose_steps_are_counted_together()
    {
        string Many(int count, string steps) => $"actors: {{{string.Join(", ", Enumerable.Range(0, count).Select(i => $"a{i}: [{steps}]"))}}}";
        Assert.Equal(16, Read(Many(16, "{disk: raise}")).Actors.Count);
        Assert.Contains("expected 1 to 16 actors", Assert.Throws<ScenarioException>(() => Read(Many(17, "{disk: raise}"))).Message, StringComparison.Ordinal);
        Read(Many(1, "{repeat: {times: 200000, steps: [{disk: raise}]}}"));
        Assert.Contains("too many steps", Assert.Throws<ScenarioException>(() => Read(Many(2, "{repeat: {times: 100001, steps: [{disk: raise}]}}"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_update_of_an_actor_is_six_steps()
    {
        Assert.Equal(["guest: update: the CPUs stop", "guest: update: nobody reads eventfds", "guest: update: CPUs and machine are saved",
            "guest: update: a new kernel and a new host take over", "guest: update: eventfds are read again", "guest: update: the CPUs go on"], Texts("{update: done}"));
        Assert.Equal(["guest: update: the new side fails", "guest: update: the old side reads eventfds again"], Texts("{update: failed}")[3..5]);
        Assert.Equal(Texts("{update: done}"), Texts("{update: suspend}, {update: save}, {update: restore}, {update: resume}"));
    }

    [Theory]
    [InlineData("a: [{update: save}]", "a part of a live update")]
    [InlineData("a: [{update: suspend}]", "a part of a live update")]
    [InlineData("a: [{update: suspend}, {disk: raise}, {update: save}, {update: restore}, {update: resume}]", "a part of a live update")]
    [InlineData("a: [{repeat: {times: 2, steps: [{update: resume}]}}]", "a part of a live update")]
    [InlineData("a: [{disk: raise}, {update: done}], b: [{repeat: {times: 2, steps: [{update: done}]}}]", "a live update of a second actor")]
    public void A_live_update_is_whole_and_one_actors(string actors, string found) =>
        Assert.Contains(found, Assert.Throws<ScenarioException>(() => Read($"actors: {{{actors}}}")).Message, StringComparison.Ordinal);
}
