using Wirq.Events;
using static Wirq.Events.EndOfInterruptCause;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.IoApics;

public class AckPolicyTests
{
    private static readonly RedirectionEntry Level = ChipBench.Level, Masked = Level.WithMask(true);

    private static ChipBench InService(AckPolicy policy) => new ChipBench(new() { Ack = policy }).InService();

    [Theory]
    [InlineData(AckPolicy.Done)]
    [InlineData(AckPolicy.Eoi)]
    [InlineData(AckPolicy.EoiAndUnmask)]
    public void An_unmasked_pin_is_acknowledged_at_its_eoi(AckPolicy policy)
    {
        ChipBench bench = InService(policy);
        bench.Eoi(0x31);
        Assert.Equal([11], bench.Acked);
        Assert.Empty(bench.Resampled);
        Assert.False(bench.Chip.OwesAck(11));
    }

    [Theory]
    [InlineData(AckPolicy.Done, false)]
    [InlineData(AckPolicy.Eoi, true)]
    [InlineData(AckPolicy.EoiAndUnmask, true)]
    public void A_masked_pin_is_acknowledged_at_its_eoi_or_at_its_unmask(AckPolicy policy, bool atEoi)
    {
        ChipBench bench = InService(policy);
        bench.Entry(11, Masked);
        bench.Forget();
        bench.Eoi(0x31);
        Assert.Equal(atEoi ? [11] : [], bench.Acked);
        Assert.Equal(!atEoi, bench.Chip.OwesAck(11));
        Assert.Equal(atEoi ? [IrrCleared(11)] : [IrrCleared(11), PinAckDeferred(11)], bench.Seen());
        bench.Pin(11, false);
        bench.Forget();
        bench.Entry(11, Level);
        Assert.Equal(atEoi ? [] : [11], bench.Acked);
        Assert.False(bench.Chip.OwesAck(11));
    }

    [Theory]
    [InlineData(AckPolicy.Done, true)]
    [InlineData(AckPolicy.Eoi, false)]
    [InlineData(AckPolicy.EoiAndUnmask, true)]
    public void Sampled_sources_of_a_pending_pin_are_asked_as_it_is_unmasked(AckPolicy policy, bool asked)
    {
        var bench = new ChipBench(new() { Ack = policy });
        bench.Entry(11, Masked);
        bench.Pin(11, true);
        bench.Entry(11, Level);
        Assert.Equal(asked ? [11] : [], bench.Resampled);
        Assert.Empty(bench.Acked);
    }

    [Theory]
    [InlineData(AckPolicy.Done, true)]
    [InlineData(AckPolicy.Eoi, false)]
    [InlineData(AckPolicy.EoiAndUnmask, false)]
    public void Sampled_sources_are_asked_as_an_edge_entry_that_they_hold_becomes_level(AckPolicy policy, bool asked)
    {
        var bench = new ChipBench(new() { Ack = policy });
        bench.Entry(11, RedirectionEntry.Create(0x31, 1));
        bench.Pin(11, true);
        bench.Entry(11, Level);
        Assert.Equal(asked ? [11] : [], bench.Resampled);
    }

    [Fact]
    public void Sampled_sources_are_asked_as_a_pin_that_was_active_low_becomes_active_high()
    {
        var bench = new ChipBench();
        bench.Pin(11, true);
        bench.Entry(11, RedirectionEntry.Create(0x31, 1, level: true, activeLow: true));
        Assert.Empty(bench.Resampled);
        bench.Entry(11, Level);
        Assert.Equal([11], bench.Resampled);
    }

    [Fact]
    public void A_write_that_opens_nothing_asks_nobody()
    {
        var bench = new ChipBench();
        bench.Entry(11, Level);
        bench.Pin(11, true);
        bench.Answer(11, Level, RefusalReason.NoDestination);
        bench.Entry(11, RedirectionEntry.Create(0x32, 0, level: true));
        Assert.Empty(bench.Resampled);
    }

    [Fact]
    public void Nobody_is_asked_where_nothing_is_pending()
    {
        var bench = new ChipBench();
        bench.Entry(11, Masked);
        bench.Entry(11, Level);
        bench.Entry(4, ChipBench.Edge.WithMask(true));
        bench.Pin(4, true);
        bench.Entry(4, ChipBench.Edge);
        bench.InService(12, RedirectionEntry.Create(0x32, 1, level: true));
        bench.Entry(12, RedirectionEntry.Create(0x32, 1, level: true, masked: true));
        bench.Entry(12, RedirectionEntry.Create(0x32, 1, level: true));
        Assert.Empty(bench.Resampled);
    }

    [Fact]
    public void A_pin_that_owes_an_acknowledge_pays_it_once()
    {
        ChipBench bench = InService(AckPolicy.Done);
        bench.Entry(11, Masked);
        bench.Eoi(0x31);
        bench.Entry(11, Masked);
        Assert.Empty(bench.Acked);
        bench.Entry(11, Level);
        Assert.Equal([11], bench.Acked);
        Assert.Empty(bench.Resampled);
        bench.Entry(11, Masked);
        bench.Entry(11, Level);
        Assert.Equal([11], bench.Acked);
    }

    [Fact]
    public void A_rewrite_to_edge_is_acknowledged_as_an_eoi_is()
    {
        RedirectionEntry edge = RedirectionEntry.Create(0x31, 1);
        ChipBench bench = InService(AckPolicy.Done);
        bench.Entry(11, edge.WithMask(true));
        Assert.Equal([IrrCleared(11, cause: Rewrite), PinAckDeferred(11)], bench.Seen());
        bench.Entry(11, edge);
        Assert.Equal([11], bench.Acked);
    }
}
