namespace Wirq.Tests.Pic;

public class PicTriggerTests
{
    [Fact]
    public void An_edge_is_taken_once_however_long_its_pin_stays_high()
    {
        var bench = PicBench.Ready();
        bench.Raise(4);
        Assert.Equal(4, bench.TakeIrq());
        bench.Eoi(4);
        Assert.False(bench.Pair.Intr);
        bench.Lower(4);
        Assert.False(bench.Pair.Intr);
        bench.Raise(4);
        Assert.Equal(4, bench.TakeIrq());
    }

    [Fact]
    public void An_edge_during_service_waits_for_the_eoi()
    {
        var bench = PicBench.Ready();
        bench.Raise(4);
        bench.Take();
        bench.Lower(4);
        bench.Raise(4);
        Assert.False(bench.Pair.Intr);
        Assert.Equal(0x10, bench.Pair.RequestRegister);
        bench.Eoi(4);
        Assert.Equal(4, bench.TakeIrq());
    }

    [Fact]
    public void An_edge_at_a_masked_pin_waits_while_its_line_is_high()
    {
        var bench = PicBench.Ready();
        bench.Mask(1 << 4);
        bench.Raise(4);
        Assert.False(bench.Pair.Intr);
        Assert.Equal(0x10, bench.Pair.RequestRegister);
        bench.Mask(0);
        Assert.Equal(4, bench.TakeIrq());
    }

