using System.Text.RegularExpressions;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

/// <summary>Logs that show less than they could, and short logs for cases that the kept ones do not contain.</summary>
public sealed partial class PartsOfLogsTests
{
    [GeneratedRegex(@"^\d+@[\d.]+:", RegexOptions.Multiline)]
    private static partial Regex Stamp();

    [Fact]
    public void Several_cpus_without_threads_leave_local_apics_unchecked_and_the_rest_compared()
    {
        ReplayReport report = ReplayLogs.Text(Stamp().Replace(ReplayLogs.TextOf("ioapic-2cpu"), ""));
        ReplayLogs.AssertClean(report);
        Assert.Equal(2, report.Cpus);
        Assert.Equal((24, 16, 16), (report.Matched("apic_deliver_irq"), report.Matched("ioapic_set_remote_irr"),
            report.Matched("ioapic_clear_remote_irr")));
        Assert.Equal((16, 34, 31), (report.Unchecked("ioapic_eoi_broadcast"), report.Unchecked("apic_mem_readl"),
            report.Unchecked("apic_report_irq_delivered")));
        Assert.All(report.Delivered, one => Assert.Equal(-1, one.Cpu));
        Assert.Single(report.Notes);
    }

    [Fact]
    public void One_cpu_needs_no_threads()
    {
        ReplayReport report = ReplayLogs.Text(Stamp().Replace(ReplayLogs.TextOf("ioapic-1cpu-acks"), ""));
        ReplayLogs.AssertClean(report);
        Assert.Equal((18, 16), (report.Matched("Servicing hardware INT"), report.Delivered[0].Count));
    }

    [Fact]
    public void A_line_that_is_missing_is_a_mismatch_at_its_stimulus()
    {
        string[] lines = ReplayLogs.TextOf("ioapic-2cpu").Split('\n');
        int at = Array.FindIndex(lines, line => line.Contains("ioapic_clear_remote_irr", StringComparison.Ordinal));
        ReplayReport report = ReplayLogs.Text(string.Join('\n', lines.Where((_, index) => index != at)));
        Assert.Equal("ioapic_clear_remote_irr", report.First!.Event);
        // The broadcast and the EOI stand before it, counted from 1.
        Assert.Equal(at - 1, report.First.Line);
    }

    [Fact]
    public void A_message_that_no_chip_sends_is_a_devices()
    {
        ReplayReport report = ReplayLogs.Text(ReplayLogs.Stamped("""
            apic_mem_readl 0x20 = 0x00000000
            apic_mem_writel 0xf0 = 0x000001ff
            2 apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 65 trigger_mode 0
            2 apic_report_irq_delivered coalescing 1
            2 apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 65 trigger_mode 0
            2 apic_report_irq_delivered coalescing 1
            apic_mem_writel 0xb0 = 0x00000000
            """));
        ReplayLogs.AssertClean(report);
        Assert.Equal([new("msi:0xfee00000:0x0041", 0, 1)], report.Delivered);
    }

    [Fact]
    public void A_message_that_an_open_entry_makes_is_no_devices()
    {
        ReplayReport report = ReplayLogs.Text(ReplayLogs.Stamped("""
            2 apic_reset_irq_delivered old coalescing 0
            apic_mem_readl 0x20 = 0x00000000
            2 ioapic_set_irq vector: 4 level: 0
            ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x0 size 0x4 val 0x18
            ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x18 size 0x4 val 0x41
            2 apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 65 trigger_mode 0
            """));
        Assert.Equal((6, "apic_deliver_irq"), (report.First!.Line, report.First.Event));
        Assert.Empty(report.Delivered);
    }

    [Fact]
    public void Driving_an_edge_pin_high_again_is_another_edge()
    {
        ReplayReport report = ReplayLogs.Text(ReplayLogs.Stamped("""
            apic_mem_readl 0x20 = 0x00000000
            ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x0 size 0x4 val 0x18
            ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x18 size 0x4 val 0x41
            2 ioapic_set_irq vector: 4 level: 1
            2 apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 65 trigger_mode 0
            2 ioapic_set_irq vector: 4 level: 1
            2 apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 65 trigger_mode 0
            """));
        ReplayLogs.AssertClean(report);
        Assert.Equal(2, report.Matched("apic_deliver_irq"));
        Assert.Equal([new("ioapic:4", 0, 1)], report.Delivered);
    }

    [Fact]
    public void Trigger_modes_of_the_8259_that_no_line_tells_are_inferred()
    {
        // IRQ 10 falls before its INTA. Were it edge-triggered, the slave would go on requesting.
        ReplayReport report = ReplayLogs.Text(ReplayLogs.Stamped("""
            pic_ioport_write master 1 addr 0x1 val 0x0
            pic_ioport_write master 0 addr 0x1 val 0x0
            pic_set_irq master 1 irq 2 level 0
            2 pic_set_irq master 0 irq 2 level 1
            2 pic_update_irq master 0 imr 0 irr 4 padd 0
            2 pic_set_irq master 1 irq 2 level 1
            2 pic_update_irq master 1 imr 0 irr 4 padd 0
            2 pic_set_irq master 0 irq 2 level 0
            2 pic_set_irq master 1 irq 2 level 0
            2 pic_update_irq master 1 imr 0 irr 4 padd 0
            2 pic_set_irq master 0 irq 2 level 1
            2 pic_update_irq master 0 imr 0 irr 4 padd 0
            2 pic_set_irq master 1 irq 2 level 1
            2 pic_update_irq master 1 imr 0 irr 4 padd 0
            pic_set_irq master 1 irq 2 level 0
            pic_update_irq master 1 imr 0 irr 4 padd 0
            pic_interrupt irq 10 intno 2
            """));
        ReplayLogs.AssertClean(report);
        Assert.Equal((0, 5, 6), (report.Responses.Total(ResponseVerdict.Unchecked), report.Matched("pic_set_irq"), report.Matched("pic_update_irq")));
        Assert.Equal([new("pic:10", 0, 1)], report.Delivered);
    }

    [Fact]
    public void The_timer_that_is_due_first_is_the_one_that_expires()
    {
        ReplayReport report = ReplayLogs.Text(ReplayLogs.Stamped("""
            1 apic_mem_readl 0x20 = 0x00000000
            2 apic_mem_readl 0x20 = 0x01000000
            1 apic_mem_writel 0xf0 = 0x000001ff
            2 apic_mem_writel 0xf0 = 0x000001ff
            1 apic_mem_writel 0x320 = 0x000000ec
            1 apic_mem_writel 0x380 = 0x00200000
            2 apic_mem_writel 0x320 = 0x000000ed
            2 apic_mem_writel 0x380 = 0x00000800
            3 apic_local_deliver vector 0 delivery mode 0
            3 apic_report_irq_delivered coalescing 1
            2 Servicing hardware INT=0xed
            """));
        ReplayLogs.AssertClean(report);
        Assert.Equal(1, report.Matched("Servicing hardware INT"));
    }
}
