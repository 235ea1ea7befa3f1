using Wirq.Board.Machine;
using Wirq.Board.Timing;
using Wirq.Linux;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Machine;

public sealed class BoardClockTests
{
    [Fact]
    public void A_device_that_is_always_due_is_served_now_and_then()
    {
        KvmHost.RequireLinux();
        const int milliseconds = 200, perMillisecond = 20;
        var clock = new BoardClock();
        var device = new Impatient(clock);
        using var loop = new EpollLoop(_ => { }, new EpollOptions { DeadlineReached = _ => clock.Reached() });
        clock.Add(device);
        long start = clock.Now;
        clock.Start(loop);
        Thread.Sleep(milliseconds);
        clock.Stop();
        long passed = (clock.Now - start) / 1_000_000 + 1;
        Assert.InRange(device.Served, 2, passed * perMillisecond);
    }

    [Fact]
    public void What_is_due_later_is_not_late_for_it()
    {
        KvmHost.RequireLinux();
        var clock = new BoardClock();
        var device = new Once(clock.Now + 30_000_000);
        using var loop = new EpollLoop(_ => { }, new EpollOptions { DeadlineReached = _ => clock.Reached() });
        clock.Add(device);
        clock.Start(loop);
        Assert.True(device.Over.Wait(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken), "its deadline did not come");
        clock.Stop();
        Assert.True(device.Came >= device.Due, $"due at {device.Due}, served at {device.Came}");
    }

    // A busy host may wake the loop late. The test only checks the time to which the timer is set.
    [Theory]
    [InlineData(0, 50_000)]
    [InlineData(49_999, 50_000)]
    [InlineData(50_001, 50_001)]
    [InlineData(20_000_000_000, 20_000_000_000)]
    public void The_timer_is_set_to_the_deadline_and_to_the_shortest_gap_where_that_is_later(long after, long armed)
    {
        KvmHost.RequireLinux();
        var clock = new BoardClock();
        // The loop's own thread never comes to the clock: only this one does.
        using var loop = new EpollLoop(_ => { }, new EpollOptions { DeadlineReached = _ => { } });
        clock.Start(loop);
        Assert.Equal(long.MaxValue, clock.Armed);
        var device = new Following(after);
        clock.Add(device);
        clock.Reached();
        Assert.Equal(armed, clock.Armed - device.Served);
        clock.Stop();
    }

    [Fact]
    public void A_nearer_deadline_sets_the_timer_anew_and_a_farther_one_leaves_it()
    {
        KvmHost.RequireLinux();
        var clock = new BoardClock();
        using var loop = new EpollLoop(_ => { }, new EpollOptions { DeadlineReached = _ => { } });
        clock.Start(loop);
        long far = clock.Now + 60_000_000_000, near = far - 30_000_000_000;
        clock.Add(new Once(far));
        Assert.Equal(far, clock.Armed);
        clock.Add(new Once(near));
        Assert.Equal(near, clock.Armed);
        clock.Add(new Once(far - 1));
        Assert.Equal(near, clock.Armed);
        clock.Stop();
    }

    private sealed class Impatient(BoardClock clock) : ITimedDevice
    {
        private long _served;

        internal long Served => Volatile.Read(ref _served);
        public long NextDeadline => clock.Now;
        public void Advance(long now) => Interlocked.Increment(ref _served);
        public event Action? DeadlineMoved { add { } remove { } }
    }

    /// <summary>Is due again a fixed time after it was served.</summary>
    private sealed class Following(long after) : ITimedDevice
    {
        internal long Served { get; private set; }
        public long NextDeadline { get; private set; } = long.MaxValue;
        public event Action? DeadlineMoved { add { } remove { } }

        public void Advance(long now) => (Served, NextDeadline) = (now, now + after);
    }

    private sealed class Once(long deadline) : ITimedDevice
    {
        private long _deadline = deadline;

        internal ManualResetEventSlim Over { get; } = new();
        internal long Due { get; } = deadline;
        internal long Came { get; private set; }
        public long NextDeadline => Volatile.Read(ref _deadline);
        public event Action? DeadlineMoved { add { } remove { } }

        public void Advance(long now)
        {
            if (now < NextDeadline)
                return;
            Came = now;
            Volatile.Write(ref _deadline, long.MaxValue);
            Over.Set();
        }
    }
}
