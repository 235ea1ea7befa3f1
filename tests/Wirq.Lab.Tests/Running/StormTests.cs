using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Running;

/// <summary>A run that never rests is detected soon, and reported. A run that is only long continues to its
/// end.</summary>
public class StormTests
{
    private const int AtOnce = 64;

    [Theory]
    [InlineData("12b-uros-222-storm.yaml", "cpu0 took 0x2b 17 times in all, and the machine is where it was before, so that it never "
        + "comes to rest: it comes from IRQ 11 of the 8259s (GSI 11), which ahci holds, and the handler at line 7 does not serve ahci")]
    [InlineData("livelock-15s.yaml", "cpu0 took 0x2b 17 times in all, and the machine is where it was before, so that it never comes "
        + "to rest: it comes from IRQ 11 of the 8259s (GSI 11), which nic holds, and the handler at line 20 does not serve nic")]
    public void A_report_that_never_rests_names_the_vector_its_line_its_holders_and_the_handler(string file, string sentence)
    {
        foreach (Scenario scenario in Runs.Report(file))
        {
            Runs run = Runs.Of(scenario);
            Assert.Equal(sentence, run.Failures[^1]);
            Assert.InRange(run.Taken, 1, AtOnce);
            Storm storm = Assert.Single(run.Result.Storms);
            Assert.True(storm.Endless);
            Assert.Equal(sentence, storm.ToString());
        }
    }

