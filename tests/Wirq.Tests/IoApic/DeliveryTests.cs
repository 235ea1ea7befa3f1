using Wirq.Events;
using static Wirq.Tests.IoApics.ChipBench;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.IoApics;

public class DeliveryTests
{
    [Fact]
    public void An_edge_sends_and_its_fall_does_not()
    {
        var bench = new ChipBench();
        bench.Entry(4, ChipBench.Edge);
        bench.Pin(4, true);
        bench.Pin(4, true);
        bench.Answer(4, ChipBench.Edge);
        bench.Pin(4, false);
        Assert.Equal([Rise(4), Deliver(4, ChipBench.Edge), Accepted(4, level: false), Fall(4)], bench.Seen());
        Assert.False(bench.Chip.Entry(4).RemoteIrr);
    }

    [Fact]
    public void An_edge_at_a_masked_pin_is_lost()
    {
        var bench = new ChipBench();
        bench.Entry(4, ChipBench.Edge.WithMask(true));
        bench.Pin(4, true);
        bench.Entry(4, ChipBench.Edge);
        Assert.Equal([Rise(4), EdgeLost(4)], bench.Seen());
    }

    [Fact]
    public void A_refused_edge_is_gone()
    {
        var bench = new ChipBench();
        bench.Entry(4, ChipBench.Edge);
        bench.Pin(4, true);
        bench.Answer(4, ChipBench.Edge, RefusalReason.NoDestination);
        bench.Forget();
        bench.Entry(4, ChipBench.Edge);
        bench.Eoi(0x41);
        Assert.Empty(bench.Seen());
    }

    [Fact]
    public void Every_edge_sends_though_the_last_one_is_not_answered()
    {
        var bench = new ChipBench();
        bench.Entry(4, ChipBench.Edge);
        for (int i = 0; i < 3; i++)
        {
            bench.Pin(4, true);
            bench.Pin(4, false);
        }
        Assert.Equal(3, bench.Seen().Count(e => e.Kind == EventKind.Deliver));
    }

    [Fact]
    public void A_level_that_came_while_masked_is_sent_on_unmask()
    {
        var bench = new ChipBench();
        bench.Entry(11, ChipBench.Level.WithMask(true));
        bench.Pin(11, true);
        Assert.Equal([Rise(11)], bench.Seen());
        bench.Entry(11, ChipBench.Level);
        Assert.Equal([Deliver(11, ChipBench.Level)], bench.Seen());
    }

    [Fact]
    public void A_level_that_fell_while_masked_is_not()
    {
        var bench = new ChipBench();
        bench.Entry(11, ChipBench.Level.WithMask(true));
        bench.Pin(11, true);
        bench.Pin(11, false);
        bench.Entry(11, ChipBench.Level);
        Assert.Equal([Rise(11), Fall(11)], bench.Seen());
    }

    [Fact]
    public void A_level_is_sent_once_until_its_eoi()
    {
        ChipBench bench = new ChipBench().InService();
        bench.Pin(11, false);
        bench.Pin(11, true);
        bench.Entry(11, ChipBench.Level);
        Assert.Equal([Fall(11), Rise(11), Coalesced(11)], bench.Seen());
        Assert.True(bench.Chip.Entry(11).RemoteIrr);
    }

    [Fact]
    public void A_level_is_not_sent_again_while_the_answer_is_out()
    {
        var bench = new ChipBench();
        bench.Entry(11, ChipBench.Level);
        bench.Pin(11, true);
        bench.Pin(11, false);
        bench.Pin(11, true);
        bench.Entry(11, ChipBench.Level);
        Assert.Equal([Rise(11), Deliver(11, ChipBench.Level), Fall(11), Rise(11)], bench.Seen());
    }

