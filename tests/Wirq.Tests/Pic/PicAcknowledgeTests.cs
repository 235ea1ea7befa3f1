using Wirq.State;

namespace Wirq.Tests.Pic;

public class PicAcknowledgeTests
{
    private const int Levels = 0xDEF8;

    public static TheoryData<AckPolicy> Policies => [AckPolicy.Done, AckPolicy.Eoi, AckPolicy.EoiAndUnmask];

    private static PicBench Served(AckPolicy ack, int irq, int levels = Levels, Profile profile = Profile.Manual)
    {
        var bench = PicBench.Ready(profile, ack);
        bench.Levels(levels);
        bench.Raise(irq);
        Assert.Equal(irq, bench.TakeIrq());
        Assert.Empty(bench.Acked);
        return bench;
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Every_eoi_of_a_level_pin_acknowledges_it(AckPolicy ack)
    {
        foreach (Ocw2Command command in new[] { Ocw2Command.NonSpecificEoi, Ocw2Command.SpecificEoi,
            Ocw2Command.RotateOnNonSpecificEoi, Ocw2Command.RotateOnSpecificEoi })
        {
            PicBench bench = Served(ack, 5);
            bench.Command(command, 5);
            Assert.Equal([5], bench.Acked);
            bench = Served(ack, 11);
            bench.Command(command, 11);
            Assert.Equal([11], bench.Acked);
            bench.Command(command, 2);
            Assert.Empty(bench.Acked);          // the cascade has no line
            Assert.Equal(0, bench.Pair.InServiceRegister);
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void An_edge_pin_is_not_acknowledged(AckPolicy ack)
    {
        PicBench bench = Served(ack, 5, levels: 0);
        bench.Eoi(5);
        Assert.Empty(bench.Acked);
        bench = Served(ack, 5, levels: 0);
        bench.Mask(1 << 5);
        bench.Eoi(5);
        bench.Mask(0);
        Assert.Empty(bench.Acked);
        Assert.Empty(bench.Resampled);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void An_eoi_of_what_is_not_in_service_acknowledges_nobody(AckPolicy ack)
    {
        PicBench bench = Served(ack, 5);
        bench.Eoi(6);
        Assert.Empty(bench.Acked);
        bench.Eoi(5);
        bench.Eoi(5);
        Assert.Empty(bench.Acked);
        bench.Command(Ocw2Command.NonSpecificEoi, 0);
        Assert.Empty(bench.Acked);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Automatic_eoi_acknowledges_at_inta(AckPolicy ack)
    {
        var modes = Icw4.Create(autoEoi: true);
        var bench = PicBench.Ready(Profile.Manual, ack, modes, modes);
        bench.Levels(Levels);
        bench.Raise(5);
        bench.Take();
        Assert.Equal([5], bench.Acked);
        bench.Lower(5);
        bench.Raise(15);
        bench.Take();
        Assert.Equal([15], bench.Acked);
    }

    [Theory]
    [InlineData(AckPolicy.Done, true)]
    [InlineData(AckPolicy.Eoi, false)]
    [InlineData(AckPolicy.EoiAndUnmask, false)]
    public void Only_policy_done_waits_for_the_unmasking(AckPolicy ack, bool waits)
    {
        foreach (int irq in new[] { 5, 11 })
        {
            PicBench bench = Served(ack, irq);
            bench.Mask(1 << irq);
            bench.Events.Clear();
            bench.Eoi(irq);
            Assert.Equal(waits ? [] : [irq], bench.Acked);
            Assert.Equal(waits ? 1 << irq : 0, bench.Pair.DeferredAcks);
            Assert.Equal(waits, bench.Told().Contains($"PicAckDeferred {irq} 0 0"));
            bench.Mask(1 << irq | 1);
            Assert.Empty(bench.Acked);
            bench.Lower(irq);
            bench.Mask(0);
            Assert.Equal(waits ? [irq] : [], bench.Acked);
            Assert.Empty(bench.Resampled);
            Assert.Equal(0, bench.Pair.DeferredAcks);
            bench.Mask(0xFFFF);
            bench.Mask(0);
            Assert.Empty(bench.Acked);
        }
    }

    [Theory]
    [InlineData(AckPolicy.Done, true)]
    [InlineData(AckPolicy.Eoi, false)]
    [InlineData(AckPolicy.EoiAndUnmask, true)]
    public void A_level_pin_that_is_high_as_it_is_unmasked_is_resampled(AckPolicy ack, bool resampled)
    {
        foreach (int irq in new[] { 5, 11 })
        {
            var bench = PicBench.Ready(Profile.Manual, ack);
            bench.Levels(Levels);
            bench.Mask(0xFFFF);
            bench.Raise(irq);
            bench.Raise(4);
            bench.Lower(4);
            bench.Mask(0xFFFF & ~(1 << irq | 1 << 4 | 1 << 7 | 1 << 2 | 1));
            Assert.Equal(resampled ? [irq] : [], bench.Resampled);
            Assert.Empty(bench.Acked);
            Assert.Equal(irq, bench.TakeIrq());
        }
    }

    [Theory]
    [InlineData(AckPolicy.Done)]
    [InlineData(AckPolicy.EoiAndUnmask)]
    public void A_pin_in_service_or_owed_an_acknowledge_is_not_resampled(AckPolicy ack)
    {
        PicBench bench = Served(ack, 5);
        bench.Mask(1 << 5);
        bench.Mask(0);
        Assert.Empty(bench.Resampled);          // in service
        bench.Mask(1 << 5);
        bench.Eoi(5);
        bench.Mask(0);                          // the line is still high
        Assert.Equal(ack == AckPolicy.Done ? [5] : [], bench.Acked);
        Assert.Equal(ack == AckPolicy.Done ? [] : [5], bench.Resampled);
    }

    [Fact]
    public void An_edge_pin_is_never_resampled_nor_the_cascade()
    {
        var bench = PicBench.Ready();
        bench.Mask(0xFFFF);
        bench.Raise(5);
        bench.Raise(8);
        bench.Mask(0);
        Assert.Empty(bench.Resampled);
    }

    [Fact]
    public void The_masters_mask_of_input_2_defers_nothing_of_the_slave()
    {
        PicBench bench = Served(AckPolicy.Done, 11);
        bench.Mask(0x0004);
        bench.Eoi(11);
        Assert.Equal([11], bench.Acked);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Icw1_acknowledges_the_level_pins_that_it_takes_out_of_service(AckPolicy ack)
    {
        PicBench bench = Served(ack, 11);
        bench.Raise(1);
        bench.Take();
        bench.Mask(0xFFFF);
        bench.Out(0xA0, 0x11);
        Assert.Equal([11], bench.Acked);
        bench.Out(0x20, 0x11);
        Assert.Empty(bench.Acked);              // 1 is edge, 2 the cascade
        Assert.Equal(0, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void Icw1_pays_what_was_deferred()
    {
        PicBench bench = Served(AckPolicy.Done, 5);
        bench.Mask(1 << 5);
        bench.Eoi(5);
        bench.Out(0x20, 0x11);
        Assert.Equal([5], bench.Acked);
        Assert.Equal(0, bench.Pair.DeferredAcks);
        Assert.False(bench.Pair.IsMasked(5));
    }

    [Fact]
    public void A_pin_that_was_taken_as_a_level_is_acknowledged_though_elcr_changed()
    {
        PicBench bench = Served(AckPolicy.Done, 5);
        bench.Levels(0);
        bench.Eoi(5);
        Assert.Equal([5], bench.Acked);
        bench.Lower(5);
        bench.Raise(5);
        bench.Take();
        bench.Eoi(5);
        Assert.Empty(bench.Acked);
    }

    [Fact]
    public void A_spurious_interrupt_and_its_eois_acknowledge_nobody()
    {
        var bench = PicBench.Ready();
        bench.Levels(Levels);
        bench.Raise(11);
        bench.Lower(11);
        Assert.Equal(15, bench.TakeIrq());
        Assert.Empty(bench.Acked);
        bench.Command(Ocw2Command.NonSpecificEoi, 8);
        Assert.Empty(bench.Acked);
        bench.Command(Ocw2Command.NonSpecificEoi, 0);
        Assert.Empty(bench.Acked);
    }

    [Fact]
    public void Sampled_lines_that_fall_one_by_one_make_no_request_of_the_next()
    {
        var bench = PicBench.Ready();
        bench.Levels(Levels);
        bench.Mask(0xFFFB);
        foreach (int irq in new[] { 5, 6, 11, 12 })
            bench.Raise(irq);
        bench.Events.Clear();
        foreach ((ushort port, int[] irqs) in new[] { ((ushort)0x21, new[] { 5, 6 }), ((ushort)0xA1, [11, 12]) })
        {
            PinWork work = bench.Pair.Write(port, 0, bench.Events);
            Assert.Equal(irqs, PicBench.Pins(work.Resampled));
            foreach (int irq in irqs)
                bench.Lower(irq);
            bench.Pair.Update(bench.Events);
            Assert.False(bench.Pair.Intr);
        }
        Assert.DoesNotContain(bench.Told(), told => told.StartsWith("PicRequested", StringComparison.Ordinal));
        bench.Raise(6);
        Assert.Equal(6, bench.TakeIrq());
    }

    [Fact]
    public void Nothing_is_ever_left_to_the_service_of_pins()
    {
        PicBench bench = Served(AckPolicy.Done, 5);
        bench.Eoi(5);
        Assert.True(bench.Work.Service.IsEmpty);
        Assert.False(bench.Work.IsEmpty);
    }
}