    [Fact]
    public void A_storm_that_the_brake_ends_is_named_too_and_its_turns_are_one_and_a_count()
    {
        Runs run = Runs.Of(Runs.Report("lost.yaml").Single());
        Assert.Equal(["cpu0 took 0x51 10000 times, and should be 0x51"], run.Failures);
        Storm storm = Assert.Single(run.Result.Storms);
        Assert.Equal("cpu0 took 0x51 10,000 times in all, until the storm brake held the pin: it comes from pin 20 of I/OAPIC 0 (GSI 20), "
            + "which nic holds, and the handler at line 8 does not serve nic", storm.ToString());
        Assert.StartsWith("cpu0 writes rte.20", run.Timeline, StringComparison.Ordinal);
        Assert.Contains("\n9999 times\n", run.Timeline, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_that_comes_again_is_told_once_with_a_count()
    {
        ScenarioResult result = Runs.Of(Runs.Report("long-story.yaml")[0]).Result;
        Assert.InRange(result.Failures.Count, 1, 10);
        Assert.Equal(20_000, result.Failures[0].Times);
        Assert.Equal("0x83", $"0x{Assert.Single(result.Storms).Vector:x2}");
    }

    /// <summary>Tens of thousands may hold a line.</summary>
    [Fact]
    public void Of_many_holders_some_are_named_and_the_rest_is_counted()
    {
        string devices = string.Join(", ", Enumerable.Range(1, 6).Select(i => $"d{i}: {{ gsi: 11 }}"));
        Runs run = Runs.Of($$"""
            machine: { devices: { {{devices}} }, ioapics: [{ stormLimit: 0 }] }
            handlers: { cpu0: { 0x31: [{ serve: d2 }, eoi] } }
            steps:
              - cpu0: { write: { rte.11: { vector: 0x31, level: true } } }
              - cpu0: [cli]
              {{string.Join("\n  ", Enumerable.Range(1, 6).Where(i => i != 2).Select(i => $"- d{i}: raise"))}}
              - cpu0: [sti]
            """);
        string failure = Assert.Single(run.Failures);
        Assert.EndsWith("which d1, d3, d4, d5 and 1 more hold, and the handler at line 3 does not serve d1, d3, d4, d5 and 1 more", failure,
            StringComparison.Ordinal);
        Assert.Equal(5, Assert.Single(run.Result.Storms).Holders.Count);
    }

    private const string Unserved = """
        machine: { devices: { disk: { gsi: 11 } }, ioapics: [{ stormLimit: 0 }] }
        handlers: { cpu0: { 0x31: [eoi] } }
        steps:
          - cpu0: { write: { rte.11: { vector: 0x31, level: true } } }
          - disk: raise
        """;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(77)]
    public void A_line_that_nobody_serves_is_a_storm_with_every_seed(int seed)
    {
        Runs run = Runs.Of(Unserved, seed);
        Assert.Contains("never comes to rest", Assert.Single(run.Failures), StringComparison.Ordinal);
        Assert.InRange(run.Taken, 1, AtOnce);
    }

    [Theory]
    [InlineData(0, AtOnce)]
    // The order is random, so the state must be repeated often before the storm is certain.
    [InlineData(1, 5_000)]
    [InlineData(2, 5_000)]
    [InlineData(3, 5_000)]
    public void CPUs_that_wake_each_other_for_ever_are_named_each(int seed, int most)
    {
        Runs run = Runs.Of("""
            machine: { cpus: 3 }
            handlers:
              cpu0: { 0x41: [eoi, { ipi: { vector: 0x51, to: 1 } }] }
              cpu1: { 0x51: [eoi, { ipi: { vector: 0x61, to: 2 } }] }
              cpu2: { 0x61: [eoi, { ipi: { vector: 0x41, to: 0 } }] }
            steps:
              - cpu0: { ipi: { vector: 0x51, to: 1 } }
            """, seed);
        string failure = Assert.Single(run.Failures);
        Assert.All(["cpu0 took 0x41", "cpu1 took 0x51", "cpu2 took 0x61", "an IPI of cpu1"], part => Assert.Contains(part, failure, StringComparison.Ordinal));
        Assert.InRange(run.Taken, 1, most);
        Assert.Equal(3, run.Result.Storms.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Two_CPUs_at_work_at_the_same_time_are_recognised_in_any_order(int seed)
    {
        Runs run = Runs.Of("""
            machine: { cpus: 2, devices: { disk: { gsi: 11 }, nic: { gsi: 12 } }, ioapics: [{ stormLimit: 0 }] }
            handlers: { cpus: { any: [eoi] } }
            steps:
              - cpu0: { write: { rte.11: { vector: 0x31, level: true }, rte.12: { vector: 0x41, level: true, destination: 1 } } }
              - cpu0: [cli]
              - cpu1: [cli]
              - disk: raise
              - nic: raise
              - cpu1: [sti]
              - cpu0: [sti]
            """, seed);
        Assert.Contains("nic", Assert.Single(run.Failures), StringComparison.Ordinal);
        Assert.InRange(run.Taken, 1, 5_000);
    }

    [Fact]
    public void Handlers_that_nest_for_ever_are_named()
    {
        Runs run = Runs.Of("""
            machine: { devices: { disk: { gsi: 11 } }, ioapics: [{ stormLimit: 0 }] }
            handlers: { cpu0: { 0x31: [eoi, sti, cli] } }
            steps:
              - cpu0: { write: { rte.11: { vector: 0x31, level: true } } }
              - disk: raise
            """);
        Assert.Equal("cpu0 nests handlers deeper than 16, the last for 0x31: it comes from pin 11 of I/OAPIC 0 (GSI 11), which disk holds, "
            + "and the handler at line 3 does not serve disk", Assert.Single(run.Failures));
    }

    [Theory]
    [InlineData("{ serve: disk }, eoi", "stuck: true", "the handler at line 3 serves disk in vain")]
    [InlineData("eoi", "kind: wired", "the handler at line 3 does not serve disk")]
    public void A_handler_that_serves_a_device_in_vain_is_told_from_one_that_does_not(string handler, string device, string said)
    {
        string failure = Assert.Single(Runs.Of($$"""
            machine: { devices: { disk: { gsi: 11, {{device}} } }, ioapics: [{ stormLimit: 0 }] }
            handlers: { cpu0: { 0x31: [{{handler}}] } }
            steps:
              - cpu0: { write: { rte.11: { vector: 0x31, level: true } } }
              - disk: raise
            """).Failures);
        Assert.EndsWith(said, failure, StringComparison.Ordinal);
    }

    // --- what takes long and ends

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void A_handler_that_serves_its_device_after_thousands_of_turns_is_no_storm(int seed)
    {
        string turns = string.Join(", ", Enumerable.Repeat("[eoi]", 4_999));
        Runs run = Runs.Of($$"""
            machine: { cpus: 2, devices: { disk: { gsi: 11 } }, ioapics: [{ stormLimit: 0 }] }
            handlers: { cpu0: { 0x31: [{{turns}}, [{ serve: disk }, eoi]] } }
            steps:
              - cpu0: { write: { rte.11: { vector: 0x31, level: true } } }
              - disk: raise
            expect: { taken: { cpu0: { 0x31: 5000 } } }
            """, seed);
        Assert.Empty(run.Failures);
        Assert.Empty(run.Result.Storms);
    }

    [Fact]
    public void A_storm_that_a_timer_ends_is_left_to_it()
    {
        // Each turn takes a microsecond; after five thousand of them the timer's handler serves the device, whose last
        // interrupt is pending by then.
        Runs run = Runs.Of("""
            machine: { devices: { disk: { gsi: 11 } }, ioapics: [{ stormLimit: 0 }] }
            handlers: { cpu0: { 0x31: [{ time: 1us }, eoi], 0xe1: [{ serve: disk }, eoi] } }
            steps:
              - cpu0: { write: { apic.timer.divide: 0xb, apic.lvt.timer: { vector: 0xe1 }, apic.timer.initial: 5000500 } }
              - cpu0: { write: { rte.11: { vector: 0x31, level: true } } }
              - disk: raise
            expect: { taken-by-any: { 0x31: 5002, 0xe1: 1 }, holders: { disk: [] } }
            """);
        Assert.Empty(run.Failures);
    }

    [Fact]
    public void A_thousand_steps_that_take_the_same_interrupt_are_no_storm()
    {
        Runs run = Runs.Of("""
            machine: { devices: { uart: { isa: 4, kind: edge } } }
            handlers: { cpu0: { 0x31: [eoi] } }
            steps:
              - cpu0: { write: { rte.4: { vector: 0x31 } } }
              - repeat: { times: 1000, steps: [{ uart: pulse }] }
            expect: { taken: { cpu0: { 0x31: 1000 } } }
            """);
        Assert.Empty(run.Failures);
    }

    [Fact]
    public void More_timers_than_can_be_waited_for_are_named()
    {
        string failure = Assert.Single(Runs.Of("""
            machine: { start: reset }
            steps:
              - cpu0: { write: { apic.svr: 0x1ff, apic.timer.divide: 0xb, apic.lvt.timer: { vector: 0xe1, timer-mode: periodic, masked: true }, apic.timer.initial: 1 } }
              - time: 2ms
            """).Failures);
        Assert.Equal("the run comes to more than 250,000 steps, those of CPUs and timers counted: the last timer fell due as the local APIC timer of cpu0 expires, masked", failure);
    }
}
