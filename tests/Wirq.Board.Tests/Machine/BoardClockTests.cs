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
    }

    private sealed class Impatient(BoardClock clock) : ITimedDevice
    {
        private long _served;

        internal long Served => Volatile.Read(ref _served);
        public long NextDeadline => clock.Now;
        public void Advance(long now) => Interlocked.Increment(ref _served);
        public event Action? DeadlineMoved { add { } remove { } }
    }

    private sealed class Once(long deadline) : ITimedDevice
    {
        private long _deadline = deadline;

        internal ManualResetEventSlim Over { get; } = new();
        public long NextDeadline => Volatile.Read(ref _deadline);
        public event Action? DeadlineMoved { add { } remove { } }

        public void Advance(long now)
        {
            if (now < NextDeadline)
                return;
            Volatile.Write(ref _deadline, long.MaxValue);
            Over.Set();
        }
    }
}
