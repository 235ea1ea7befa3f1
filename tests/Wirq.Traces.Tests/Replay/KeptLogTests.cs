using Wirq.Laws;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

/// <summary>Real logs, with every count that their replay must give.</summary>
public sealed class KeptLogTests
{
    [Theory]
    [InlineData("seabios", 1393, 1, 635, 0, 0)]
    [InlineData("reset", 1881, 1, 769, 0, 2)]
    [InlineData("ioapic-1cpu-acks", 884, 1, 268, 2, 8)]
    [InlineData("ioapic-2cpu", 816, 2, 237, 4, 47)]
    [InlineData("ioapic-3cpu", 862, 3, 253, 4, 50)]
    [InlineData("smptest-4cpu", 350, 4, 88, 0, 6)]
    [InlineData("hung-no-eoi", 1895, 1, 127, 0, 0)]
    [InlineData("vtd-msix", 2868, 4, 1252, 0, 0)]
    [InlineData("vtd-faults", 91, 1, 46, 0, 0)]
    public void A_log_meets_the_chips(string name, long lines, int cpus, long matched, long waived, long left)
    {
        ReplayReport report = ReplayLogs.Kept(name);
        ReplayLogs.AssertClean(report);
        Assert.Equal((lines, cpus), (report.Lines, report.Cpus));
        Assert.Equal((matched, waived, left), (report.Responses.Total(ResponseVerdict.Matched),
            report.Responses.Total(ResponseVerdict.Waived), report.Responses.Total(ResponseVerdict.Unchecked)));
        // A machine without Xen and ONESHOT lines has no laws about them.
        Assert.Equal(LawSet.Names.Except(["UpcallMatchesLine", "PermittedBeforeMapped", "OneshotHeld"]), report.Laws.Select(law => law.Name));
    }

    [Fact]
    public void Acknowledges_of_the_log_are_compared_and_count_for_what_was_accepted()
    {
        ReplayReport report = ReplayLogs.Kept("ioapic-1cpu-acks");
        Assert.Equal("told by the log", report.Acknowledges);
        Assert.Equal(18, report.Matched("Servicing hardware INT"));
        Assert.Equal((17, 11, 11, 11), (report.Matched("apic_deliver_irq"), report.Matched("ioapic_set_remote_irr"),
            report.Matched("ioapic_eoi_broadcast"), report.Matched("ioapic_clear_remote_irr")));
        Assert.Equal(17, report.Matched("apic_report_irq_delivered"));
        Assert.Equal([new("ioapic:14", 0, 16), new("ioapic:15", 0, 1), new("pic:0", 0, 1)], report.Delivered);
    }

    [Fact]
    public void Inferred_acknowledges_leave_the_count_unchecked_and_nothing_else()
    {
        ReplayReport report = ReplayLogs.Kept("ioapic-2cpu");
        Assert.Equal("inferred from EOIs", report.Acknowledges);
        Assert.Equal((24, 16, 16, 16), (report.Matched("apic_deliver_irq"), report.Matched("ioapic_set_remote_irr"),
            report.Matched("ioapic_eoi_broadcast"), report.Matched("ioapic_clear_remote_irr")));
        Assert.Equal((0, 31), (report.Matched("apic_report_irq_delivered"), report.Unchecked("apic_report_irq_delivered")));
        Assert.Equal([new("ioapic:13", 0, 1), new("ioapic:14", 0, 21), new("ioapic:14", 1, 1), new("ioapic:15", 0, 1)],
            report.Delivered);
        Assert.Equal(new Dictionary<string, long> { ["remote-irr-again"] = 4 }, report.Responses.Waivers);
    }

    [Fact]
    public void The_8259_meets_firmware_that_waits_for_its_timer()
    {
        ReplayReport report = ReplayLogs.Kept("seabios");
        Assert.Equal((72, 72, 364), (report.Matched("pic_interrupt"), report.Matched("pic_update_irq"), report.Matched("x86_pic_interrupt")));
        Assert.Equal([new("pic:0", 0, 72)], report.Delivered);
    }

    [Fact]
    public void A_reset_of_the_machine_begins_a_new_life_and_the_counts_go_on()
    {
        ReplayReport report = ReplayLogs.Kept("reset");
        Assert.Equal([new("pic:0", 0, 69)], report.Delivered);
        Assert.True(report.Skipped > 100);
    }

    [Fact]
    public void A_replay_tells_all_its_events_in_the_order_of_time()
    {
        FabricOptions? machine = null;
        long time = 0, events = 0;
        byte[] log = File.ReadAllBytes(ReplayLogs.PathOf("reset"));
        ReplayLogs.Bytes(log, new ReplayOptions
        {
            Machine = built => machine = built,
            Record = happened =>
            {
                Assert.NotNull(machine);
                Assert.True(happened.Time >= time);
                (time, events) = (happened.Time, events + 1);
            },
        });
        Assert.True(events > 1000);
        Assert.Equal(1, machine!.LocalApics.Count);
    }
}
