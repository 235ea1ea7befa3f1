using Wirq.Events;
using Wirq.Tests.Shared;

namespace Wirq.Tests.Pic;

public class PicEventTests
{
    private static readonly int[] Exercised = [1, 5, 11, 12];

    [Fact]
    public void A_master_interrupt_tells_its_story()
    {
        var bench = PicBench.Ready();
        bench.Levels(1 << 5);
        Assert.Equal(["PicTriggerChanged 0 20 0"], bench.Told());
        bench.Raise(5);
        bench.Raise(5);
        Assert.Equal(["PicPinChanged 5 1 0", "PicRequested 5 1 0", "PicIntrChanged 0 1 0"], bench.Told());
        bench.Take();
        Assert.Equal(["PicTaken 5 25 2", "PicIntrChanged 0 0 0"], bench.Told());
        bench.Out(0x21, 0x20);
        Assert.Equal(["PicMaskChanged 0 20 0"], bench.Told());
        bench.Eoi(5);
        Assert.Equal(["PicEoi 5 1 0", "PicAckDeferred 5 0 0"], bench.Told());
        bench.Lower(5);
        Assert.Equal(["PicPinChanged 5 0 0"], bench.Told());
        bench.Out(0x21, 0x00);
        Assert.Equal(["PicMaskChanged 0 0 20"], bench.Told());
    }

    [Fact]
    public void A_slave_interrupt_tells_its_story()
    {
        var bench = PicBench.Ready();
        bench.Raise(12);
        Assert.Equal(["PicPinChanged 12 1 0", "PicRequested 12 0 0", "PicIntrChanged 0 1 0"], bench.Told());
        bench.Raise(9);
        Assert.Equal(["PicPinChanged 9 1 0", "PicRequested 9 0 0"], bench.Told());
        bench.Raise(14);
        Assert.Equal(["PicPinChanged 14 1 0"], bench.Told());
        bench.Take();
        Assert.Equal(["PicTaken 9 29 0", "PicIntrChanged 0 0 0"], bench.Told());
        bench.Eoi(9);
        Assert.Equal(["PicEoi 9 0 0"], bench.Told());
        bench.Eoi(2);
        Assert.Equal(["PicEoi 2 0 0", "PicRequested 12 0 0", "PicIntrChanged 0 1 0"], bench.Told());
        bench.Out(0xA1, 0x10);
        Assert.Equal(["PicMaskChanged 0 1000 0", "PicRequested 14 0 0"], bench.Told());
    }

    [Fact]
    public void Automatic_eoi_is_told_after_what_it_ends()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true), slaveModes: Icw4.Create(autoEoi: true));
        bench.Raise(12);
        bench.Told();
        bench.Take();
        Assert.Equal(["PicTaken 12 2c 0", "PicEoi 12 0 1", "PicEoi 2 0 1", "PicIntrChanged 0 0 0"], bench.Told());
    }

    [Fact]
    public void A_level_that_is_still_high_after_automatic_eoi_is_a_request_again()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true));
        bench.Levels(1 << 5);
        bench.Raise(5);
        bench.Told();
        bench.Take();
        Assert.Equal(["PicTaken 5 25 2", "PicEoi 5 1 1", "PicRequested 5 1 0"], bench.Told());
    }

    [Theory]
    [InlineData(5, "PicTaken 7 27 1")]
    [InlineData(12, "PicTaken 15 2f 1")]
    public void A_spurious_interrupt_is_told_as_one(int irq, string told)
    {
        var bench = PicBench.Ready();
        bench.Raise(irq);
        bench.Lower(irq);
        bench.Told();
        bench.Take();
        Assert.Equal([told, "PicIntrChanged 0 0 0"], bench.Told());
    }

    [Fact]
    public void A_poll_is_told_as_one()
    {
        var bench = PicBench.Ready();
        bench.Levels(1 << 11);
        bench.Raise(11);
        bench.Told();
        bench.Poll(0x20);
        Assert.Equal(["PicTaken 2 22 4", "PicIntrChanged 0 0 0"], bench.Told());
        bench.Poll(0xA0);
        Assert.Equal(["PicTaken 11 2b 6"], bench.Told());
        bench.Poll(0xA0);
        Assert.Empty(bench.Told());
    }

    [Fact]
    public void A_level_that_is_still_high_after_a_poll_with_automatic_eoi_is_a_request_again()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true));
        bench.Levels(1 << 5);
        bench.Raise(5);
        bench.Told();
        bench.Poll(0x20);
        Assert.Equal(["PicTaken 5 25 6", "PicEoi 5 1 1", "PicRequested 5 1 0"], bench.Told());
    }

    [Fact]
    public void Initialisation_is_told_with_what_it_changes()
    {
        var bench = PicBench.Ready();
        bench.Raise(5);
        bench.Take();
        bench.Out(0x21, 0xFF);
        bench.Told();
        bench.Out(0x20, Icw1.Create(level: true).Bits);
        Assert.Equal(["PicInitialised 0 0 0", "PicEoi 5 0 0", "PicTriggerChanged 0 ff 0", "PicMaskChanged 0 0 ff"],
            bench.Told());
        bench.Out(0xA0, 0x11);
        Assert.True(bench.Events.TryTake(out Event slave));
        Assert.Equal((EventKind.PicInitialised, 1), (slave.Kind, slave.Unit));
    }

    [Fact]
    public void Between_the_two_phases_intr_stands_still()
    {
        var bench = PicBench.Ready();
        bench.Raise(5);
        bench.Told();
        bench.Pair.Take(bench.Events, out _);
        Assert.True(bench.Pair.Intr);
        Assert.Equal(["PicTaken 5 25 0"], bench.Told());
        bench.Pair.Update(bench.Events);
        Assert.False(bench.Pair.Intr);
        Assert.Equal(["PicIntrChanged 0 0 0"], bench.Told());
        bench.Pair.Update(bench.Events);
        Assert.Empty(bench.Told());
    }

    [Fact]
    public void Unwatched_nothing_is_made_and_nothing_allocated()
    {
        var bench = PicBench.Ready();
        bench.Events.Observing = false;
        bench.Levels(0xFFFF);
        Assert.Equal(0, Allocations.Of(100, () => Exercise(bench)));
        Assert.Equal(0, bench.Events.Count);

        static void Exercise(PicBench bench)
        {
            foreach (int irq in Exercised)
            {
                bench.Raise(irq);
                bench.Take();
                bench.Mask(1 << irq);
                bench.Eoi(irq);
                bench.Eoi(2);
                bench.Lower(irq);
                bench.Mask(0);
                bench.Poll(0xA0);
            }
        }
    }
}