    [Fact]
    public void A_level_is_taken_again_after_each_eoi_while_it_is_high()
    {
        var bench = PicBench.Ready();
        bench.Levels(1 << 11);
        bench.Raise(11);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(11, bench.TakeIrq());
            Assert.False(bench.Pair.Intr);
            bench.Eoi(11);
            bench.Eoi(2);
            Assert.True(bench.Pair.Intr);
        }
        bench.Take();
        bench.Lower(11);
        bench.Eoi(11);
        bench.Eoi(2);
        Assert.False(bench.Pair.Intr);
    }

    [Theory]
    [InlineData(3, 7, 0x0000)]
    [InlineData(12, 15, 0x0004)]
    public void A_line_that_falls_before_inta_leaves_a_spurious_interrupt(int irq, int spurious, int inService)
    {
        foreach (bool level in new[] { false, true })
        {
            var bench = PicBench.Ready();
            bench.Levels(level ? 1 << irq : 0);
            bench.Raise(irq);
            bench.Lower(irq);
            Assert.True(bench.Pair.Intr);
            Assert.Equal(0, bench.Pair.RequestRegister & 1 << irq);
            Assert.Equal(spurious, bench.TakeIrq());
            Assert.Equal(inService, bench.Pair.InServiceRegister);
            Assert.False(bench.Pair.Intr);
        }
    }

    [Fact]
    public void A_line_that_fell_and_rose_again_is_no_spurious_one()
    {
        var bench = PicBench.Ready();
        bench.Raise(3);
        bench.Lower(3);
        bench.Raise(3);
        Assert.Equal(3, bench.TakeIrq());
        bench.Eoi(3);
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void A_request_that_waits_takes_the_place_of_one_whose_line_fell()
    {
        var bench = PicBench.Ready();
        bench.Raise(3);
        bench.Raise(6);
        bench.Lower(3);
        Assert.Equal(6, bench.TakeIrq());
        bench.Eoi(6);
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void A_line_that_int_did_not_stand_for_falls_without_trace()
    {
        var bench = PicBench.Ready();
        bench.Raise(1);
        bench.Raise(6);
        bench.Lower(6);
        Assert.Equal(1, bench.TakeIrq());
        bench.Eoi(1);
        Assert.False(bench.Pair.Intr);

        bench.Mask(1 << 5);
        bench.Raise(5);
        bench.Lower(5);
        bench.Mask(0);
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void A_mask_takes_back_what_int_stood_for()
    {
        var bench = PicBench.Ready();
        bench.Raise(3);
        bench.Lower(3);
        bench.Mask(1 << 3);
        Assert.False(bench.Pair.Intr);
        bench.Mask(0);
        Assert.False(bench.Pair.Intr);

        bench.Raise(3);
        bench.Pair.Write(0x21, 1 << 3, bench.Events);
        bench.Lower(3);                         // before INTR was brought up to date
        Assert.False(bench.Pair.Intr);
        bench.Mask(0);
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void A_sampled_line_that_falls_between_eoi_and_update_leaves_no_glitch()
    {
        var bench = PicBench.Ready();
        bench.Levels(1 << 5);
        bench.Raise(5);
        bench.Take();
        bench.Told();
        bench.Pair.Write(0x20, Ocw2.Create(Ocw2Command.NonSpecificEoi).Bits, bench.Events);
        Assert.False(bench.Pair.Intr);
        bench.Lower(5);
        bench.Pair.Update(bench.Events);
        Assert.False(bench.Pair.Intr);
        Assert.DoesNotContain(bench.Told(), t => t.StartsWith("PicIntrChanged", StringComparison.Ordinal));
    }

    [Fact]
    public void A_sampled_line_that_falls_between_inta_with_automatic_eoi_and_update_leaves_no_glitch()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true));
        bench.Levels(1 << 5);
        bench.Raise(5);
        bench.Pair.Take(bench.Events, out _);
        bench.Lower(5);
        bench.Pair.Update(bench.Events);
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void Icw1_forgets_what_int_stood_for()
    {
        foreach (bool before in new[] { true, false })
        {
            var bench = PicBench.Ready();
            bench.Levels(1 << 5);
            bench.Raise(5);
            if (before)
                bench.Lower(5);
            bench.Pair.Write(0x20, Icw1.Create().Bits, bench.Events);
            bench.Lower(5);
            bench.Program();
            Assert.False(bench.Pair.Intr);
            bench.Pair.Write(0x20, Icw1.Create(needsIcw4: false, single: true).Bits, bench.Events);
            bench.Out(0x21, 0x20);
            Assert.False(bench.Pair.Intr);
        }
    }

    [Fact]
    public void A_rise_makes_up_for_the_fall_before_it()
    {
        var bench = PicBench.Ready();
        bench.Raise(3);
        bench.Lower(3);
        bench.Raise(3);
        bench.Raise(1);
        bench.Lower(3);                         // INT stands for 1 now
        bench.Mask(1 << 1);
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void Inta_with_int_low_is_spurious()
    {
        var bench = PicBench.Ready();
        Assert.Equal(7, bench.TakeIrq());
        Assert.Equal(0, bench.Pair.InServiceRegister);
        bench.Raise(2);                         // the cascade is no pin
        Assert.False(bench.Pair.Intr);
        Assert.Equal(0, bench.Pair.RequestRegister);
    }

    [Fact]
    public void A_real_irq_7_has_its_in_service_bit()
    {
        var bench = PicBench.Ready();
        bench.Raise(7);
        Assert.Equal(7, bench.TakeIrq());
        Assert.Equal(0x80, bench.Pair.InServiceRegister);
        Assert.Equal(7, bench.TakeIrq());       // and a spurious one on top does not clear it
        Assert.Equal(0x80, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void Elcr_keeps_the_hard_wired_edge_inputs_edge()
    {
        var bench = PicBench.Ready();
        bench.Out(0x4D0, 0xFF);
        bench.Out(0x4D1, 0xFF);
        Assert.Equal(0xF8, bench.In(0x4D0));
        Assert.Equal(0xDE, bench.In(0x4D1));
        Assert.Equal(0xDEF8, bench.Pair.LevelTriggered);
        Assert.True(bench.Pair.IsLevel(15));
        Assert.False(bench.Pair.IsLevel(13));
    }

    [Fact]
    public void The_cascade_stays_edge_whatever_the_options_say()
    {
        var arena = new Wirq.State.StateArena();
        var pair = new PicPair(new PicOptions { ElcrMask = 0xFFFF }, arena);
        pair.Write(0x4D0, 0xFF, new());
        pair.Write(0x4D1, 0xFF, new());
        Assert.Equal(0xFFFB, pair.LevelTriggered);
    }

    [Fact]
    public void Ltim_makes_every_input_of_its_chip_level()
    {
        var bench = PicBench.Ready();
        bench.Raise(1);
        bench.Take();
        bench.Out(0x20, Icw1.Create(level: true).Bits);
        bench.Out(0x21, 0x20);
        bench.Out(0x21, 0x04);
        bench.Out(0x21, 0x01);
        Assert.Equal(0x00FF, bench.Pair.LevelTriggered);
        Assert.True(bench.Pair.IsLevel(1));
        Assert.Equal(1, bench.TakeIrq());       // still high, and a level needs no edge
        bench.Eoi(1);
        Assert.Equal(1, bench.TakeIrq());
        bench.Lower(1);
        bench.Eoi(1);
        bench.Raise(10);
        Assert.Equal(10, bench.TakeIrq());      // the cascade works as a level too
        bench.Eoi(10);
        bench.Eoi(2);
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void Requests_follow_a_change_of_trigger()
    {
        var bench = PicBench.Ready();
        bench.Raise(5);
        bench.Take();
        bench.Eoi(5);
        bench.Levels(1 << 5);
        Assert.True(bench.Pair.Intr);
        bench.Levels(0);
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void What_was_served_as_a_level_does_not_return_as_an_edge()
    {
        var bench = PicBench.Ready();
        bench.Levels(1 << 5);
        bench.Raise(5);
        bench.Take();
        bench.Levels(0);
        bench.Eoi(5);
        Assert.False(bench.Pair.Intr);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(16)]
    public void A_pin_that_does_not_exist_is_the_callers_error(int irq)
    {
        var bench = PicBench.Ready();
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Raise(irq));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Pair.IsMasked(irq));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Pair.IsLevel(irq));
    }
}
