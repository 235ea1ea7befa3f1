namespace Wirq.Tests.Pic;

public class PicInitialisationTests
{
    [Fact]
    public void Power_on_leaves_everything_at_rest()
    {
        var bench = new PicBench();
        Assert.False(bench.Pair.Intr);
        Assert.Equal(0, bench.Pair.RequestRegister);
        Assert.Equal(0, bench.Pair.InServiceRegister);
        Assert.Equal(0, bench.Pair.MaskRegister);
        Assert.Equal(0, bench.Pair.LevelTriggered);
        Assert.Equal(0, bench.Pair.DeferredAcks);
    }

    [Fact]
    public void Exactly_the_six_ports_are_claimed()
    {
        ushort[] claimed = [.. Enumerable.Range(0, 0x10000).Select(p => (ushort)p).Where(PicPair.Claims)];
        Assert.Equal([0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1], claimed);
        var bench = PicBench.Ready();
        Assert.Equal(0xFF, bench.In(0x22));
        bench.Out(0x22, 0x11);
        Assert.Empty(bench.Told());
    }

    [Fact]
    public void Icw2_sets_the_vectors_of_each_chip()
    {
        var bench = PicBench.Ready();
        bench.Raise(3);
        Assert.Equal(0x23, bench.Take());
        bench.Eoi(3);
        bench.Raise(12);
        Assert.Equal(0x2C, bench.Take());
    }

    [Fact]
    public void The_low_bits_of_icw2_are_not_part_of_the_vector()
    {
        var bench = PicBench.Ready();
        foreach (int value in new[] { 0x11, 0x77, 0x04, 0x01 })
            bench.Out(value == 0x11 ? (ushort)0x20 : (ushort)0x21, value);
        bench.Raise(1);
        Assert.Equal(0x71, bench.Take());
    }

    [Fact]
    public void A_single_chip_takes_no_icw3()
    {
        var bench = PicBench.Ready();
        bench.Out(0x20, Icw1.Create(single: true).Bits);
        bench.Out(0x21, 0x40);
        bench.Out(0x21, Icw4.Create(autoEoi: true).Bits);
        bench.Out(0x21, 0xF0);
        Assert.Equal(0xF0, bench.In(0x21));
        bench.Raise(0);
        Assert.Equal(0x40, bench.Take());
        Assert.Equal(0, bench.InService(0x20));
    }

