using Wirq.Events;
using static Wirq.Tests.Laws.LawEvent;

namespace Wirq.Tests.IoApics;

public class StormBrakeTests
{
    private static readonly RedirectionEntry Level = ChipBench.Level;

    private static ChipBench Build(int limit = 3, long delay = 100) =>
        new ChipBench(new() { StormLimit = limit, StormDelay = delay }).InService();

    /// <summary>EOIs that find the line still asserted, each redelivered and accepted but for the last.</summary>
    private static void Storm(ChipBench bench, int eois)
    {
        for (int i = 0; i < eois; i++)
        {
            if (i > 0)
                bench.Answer(11, Level);
            bench.Eoi(0x31);
        }
    }

    [Fact]
    public void The_last_eoi_up_to_the_limit_is_held_back()
    {
        ChipBench bench = Build(limit: 3);
        Storm(bench, 2);
        Assert.False(bench.Chip.IsBraked(11));
        bench.Answer(11, Level);
        bench.Forget();
        bench.Events.Now = 1000;
        bench.Eoi(0x31);
        Assert.Equal([IrrCleared(11), Braked(11) with { A = 1100 }], bench.Seen());
        Assert.True(bench.Chip.IsBraked(11));
        Assert.Equal(1100, bench.Chip.NextDeadline);
    }

    [Fact]
    public void It_lets_go_at_its_deadline_and_not_before()
    {
        ChipBench bench = Build();
        Storm(bench, 3);
        bench.Forget();
        bench.Events.Now = 99;
        bench.Chip.Advance(bench.Events);
        Assert.Empty(bench.Seen());
        bench.Events.Now = 100;
        bench.Chip.Advance(bench.Events);
        Assert.Equal([Released(11), Deliver(11, Level)], bench.Seen());
        Assert.Equal(long.MaxValue, bench.Chip.NextDeadline);
    }

    [Fact]
    public void The_count_saturates_so_that_the_next_eoi_is_held_back_again()
    {
        ChipBench bench = Build();
        Storm(bench, 3);
        UInt128 first = bench.Arena.Identity(bench.Events.Now);
        for (long round = 1; round < 4; round++)
        {
            bench.Events.Now = round * 100;
            bench.Chip.Advance(bench.Events);
            bench.Answer(11, Level);
            bench.Forget();
            bench.Eoi(0x31);
            Assert.Equal([IrrCleared(11), Braked(11) with { A = (ulong)(round + 1) * 100 }], bench.Seen());
            Assert.Equal(first, bench.Arena.Identity(bench.Events.Now));
        }
    }

    [Fact]
    public void A_fall_forgets_the_count()
    {
        ChipBench bench = Build();
        Storm(bench, 3);
        bench.Pin(11, false);
        Assert.Equal(long.MaxValue, bench.Chip.NextDeadline);
        bench.Forget();
        bench.Pin(11, true);
        Assert.Equal([Rise(11), Deliver(11, Level)], bench.Seen());
        bench.Answer(11, Level);
        Storm(bench, 2);
        Assert.False(bench.Chip.IsBraked(11));
    }

    [Fact]
    public void A_write_of_the_entry_lets_go_and_forgets_the_count()
    {
        ChipBench bench = Build();
        Storm(bench, 3);
        bench.Forget();
        bench.Entry(11, Level);
        Assert.Equal([Deliver(11, Level)], bench.Seen());
        bench.Answer(11, Level);
        Storm(bench, 2);
        Assert.False(bench.Chip.IsBraked(11));
    }

    [Fact]
    public void Eois_that_find_the_line_masked_or_dropped_do_not_count()
    {
        ChipBench bench = Build(limit: 2);
        bench.Entry(11, Level.WithMask(true));
        bench.Eoi(0x31);
        bench.Entry(11, Level);
        bench.Answer(11, Level);
        Storm(bench, 1);
        Assert.False(bench.Chip.IsBraked(11));
    }

    [Fact]
    public void A_limit_of_zero_is_no_brake()
    {
        ChipBench bench = Build(limit: 0);
        Storm(bench, 1000);
        Assert.False(bench.Chip.IsBraked(11));
        Assert.Equal(long.MaxValue, bench.Chip.NextDeadline);
    }

    [Fact]
    public void Each_pin_has_a_brake_and_the_nearest_deadline_counts()
    {
        ChipBench bench = new ChipBench(new() { StormLimit = 1, StormDelay = 100 }).InService(11).InService(5, RedirectionEntry.Create(0x32, 1, level: true));
        bench.Eoi(0x31);
        bench.Events.Now = 30;
        bench.Eoi(0x32);
        Assert.Equal(100, bench.Chip.NextDeadline);
        bench.Events.Now = 100;
        bench.Chip.Advance(bench.Events);
        Assert.Equal((false, true, 130L), (bench.Chip.IsBraked(11), bench.Chip.IsBraked(5), bench.Chip.NextDeadline));
    }
}
