namespace Wirq.Tests.Pic;

public class PicCascadeTests
{
    [Fact]
    public void A_request_of_the_slave_is_one_of_the_masters_input_2()
    {
        var bench = PicBench.Ready();
        bench.Raise(12);
        Assert.Equal(0x1004, bench.Pair.RequestRegister);
        Assert.Equal(0x2C, bench.Take());
        Assert.Equal(0x0000, bench.Pair.RequestRegister);
        Assert.Equal(0x1004, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void Both_chips_want_an_eoi()
    {
        var bench = PicBench.Ready();
        bench.Raise(12);
        bench.Take();
        bench.Raise(14);
        bench.Raise(5);
        bench.Eoi(12);
        Assert.False(bench.Pair.Intr);
        bench.Eoi(2);
        Assert.Equal(14, bench.TakeIrq());
    }

    [Fact]
    public void The_masters_mask_of_input_2_silences_the_slave()
    {
        var bench = PicBench.Ready();
        bench.Mask(0x0004);
        bench.Raise(12);
        Assert.False(bench.Pair.Intr);
        Assert.False(bench.Pair.IsMasked(12));
        Assert.True(bench.Pair.IsMasked(2));
        bench.Mask(0);
        Assert.Equal(12, bench.TakeIrq());
    }

    [Fact]
    public void A_mask_of_the_slave_takes_its_request_from_the_master()
    {
        var bench = PicBench.Ready();
        bench.Raise(12);
        bench.Mask(0x1000);
        Assert.False(bench.Pair.Intr);
        Assert.Equal(0x1000, bench.Pair.RequestRegister);
        bench.Mask(0);
        Assert.Equal(12, bench.TakeIrq());
    }

    [Fact]
    public void A_slave_with_another_id_leaves_the_bus_idle()
    {
        var bench = PicBench.Ready();
        bench.Out(0xA0, Icw1.Create().Bits);
        bench.Out(0xA1, 0x28);
        bench.Out(0xA1, 0x03);
        bench.Out(0xA1, Icw4.Create().Bits);
        bench.Raise(12);
        Assert.Equal(0xFF, bench.Take());
        Assert.Equal(0x0004, bench.Pair.InServiceRegister);
        Assert.Equal(0x1000, bench.Pair.RequestRegister);
    }

    [Fact]
    public void A_master_that_knows_of_no_slave_gives_the_vector_itself()
    {
        var bench = PicBench.Ready();
        bench.Out(0x20, Icw1.Create().Bits);
        bench.Out(0x21, 0x20);
        bench.Out(0x21, 0x00);
        bench.Out(0x21, Icw4.Create().Bits);
        bench.Raise(12);
        Assert.Equal(0x22, bench.Take());
        Assert.Equal(0x0004, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void A_slave_line_that_falls_while_the_master_serves_another_is_spurious_later()
    {
        var bench = PicBench.Ready();
        bench.Raise(0);
        bench.Take();
        bench.Raise(12);
        bench.Lower(12);
        bench.Eoi(0);
        Assert.Equal(15, bench.TakeIrq());
        Assert.Equal(0x0004, bench.Pair.InServiceRegister);
        bench.Eoi(2);
        Assert.False(bench.Pair.Intr);
    }
}