    [Fact]
    public void A_single_master_keeps_the_vector_of_its_input_2()
    {
        var bench = PicBench.Ready();
        bench.Out(0x20, Icw1.Create(single: true).Bits);
        bench.Out(0x21, 0x40);
        bench.Out(0x21, Icw4.Create().Bits);
        bench.Raise(9);
        Assert.Equal(0x42, bench.Take());
        Assert.Equal(0x0004, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void Without_ic4_the_sequence_is_short_and_the_functions_of_icw4_are_off()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true, specialFullyNested: true));
        bench.Out(0x20, Icw1.Create(needsIcw4: false).Bits);
        bench.Out(0x21, 0x40);
        bench.Out(0x21, 0x04);
        bench.Out(0x21, 0x5A);
        Assert.Equal(0x5A, bench.In(0x21));
        bench.Out(0x21, 0);
        bench.Raise(0);
        Assert.Equal(0x40, bench.Take());
        Assert.Equal(1, bench.InService(0x20));
    }

    [Fact]
    public void A_single_chip_without_ic4_is_ready_after_icw2()
    {
        var bench = PicBench.Ready();
        bench.Out(0x20, Icw1.Create(needsIcw4: false, single: true).Bits);
        bench.Out(0x21, 0x40);
        bench.Out(0x21, 0xA5);
        Assert.Equal(0xA5, bench.In(0x21));
    }

    [Fact]
    public void Icw1_in_the_middle_of_a_sequence_starts_it_anew()
    {
        var bench = PicBench.Ready();
        bench.Out(0x20, 0x11);
        bench.Out(0x21, 0x40);
        bench.Out(0x20, 0x11);
        bench.Out(0x21, 0x50);
        bench.Out(0x21, 0x04);
        bench.Out(0x21, 0x01);
        bench.Raise(0);
        Assert.Equal(0x50, bench.Take());
    }

    [Fact]
    public void Icw1_clears_mask_service_priorities_special_mask_and_selection()
    {
        var bench = PicBench.Ready();
        bench.Raise(5);
        bench.Take();
        bench.Out(0x21, 0xAA);
        bench.Out(0x20, Ocw3.ForSpecialMask(true).Bits);
        bench.Out(0x20, Ocw3.ReadInService.Bits);
        bench.Command(Ocw2Command.SetPriority, 3);
        bench.Program();
        Assert.Equal(0, bench.Pair.MaskRegister);
        Assert.Equal(0, bench.Pair.InServiceRegister);
        bench.Raise(4);
        bench.Raise(0);
        Assert.Equal(0x11, bench.In(0x20));     // the request register, though ISR was selected
        Assert.Equal(0, bench.TakeIrq());
        bench.Out(0x21, 0x01);                  // no special mask mode: 0 in service blocks though masked
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void Icw1_asks_an_edge_input_for_a_new_edge()
    {
        var bench = PicBench.Ready();
        bench.Raise(4);
        Assert.True(bench.Pair.Intr);
        bench.Program();
        Assert.False(bench.Pair.Intr);
        Assert.Equal(0, bench.Pair.RequestRegister);
        bench.Raise(4);
        Assert.False(bench.Pair.Intr);
        bench.Lower(4);
        bench.Raise(4);
        Assert.True(bench.Pair.Intr);
    }

    [Fact]
    public void Icw1_leaves_a_level_request_and_intr_waits_for_the_last_word()
    {
        var bench = PicBench.Ready();
        bench.Levels(1 << 5);
        bench.Raise(5);
        Assert.True(bench.Pair.Intr);
        bench.Out(0x20, 0x11);
        Assert.False(bench.Pair.Intr);
        Assert.Equal(0x20, bench.Pair.RequestRegister);
        bench.Out(0x21, 0x20);
        bench.Out(0x21, 0x04);
        Assert.False(bench.Pair.Intr);
        bench.Out(0x21, 0x01);
        Assert.True(bench.Pair.Intr);
        Assert.Equal(5, bench.TakeIrq());
    }

    [Fact]
    public void An_edge_between_the_words_is_kept()
    {
        var bench = PicBench.Ready();
        bench.Out(0x20, 0x11);
        bench.Out(0x21, 0x20);
        bench.Raise(6);
        Assert.False(bench.Pair.Intr);
        bench.Out(0x21, 0x04);
        bench.Out(0x21, 0x01);
        Assert.Equal(6, bench.TakeIrq());
    }

    [Fact]
    public void A_chip_that_was_never_initialised_is_silent_and_its_inta_spurious()
    {
        var bench = new PicBench();
        bench.Raise(1);
        Assert.False(bench.Pair.Intr);
        Assert.Equal(7, bench.Take());
    }

    [Fact]
    public void Icw1_leaves_rotation_in_automatic_eoi_and_the_level_registers()
    {
        var bench = PicBench.Ready();
        bench.Levels(0x0020);
        bench.Command(Ocw2Command.SetRotateInAutoEoi, 0);
        bench.Program(Icw4.Create(autoEoi: true));
        Assert.Equal(0x0020, bench.Pair.LevelTriggered);
        bench.Raise(0);
        bench.Take();
        bench.Raise(0);
        bench.Lower(0);
        bench.Raise(0);
        bench.Raise(1);
        Assert.Equal(1, bench.TakeIrq());       // 0 went to the end of the order
    }

    [Fact]
    public void Reset_keeps_the_levels_of_the_pins_without_making_edges()
    {
        var bench = PicBench.Ready();
        bench.Levels(1 << 11);
        bench.Raise(3);
        bench.Raise(11);
        bench.Pair.Reset();
        Assert.False(bench.Pair.Intr);
        Assert.Equal(0, bench.Pair.RequestRegister);
        Assert.Equal(0, bench.Pair.LevelTriggered);
        bench.Program();
        Assert.False(bench.Pair.Intr);
        bench.Levels(1 << 11);
        Assert.Equal(11, bench.TakeIrq());
    }

    [Fact]
    public void Mcs80_mode_keeps_the_state_machine_and_gives_the_same_vectors()
    {
        var bench = PicBench.Ready(masterModes: new Icw4(0), slaveModes: new Icw4(0));
        bench.Raise(1);
        bench.Raise(10);
        Assert.Equal(0x21, bench.Take());
        bench.Eoi(1);
        Assert.Equal(0x2A, bench.Take());
    }

    [Fact]
    public void Operation_words_work_during_initialisation()
    {
        var bench = PicBench.Ready();
        bench.Out(0x20, 0x11);
        bench.Out(0x20, Ocw3.ReadInService.Bits);
        bench.Out(0x21, 0x60);
        bench.Command(Ocw2Command.SetPriority, 0);
        bench.Out(0x21, 0x04);
        bench.Out(0x21, 0x01);
        bench.Raise(0);
        bench.Raise(1);
        Assert.Equal(0, bench.In(0x20));
        Assert.Equal(0x61, bench.Take());
        Assert.Equal(2, bench.In(0x20));
    }
}