    [Fact]
    public void An_active_low_pin_is_asserted_by_a_low_wire()
    {
        RedirectionEntry low = RedirectionEntry.Create(0x31, 1, level: true, activeLow: true);
        var bench = new ChipBench();
        bench.Entry(11, low);
        Assert.Equal([Rise(11) with { B = 1 }, Deliver(11, low)], bench.Seen());
        bench.Answer(11, low);
        bench.Pin(11, true);
        bench.Eoi(0x31);
        Assert.Equal([Accepted(11), IrrSet(11), Fall(11), IrrCleared(11)], bench.Seen());
        bench.Pin(11, false);
        Assert.Equal([Rise(11), Deliver(11, low)], bench.Seen());
    }

    [Fact]
    public void An_active_low_edge_is_the_fall_of_the_wire()
    {
        RedirectionEntry low = RedirectionEntry.Create(0x41, 0, activeLow: true);
        var bench = new ChipBench();
        bench.Pin(4, true);
        bench.Entry(4, low);
        bench.Forget();
        bench.Pin(4, false);
        bench.Pin(4, true);
        Assert.Equal([Rise(4), Deliver(4, low), Fall(4)], bench.Seen());
    }

    [Fact]
    public void A_change_of_polarity_is_no_edge()
    {
        var bench = new ChipBench();
        bench.Entry(4, RedirectionEntry.Create(0x41, 0, activeLow: true));
        bench.Entry(4, ChipBench.Edge);
        Assert.Equal([Rise(4) with { B = 1 }, Fall(4) with { B = 1 }], bench.Seen());
    }

    [Fact]
    public void A_held_level_rewritten_to_edge_sends_nothing()
    {
        var bench = new ChipBench();
        bench.Entry(11, ChipBench.Level.WithMask(true));
        bench.Pin(11, true);
        bench.Forget();
        bench.Entry(11, ChipBench.Edge);
        Assert.Empty(bench.Seen());
    }

    [Fact]
    public void A_wire_held_high_is_sent_as_its_entry_becomes_level()
    {
        var bench = new ChipBench();
        bench.Entry(11, ChipBench.Edge);
        bench.Pin(11, true);
        bench.Forget();
        bench.Entry(11, ChipBench.Level);
        Assert.Equal([Deliver(11, ChipBench.Level)], bench.Seen());
    }

    public static TheoryData<string, Action<object>> Reasons => new()
    {
        { "an entry write", bench => ((ChipBench)bench).Entry(11, ChipBench.Level) },
        { "a rise", bench => { ((ChipBench)bench).Pin(11, false); ((ChipBench)bench).Pin(11, true); } },
        { "an EOI of its vector", bench => ((ChipBench)bench).Eoi(0x31) },
    };

    [Theory, MemberData(nameof(Reasons))]
    public void A_refused_level_is_tried_again_at(string what, Action<object> happen)
    {
        var bench = new ChipBench();
        bench.Entry(11, ChipBench.Level);
        bench.Pin(11, true);
        bench.Answer(11, ChipBench.Level, RefusalReason.NoDestination);
        Assert.False(bench.Chip.Entry(11).RemoteIrr);
        bench.Forget();
        happen(bench);
        Assert.True(bench.Seen().Contains(Deliver(11, ChipBench.Level)), what);
    }

    [Fact]
    public void A_refused_level_is_not_tried_again_for_another_vector()
    {
        var bench = new ChipBench();
        bench.Entry(11, ChipBench.Level);
        bench.Pin(11, true);
        bench.Answer(11, ChipBench.Level, RefusalReason.NoDestination);
        bench.Forget();
        bench.Eoi(0x32);
        Assert.Empty(bench.Seen());
    }

    [Fact]
    public void Nothing_is_observed_when_nobody_looks_and_effects_come_all_the_same()
    {
        var bench = new ChipBench();
        bench.Events.Observing = false;
        bench.Entry(11, ChipBench.Level);
        bench.Pin(11, true);
        bench.Answer(11, ChipBench.Level);
        bench.Eoi(0x31);
        Assert.Equal([Deliver(11, ChipBench.Level), Deliver(11, ChipBench.Level)], bench.Seen());
    }
}
