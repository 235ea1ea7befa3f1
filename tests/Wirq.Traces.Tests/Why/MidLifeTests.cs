using System.Text;
using Wirq.Traces.Replay;
using Wirq.Traces.Tests.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>Logs that begin in mid-life: a register is known from the line that shows it on, and then also before it.</summary>
public sealed class MidLifeTests
{
    private static WhyEngine Read(string lines, string? question = null) => LogWhy.Read(
        () => new MemoryStream(Encoding.ASCII.GetBytes(ReplayLogs.Stamped(lines))), "text", question is null ? null : WhyQuestion.Parse(question, out _));

    private static string Answer(string lines, string question)
    {
        SourceAnswer answer = Assert.Single(Read(lines, question).Answer()!, one => one.Source.ToString() == question);
        return string.Join(' ', [.. answer.Raises.SelectMany(raise => raise.Sentences), .. answer.Now]);
    }

    [Fact]
    public void An_entry_that_is_read_later_says_why_the_level_waits()
    {
        const string log = """
            ioapic_set_irq vector: 10 level: 1
            ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x0 size 0x4 val 0x24
            ioapic_mem_read ioapic mem read addr 0x10 regsel: 0x24 size 0x4 retval 0x1805b
            """;
        string answer = Answer(log, "ioapic:10");
        Assert.Contains("the pin is masked since before the log's first line, as L3", answer, StringComparison.Ordinal);
        Assert.Contains("shows; no line writes it", answer, StringComparison.Ordinal);
        // The control: without the read, no gate.
        string blind = Answer(log[..log.IndexOf("ioapic_mem_read", StringComparison.Ordinal)], "ioapic:10");
        Assert.DoesNotContain("masked", blind, StringComparison.Ordinal);
        Assert.Contains("is not known", blind, StringComparison.Ordinal);
    }

    [Fact]
    public void A_read_after_a_write_shows_nothing_of_the_time_before_it()
    {
        const string log = """
            ioapic_set_irq vector: 10 level: 1
            ioapic_set_irq vector: 10 level: 0
            ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x24 size 0x4 val 0x1805b
            ioapic_mem_read ioapic mem read addr 0x10 regsel: 0x24 size 0x4 retval 0x1805b
            """;
        string answer = Answer(log, "ioapic:10");
        Assert.DoesNotContain("before the log's first line", answer, StringComparison.Ordinal);
        Assert.Contains("what it was before its first write is not known", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mask_that_the_8259_prints_later_holds_the_IRQ_before()
    {
        const string log = """
            pic_set_irq master 1 irq 4 level 1
            pic_set_irq master 1 irq 0 level 1
            pic_update_irq master 1 imr 250 irr 17 padd 0
            """;
        Assert.Contains("IRQ 4 is masked at the 8259 since before the log's first line, as L3", Answer(log, "pic:4"), StringComparison.Ordinal);
        // The control: another IRQ, which the same mask leaves open, is not held by it.
        Assert.DoesNotContain("is masked", Answer(log, "pic:0"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_after_a_rise_is_the_pins()
    {
        const string log = """
            ioapic_set_irq vector: 4 level: 1
            apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 52 trigger_mode 0
            ioapic_set_irq vector: 4 level: 0
            ioapic_set_irq vector: 4 level: 1
            apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 52 trigger_mode 0
            """;
        WhyEngine engine = Read(log);
        Assert.Equal(["ioapic:4"], engine.Sources.Select(one => one.Source.ToString()));
        // One rise without a message: it is masked, and the message was a device's.
        WhyEngine other = Read(log + "\nioapic_set_irq vector: 4 level: 0\nioapic_set_irq vector: 4 level: 1\nioapic_set_irq vector: 4 level: 0");
        Assert.Contains(other.Sources, one => one.Source.Class == SourceClass.Message);
    }

    [Fact]
    public void A_pin_that_sets_Remote_IRR_first_was_asserted_before()
    {
        const string log = """
            ioapic_set_remote_irr set remote irr for pin 10
            apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 91 trigger_mode 1
            ioapic_eoi_broadcast EOI broadcast for vector 91
            ioapic_clear_remote_irr clear remote irr for pin 10 vector 91
            """;
        Assert.Equal(["ioapic:10"], Read(log).Sources.Select(one => one.Source.ToString()));
        ReplayReport report = ReplayLogs.Text(ReplayLogs.Stamped(log));
        Assert.True(report.Succeeded);
    }

    [Fact]
    public void A_thread_that_sends_IPIs_is_not_taken_for_the_only_CPU()
    {
        const string eoi = "apic_mem_writel 0xb0 = 0x00000000";
        Assert.True(Read(eoi).KnowsCpus);
        Assert.False(Read($"{eoi}\napic_mem_writel 0x300 = 0x000000fb").KnowsCpus);
        Assert.True(Read($"{eoi}\napic_mem_writel 0x300 = 0x000400fb").KnowsCpus);
    }
}
