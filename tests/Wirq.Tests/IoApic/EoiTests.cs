using Wirq.Events;
using static Wirq.Events.EndOfInterruptCause;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.IoApics;

/// <summary>82093AA, 3.2.4, Remote IRR; and answers that come late.</summary>
public class EoiTests
{
    private static readonly RedirectionEntry Level = ChipBench.Level, Other = RedirectionEntry.Create(0x32, 1, level: true),
        Elsewhere = RedirectionEntry.Create(0x31, 0, level: true), AsEdge = RedirectionEntry.Create(0x31, 1);

    [Fact]
    public void An_eoi_clears_every_pin_of_its_vector_before_any_is_served_again()
    {
        ChipBench bench = new ChipBench().InService(11).InService(5).InService(7, Other);
        bench.Eoi(0x31);
        Assert.Equal([IrrCleared(5), IrrCleared(11), Deliver(5, Level), Deliver(11, Level)], bench.Seen());
        Assert.Equal([5, 11], bench.Acked);
        Assert.True(bench.Chip.Entry(7).RemoteIrr);
    }

    [Fact]
    public void An_eoi_that_clears_no_remote_irr_acknowledges_nobody()
    {
        var bench = new ChipBench();
        bench.Entry(4, ChipBench.Edge);
        bench.Eoi(0x41);
        bench.Eoi(0x31);
        Assert.Empty(bench.Acked);
        Assert.Empty(bench.Seen());
    }

    [Fact]
    public void The_eoi_register_ends_the_vector_written_to_it()
    {
        ChipBench bench = new ChipBench().InService(11).InService(5);
        bench.Pin(5, false);
        bench.Forget();
        bench.Register(IoApic.EoiOffset, 0xFFFFFF31);
        Assert.Equal([IrrCleared(5, cause: Register), IrrCleared(11, cause: Register), Deliver(11, Level)], bench.Seen());
        Assert.Equal([5, 11], bench.Acked);
    }

    [Fact]
    public void A_rewrite_to_edge_ends_the_interrupt_and_back_to_level_sends_again()
    {
        ChipBench bench = new ChipBench().InService();
        bench.Entry(11, AsEdge);
        Assert.Equal([IrrCleared(11, cause: Rewrite)], bench.Seen());
        Assert.Equal([11], bench.Acked);
        bench.Entry(11, Level);
        Assert.Equal([Deliver(11, Level)], bench.Seen());
    }

    [Fact]
    public void A_rewrite_of_the_vector_leaves_remote_irr_and_the_old_eoi_misses_it()
    {
        ChipBench bench = new ChipBench().InService();
        bench.Entry(11, Other);
        bench.Eoi(0x31);
        Assert.True(bench.Chip.Entry(11).RemoteIrr);
        bench.Eoi(0x32);
        Assert.Equal([IrrCleared(11, 0x32), Deliver(11, Other)], bench.Seen());
    }

    [Fact]
    public void An_eoi_before_the_answer_ends_the_interrupt_with_the_answer()
    {
        var bench = new ChipBench();
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Eoi(0x31);
        Assert.Empty(bench.Acked);
        bench.Answer(11, Level);
        Assert.Equal([Rise(11), Deliver(11, Level), Accepted(11), IrrSet(11), IrrCleared(11), Deliver(11, Level)], bench.Seen());
        Assert.Equal([11], bench.Acked);
        bench.Answer(11, Level);
        Assert.True(bench.Chip.Entry(11).RemoteIrr);
    }

    [Fact]
    public void An_eoi_of_another_vector_before_the_answer_ends_nothing()
    {
        var bench = new ChipBench();
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Eoi(0x32);
        bench.Answer(11, Level);
        Assert.True(bench.Chip.Entry(11).RemoteIrr);
    }

    [Fact]
    public void An_answer_to_a_message_of_another_vector_sets_nothing_and_the_line_is_sent_anew()
    {
        var bench = new ChipBench();
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Entry(11, Other);
        Assert.Equal([Rise(11), Deliver(11, Level)], bench.Seen());
        bench.Answer(11, Level);
        Assert.Equal([Accepted(11), Deliver(11, Other)], bench.Seen());
    }

    [Fact]
    public void An_answer_that_finds_the_entry_edge_sets_nothing()
    {
        var bench = new ChipBench();
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Entry(11, AsEdge);
        bench.Answer(11, Level);
        Assert.Equal([Rise(11), Deliver(11, Level), Accepted(11)], bench.Seen());
        Assert.False(bench.Chip.Entry(11).RemoteIrr);
    }

    [Fact]
    public void A_rewrite_to_edge_and_back_before_the_answer_changes_nothing()
    {
        var bench = new ChipBench();
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Entry(11, AsEdge);
        bench.Entry(11, Level);
        bench.Answer(11, Level);
        Assert.Equal([Rise(11), Deliver(11, Level), Accepted(11), IrrSet(11)], bench.Seen());
    }

    [Fact]
    public void A_refusal_of_the_old_message_does_not_hold_the_new_one_back()
    {
        var bench = new ChipBench();
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Entry(11, Elsewhere);
        bench.Forget();
        bench.Answer(11, Level, RefusalReason.NoDestination);
        Assert.Equal([Refused(11), Deliver(11, Elsewhere)], bench.Seen());
    }

    [Fact]
    public void A_pin_that_fell_before_the_answer_waits_for_its_eoi()
    {
        var bench = new ChipBench();
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Pin(11, false);
        bench.Answer(11, Level);
        bench.Forget();
        bench.Eoi(0x31);
        Assert.Equal([IrrCleared(11)], bench.Seen());
        Assert.Equal([11], bench.Acked);
    }

    [Fact]
    public void A_pin_masked_before_the_answer_has_remote_irr_all_the_same()
    {
        var bench = new ChipBench();
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Entry(11, Level.WithMask(true));
        bench.Answer(11, Level);
        Assert.True(bench.Chip.Entry(11).RemoteIrr);
    }

    [Fact]
    public void An_answer_that_nobody_waits_for_is_only_told()
    {
        ChipBench bench = new ChipBench().InService();
        bench.Answer(11, Level);
        Assert.Equal([Accepted(11)], bench.Seen());
    }
}
