using Wirq.Events;
using Wirq.Lab.Running;

namespace Wirq.Lab.Tests.Running;

/// <summary>A CPU that takes a vector for which it has no handler.</summary>
public class UnhandledTests
{
    [Fact]
    public void The_report_fails_and_holds_where_it_says_that_it_means_it()
    {
        Runs run = Runs.Of(Runs.Report("one.yaml").Single());
        Assert.Equal(["cpu0 took 0x31 of pin 11 of I/OAPIC 0 (GSI 11), which d holds, and has no handler for it; give it one, or say \"unhandled: ignore\""],
            run.Failures);
        Assert.Equal(Verdict.Failed, run.Result.Verdict);
        Assert.Equal(Verdict.Held, Runs.Of(Runs.Report("one.yaml", "unhandled: ignore\n").Single()).Result.Verdict);
        Assert.Equal(Verdict.Failed, Runs.Of(Runs.Report("one.yaml", "unhandled: fail\n").Single()).Result.Verdict);
    }

    [Fact]
    public void Each_CPU_and_vector_fails_once_where_the_step_stands()
    {
        Runs run = Runs.Of("""
            machine: { cpus: 2 }
            handlers: { cpu1: { 0x41: [eoi] } }
            steps:
              - cpu0: { ipi: { vector: 0x41, shorthand: all } }
              - cpu0: { ipi: { vector: 0x51, shorthand: all } }
              - repeat: { times: 10, steps: [{ cpu0: { ipi: { vector: 0x41, shorthand: all } } }] }
            """);
        Assert.Equal([(5, "cpu0 took 0x41 of an IPI of cpu0"), (6, "cpu0 took 0x51 of an IPI of cpu0"), (6, "cpu1 took 0x51 of an IPI of cpu0")],
            run.Result.Failures.Select(failure => (failure.At.Line, failure.Text.Split(',')[0])));
        Assert.All(run.Result.Failures, failure => Assert.Equal(1, failure.Times));
    }

    [Fact]
    public void What_is_taken_by_hand_needs_no_handler()
    {
        Assert.Empty(Runs.Of("""
            steps:
              - cpu0: [cli, { ipi: { vector: 0x41, to: 0 } }, { take: 0x41 }, eoi, { inta: 0x27 }]
            """).Failures);
    }

    // What the steps write: two trigger modes and two masks.
    private const int Steps = 4;

    // IRQ 4 (or 12) falls before the INTA cycle.
    private const string Spurious = """
        machine: { devices: { uart: { isa: IRQ } } }
        steps:
          - cpu0: [{ write: { pic.master.elcr: 0x10, pic.slave.elcr: 0x10 } }, { unmask-irq: 2 }, { unmask-irq: IRQ }, cli]
          - uart: raise
          - uart: lower
          - cpu0: sti
        """;

    [Theory]
    [InlineData("4", "0x27", "7")]
    [InlineData("12", "0x2f", "15")]
    public void A_spurious_vector_is_a_vector_too(string irq, string vector, string spurious)
    {
        string text = Spurious.Replace("IRQ", irq, StringComparison.Ordinal);
        Assert.StartsWith($"cpu0 took the spurious vector {vector} of IRQ {spurious} of the 8259s", Assert.Single(Runs.Of(text).Failures), StringComparison.Ordinal);
        Assert.Empty(Runs.Of($"{text}\nhandlers: {{ cpu0: {{ {vector}: [] }} }}").Failures);
    }

    [Theory]
    [InlineData("4", 0)]
    // The master has IRQ 2 in service, for it cannot know (8259A data sheet).
    [InlineData("12", 1)]
    public void The_last_resort_ends_a_spurious_vector_where_it_is_in_service(string irq, int ends)
    {
        string text = Spurious.Replace("IRQ", irq, StringComparison.Ordinal);
        Assert.Empty(Runs.Of($"{text}\nunhandled: ignore\nexpect: {{ events: {{ port-write: {Steps + ends} }} }}").Failures);
    }

    [Fact]
    public void The_last_resort_ends_an_interrupt_of_the_8259s_and_of_the_local_APIC()
    {
        Assert.Empty(Runs.Of("""
            unhandled: ignore
            machine: { devices: { uart: { isa: 4 } } }
            steps:
              - cpu0: [{ unmask-irq: 4 }, { ipi: { vector: 0x41, to: 0 } }]
              - uart: raise
            expect: { taken: { cpu0: [0x41, 0x24] }, events: { pic-eoi: 1, cpu-eoi: 1 }, in-service: { cpu0: [] } }
            """).Failures);
    }
}
