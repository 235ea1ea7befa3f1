namespace Wirq.Tests.Pic;

public class PicEoiTests
{
    [Fact]
    public void A_non_specific_eoi_ends_what_has_the_highest_priority()
    {
        var bench = PicBench.Ready();
        foreach (int irq in new[] { 6, 4, 1 })
        {
            bench.Raise(irq);
            bench.Take();
        }
        foreach (int left in new[] { 0x50, 0x40, 0x00, 0x00 })
        {
            bench.Command(Ocw2Command.NonSpecificEoi, 0);
            Assert.Equal(left, bench.Pair.InServiceRegister);
        }
    }

    [Fact]
    public void A_specific_eoi_ends_what_it_names()
    {
        var bench = PicBench.Ready();
        bench.Raise(6);
        bench.Take();
        bench.Raise(4);
        bench.Take();
        bench.Eoi(5);
        Assert.Equal(0x50, bench.Pair.InServiceRegister);
        bench.Eoi(6);
        Assert.Equal(0x10, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void A_rotating_eoi_ends_and_rotates()
    {
        var bench = PicBench.Ready();
        bench.Raise(4);
        bench.Take();
        bench.Command(Ocw2Command.RotateOnNonSpecificEoi, 0);
        Assert.Equal(0, bench.Pair.InServiceRegister);
        bench.Raise(1);
        bench.Raise(6);
        Assert.Equal(6, bench.TakeIrq());
        bench.Command(Ocw2Command.RotateOnSpecificEoi, 6);
        Assert.Equal(0, bench.Pair.InServiceRegister);
        bench.Raise(7);
        Assert.Equal(7, bench.TakeIrq());
    }

    [Fact]
    public void Commands_that_are_no_eoi_end_nothing()
    {
        var bench = PicBench.Ready();
        bench.Raise(4);
        bench.Take();
        foreach (Ocw2Command command in new[] { Ocw2Command.None, Ocw2Command.SetPriority,
            Ocw2Command.SetRotateInAutoEoi, Ocw2Command.ClearRotateInAutoEoi })
        {
            bench.Command(command, 4);
            Assert.Equal(0x10, bench.Pair.InServiceRegister);
            Assert.Empty(bench.Acked);
        }
    }

    [Fact]
    public void Automatic_eoi_leaves_nothing_in_service()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true), slaveModes: Icw4.Create(autoEoi: true));
        bench.Raise(4);
        Assert.Equal(4, bench.TakeIrq());
        bench.Raise(12);
        Assert.Equal(12, bench.TakeIrq());
        Assert.Equal(0, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void Each_chip_has_its_own_automatic_eoi()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true));
        bench.Raise(12);
        bench.Take();
        Assert.Equal(0x1000, bench.Pair.InServiceRegister);
        bench = PicBench.Ready(slaveModes: Icw4.Create(autoEoi: true));
        bench.Raise(12);
        bench.Take();
        Assert.Equal(0x0004, bench.Pair.InServiceRegister);
    }

    [Fact]
    public void With_automatic_eoi_the_next_request_of_the_slave_follows_at_once()
    {
        var bench = PicBench.Ready(masterModes: Icw4.Create(autoEoi: true), slaveModes: Icw4.Create(autoEoi: true));
        bench.Raise(12);
        bench.Raise(10);
        Assert.Equal(10, bench.TakeIrq());
        Assert.True(bench.Pair.Intr);
        Assert.Equal(12, bench.TakeIrq());
        Assert.False(bench.Pair.Intr);
    }

    [Fact]
    public void The_selection_of_a_register_lasts_until_it_is_changed()
    {
        var bench = PicBench.Ready();
        bench.Raise(5);
        bench.Take();
        bench.Raise(1);
        Assert.Equal(0x20, bench.InService(0x20));
        Assert.Equal(0x20, bench.In(0x20));
        bench.Out(0x20, 0x08);                  // RR 0, whatever RIS is
        Assert.Equal(0x20, bench.In(0x20));
        bench.Out(0x20, Ocw3.ForSpecialMask(false).Bits);
        Assert.Equal(0x20, bench.In(0x20));
        Assert.Equal(0x02, bench.Requests(0x20));
        bench.Out(0x20, 0x09);
        Assert.Equal(0x02, bench.In(0x20));
        Assert.Equal(0x00, bench.In(0xA0));
    }
}
