using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

/// <summary>Trigger modes of the 8259, which no line shows. All tests use input 10, which is the slave's input
/// 2.</summary>
public sealed class TriggerModeTests
{
    private const string Start = """
        2 apic_reset_irq_delivered old coalescing 0
        pic_ioport_write master 1 addr 0x1 val 0x0
        pic_ioport_write master 0 addr 0x1 val 0x0
        pic_set_irq master 1 irq 2 level 0

        """;
    private const string Rise = """
        2 pic_set_irq master 0 irq 2 level 1
        2 pic_update_irq master 0 imr 0 irr 4 padd 0
        2 pic_set_irq master 1 irq 2 level 1
        2 pic_update_irq master 1 imr 0 irr 4 padd 0

        """;
    private const string FallOfLevel = """
        2 pic_set_irq master 0 irq 2 level 0
        2 pic_set_irq master 1 irq 2 level 0
        2 pic_update_irq master 1 imr 0 irr 4 padd 0

        """;
    private const string FallOfEdge = """
        2 pic_set_irq master 0 irq 2 level 0
        2 pic_update_irq master 0 imr 0 irr 4 padd 0
        2 pic_set_irq master 1 irq 2 level 1
        2 pic_update_irq master 1 imr 0 irr 4 padd 0

        """;
    private const string Inta = """
        pic_set_irq master 1 irq 2 level 0
        pic_update_irq master 1 imr 0 irr 4 padd 0
        pic_interrupt irq 10 intno 2

        """;
    private const string FallInService = """
        2 pic_set_irq master 0 irq 2 level 0
        2 pic_set_irq master 1 irq 2 level 0

        """;
    private const string End = """
        pic_ioport_write master 0 addr 0x0 val 0x20
        pic_set_irq master 1 irq 2 level 0
        pic_ioport_write master 1 addr 0x0 val 0x20

        """;
    private const string PulseWhileMasked = """
        pic_ioport_write master 0 addr 0x1 val 0x4
        pic_set_irq master 1 irq 2 level 0
        2 pic_set_irq master 0 irq 2 level 1
        2 pic_set_irq master 1 irq 2 level 0
        2 pic_set_irq master 0 irq 2 level 0
        2 pic_set_irq master 1 irq 2 level 0
        pic_ioport_read master 0 addr 0x1 val 0x4
        pic_ioport_write master 0 addr 0x1 val 0x0
        pic_set_irq master 1 irq 2 level 0

        """;

    [Fact]
    public void What_shows_later_holds_for_what_came_before()
    {
        var requests = new List<ushort>();
        ReplayReport report = ReplayLogs.Text(ReplayLogs.Stamped(Start + PulseWhileMasked + Rise + Inta + FallInService + End), new ReplayOptions
        {
            Before = (line, fabric) =>
            {
                if (line.Event == TraceEvent.PicPortRead)
                    requests.Add(fabric.Pic!.RequestRegister);
            },
        });
        ReplayLogs.AssertClean(report);
        // An edge would have stayed.
        Assert.Equal([0], requests);
        Assert.Equal(0, report.Responses.Total(ResponseVerdict.Unchecked));
        Assert.Contains(report.Notes, note => note.EndsWith("input 10 of the 8259", StringComparison.Ordinal)
            && note.StartsWith("level-triggered from the start", StringComparison.Ordinal));
    }

    [Fact]
    public void A_request_that_is_withdrawn_before_its_inta_was_a_level_inputs_from_the_start()
    {
        ReplayReport report = ReplayLogs.Text(ReplayLogs.Stamped(Start + Rise + FallOfLevel + Rise + Inta + FallInService + End));
        ReplayLogs.AssertClean(report);
        Assert.Equal((0, 1), (report.Responses.Total(ResponseVerdict.Unchecked), report.Matched("pic_interrupt")));
    }

    [Fact]
    public void An_edge_input_stays_one()
    {
        ReplayReport report = ReplayLogs.Text(ReplayLogs.Stamped(Start + Rise + FallOfEdge + Inta + End));
        ReplayLogs.AssertClean(report);
        Assert.Equal(0, report.Responses.Total(ResponseVerdict.Unchecked));
        Assert.DoesNotContain(report.Notes, note => note.Contains("level-triggered", StringComparison.Ordinal));
    }

    /// <summary>Nothing can be concluded about a pair whose INTA cycles are not in the log. Then it is only assumed
    /// that all inputs are edge-triggered.</summary>
    [Fact]
    public void Where_no_INTA_shows_a_note_says_that_no_mode_is_known()
    {
        const string said = "which inputs of the 8259 are level-triggered is not known, for no pic_interrupt shows: all are taken to be edge-triggered";
        Assert.Contains(said, ReplayLogs.Text(ReplayLogs.Stamped(Start + Rise + FallOfLevel)).Notes);
        Assert.DoesNotContain(said, ReplayLogs.Text(ReplayLogs.Stamped(Start + Rise + FallOfEdge + Inta + End)).Notes);
    }

    [Fact]
    public void A_guest_that_changes_the_mode_gives_no_mismatch_and_is_told_of()
    {
        const string edge = Rise + FallOfEdge + Inta + End, level = Rise + FallOfLevel + Rise + Inta + FallInService + End;
        foreach (string text in new[] { edge + level, level + edge, edge + level + edge, level + edge + level })
        {
            ReplayReport report = ReplayLogs.Text(ReplayLogs.Stamped(Start + text));
            ReplayLogs.AssertClean(report);
            Assert.Contains(report.Notes, note => note.EndsWith("when: input 10 of the 8259", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Learning_ends_whatever_a_log_shows()
    {
        int passes = 0;
        (ushort level, ushort changing) = TriggerModes.Learn(modes =>
        {
            passes++;
            // One more input is level each time, and then each of them is edge.
            int next = 0;
            while (next < 16 && ((modes.FromStart >> next & 1) != 0 || (TriggerModes.CanBeLevel >> next & 1) == 0))
                next++;
            if (next < 16)
                modes.Note(next, level: true);
            if (passes > 11)
                modes.Note((passes - 12) % 16, level: false);
        });
        Assert.True(passes <= 64, $"{passes} passes");
        Assert.Equal(0, level & changing);
    }
}
