using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>Where events are drawn.</summary>
public class DrawnClockTests
{
    [Fact]
    public void Each_event_is_drawn_at_its_time_or_a_nanosecond_behind_the_one_before()
    {
        var clock = new DrawnClock([new Mark(7, 0, 100), new Mark(3, 0, 0), new Mark(4, 0, 0), new Mark(3, 0, 0), new Mark(5, 0, 0), new Mark(8, 0, 100)]);
        Assert.Equal([0L, 1, 2, 100, 101], clock.Marks.Select(clock.At));
        Assert.Equal((0, 2, 2), (clock.IndexOf(new Mark(1, 0, 0)), clock.IndexOf(new Mark(6, 0, 50)), clock.IndexOf(new Mark(5, 0, 0))));
    }

    [Fact]
    public void The_longest_time_is_no_overflow()
    {
        var clock = new DrawnClock([new Mark(1, 0, long.MaxValue), new Mark(2, 0, long.MaxValue)]);
        Assert.Equal([long.MaxValue, long.MaxValue], clock.Marks.Select(clock.At));
        Assert.Equal(0, new DrawnClock([]).At(new Mark(1, 0, 5)));
    }
}
