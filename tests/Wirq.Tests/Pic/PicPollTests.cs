namespace Wirq.Tests.Pic;

public class PicPollTests
{
    [Fact]
    public void A_poll_of_the_master_takes_its_request()
    {
        var bench = PicBench.Ready();
        bench.Raise(6);
        bench.Raise(3);
        Assert.Equal(0x83, bench.Poll(0x20));
        Assert.Equal(0x08, bench.Pair.InServiceRegister);
        Assert.False(bench.Pair.Intr);
        bench.Eoi(3);
        Assert.Equal(6, bench.TakeIrq());
    }

    [Fact]
    public void A_poll_serves_one_read_of_either_port()
    {
        var bench = PicBench.Ready();
        bench.Out(0x21, 0xF0);
        bench.Raise(3);
        bench.Out(0x20, Ocw3.NextReadPolls.Bits);
        Assert.Equal(0x83, bench.In(0x21));
        Assert.Equal(0xF0, bench.In(0x21));
        Assert.Equal(0x00, bench.In(0x20));
    }

    [Fact]
    public void A_poll_that_is_due_outlasts_other_words_and_wins_over_a_selection()
    {
        var bench = PicBench.Ready();
        bench.Raise(3);
        bench.Out(0x20, 0x0F);                  // P, RR and RIS
        bench.Out(0x20, Ocw2.Create(Ocw2Command.None).Bits);
        bench.Out(0x20, 0x08);
        Assert.Equal(0x83, bench.In(0x20));
        Assert.Equal(0x08, bench.In(0x20));     // then the selected ISR
    }

    [Fact]
    public void A_poll_of_the_master_finds_the_cascade_and_one_of_the_slave_its_request()
    {
        var bench = PicBench.Ready();
        bench.Raise(11);
        Assert.Equal(0x82, bench.Poll(0x20));
        Assert.Equal(0x0004, bench.Pair.InServiceRegister);
        Assert.Equal(0x83, bench.Poll(0xA0));
        Assert.Equal(0x0804, bench.Pair.InServiceRegister);
        bench.Raise(9);
        bench.Eoi(11);
        bench.Eoi(2);
        Assert.Equal(9, bench.TakeIrq());
    }

    [Fact]
    public void A_poll_of_the_slave_alone_takes_the_request_from_the_master_too()
    {
        var bench = PicBench.Ready();
        bench.Raise(11);
        Assert.True(bench.Pair.Intr);
        Assert.Equal(0x83, bench.Poll(0xA0));
        Assert.Equal(0x0800, bench.Pair.InServiceRegister);
        Assert.False(bench.Pair.Intr);
        bench.Raise(9);                         // above 11: the slave asks again
        Assert.Equal(9, bench.TakeIrq());
    }

    [Fact]
    public void A_poll_with_nothing_to_take_reads_the_default_level_without_bit_7()
    {
        var bench = PicBench.Ready();
        Assert.Equal(0x07, bench.Poll(0x20));
        Assert.Equal(0x07, bench.Poll(0xA0));
        bench.Raise(3);
        bench.Lower(3);
        Assert.Equal(0x07, bench.Poll(0x20));
        Assert.False(bench.Pair.Intr);          // a poll is an INTA: INT fell with it
        Assert.Equal(0, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void A_poll_heeds_masks_and_service()
    {
        var bench = PicBench.Ready();
        bench.Mask(0x08);
        bench.Raise(3);
        bench.Raise(5);
        Assert.Equal(0x85, bench.Poll(0x20));
        bench.Raise(6);
        Assert.Equal(0x07, bench.Poll(0x20));
    }

    [Fact]
    public void A_poll_in_automatic_eoi_ends_what_it_takes()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true));
        bench.Levels(1 << 5);
        bench.Raise(5);
        Assert.Equal(0x85, bench.Poll(0x20));
        Assert.Equal([5], bench.Acked);
        Assert.Equal(0, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void A_polled_slave_in_automatic_eoi_asks_the_master_anew_for_its_next_request()
    {
        var bench = PicBench.Ready(slaveModes: Icw4.Create(autoEoi: true));
        bench.Raise(11);
        bench.Raise(12);
        Assert.Equal(0x82, bench.Poll(0x20));
        Assert.Equal(0x83, bench.Poll(0xA0));
        Assert.False(bench.Pair.Intr);
        bench.Eoi(2);
        Assert.Equal(12, bench.TakeIrq());
    }

    [Fact]
    public void Icw1_cancels_a_poll_that_is_due()
    {
        var bench = PicBench.Ready();
        bench.Out(0x20, Ocw3.NextReadPolls.Bits);
        bench.Program();
        bench.Raise(3);
        Assert.Equal(0x08, bench.In(0x20));
        Assert.Equal(0, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void A_plain_read_takes_nothing()
    {
        var bench = PicBench.Ready();
        bench.Raise(3);
        foreach (ushort port in new ushort[] { 0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1 })
            bench.In(port);
        Assert.True(bench.Pair.Intr);
        Assert.Equal(3, bench.TakeIrq());
    }
}
