using System.Collections.Concurrent;
using System.Diagnostics;
using Wirq.Routing;

namespace Wirq.Linux.Tests.Events;

public class EpollLoopTests
{
    private const long Millisecond = 1_000_000;

    // Long enough that nothing will come any more, short enough for a suite.
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(5);

    public EpollLoopTests() => KvmHost.RequireLinux();

    [Fact]
    public void A_watched_eventfd_is_told_of_by_its_token()
    {
        using var told = new BlockingCollection<int>();
        using EventFdHandle counter = EventFdHandle.Create();
        using EpollLoop loop = Reader(told, (7, counter));
        loop.Watch(counter, 7);
        AssertQuiet(told);
        counter.Write();
        AssertTold(told, 7);
        AssertQuiet(told);
        loop.Write(counter);
        AssertTold(told, 7);
    }

    [Fact]
    public void A_count_that_is_pending_is_told_of_when_it_is_watched()
    {
        using var told = new BlockingCollection<int>();
        using EventFdHandle counter = EventFdHandle.Create();
        using EpollLoop loop = Reader(told, (7, counter));
        counter.Write();
        loop.Watch(counter, 7);
        AssertTold(told, 7);
    }

    [Fact]
    public void An_unwatched_eventfd_keeps_its_count_and_is_told_of_when_it_is_watched_again()
    {
        using var told = new BlockingCollection<int>();
        using EventFdHandle counter = EventFdHandle.Create();
        using EpollLoop loop = Reader(told, (1, counter), (2, counter));
        loop.Watch(counter, 1);
        loop.Unwatch(counter);
        loop.Unwatch(counter);
        counter.Write();
        AssertQuiet(told);
        Assert.True(loop.IsReadable(counter));
        loop.Watch(counter, 2);
        AssertTold(told, 2);
        Assert.False(loop.Read(counter));
    }

    [Fact]
    public void Watching_again_changes_the_token()
    {
        using var told = new BlockingCollection<int>();
        using EventFdHandle counter = EventFdHandle.Create();
        using EpollLoop loop = Reader(told, (1, counter), (2, counter));
        loop.Watch(counter, 1);
        loop.Watch(counter, 2);
        counter.Write();
        AssertTold(told, 2);
        AssertQuiet(told);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Level_triggered_it_tells_until_somebody_reads_and_edge_triggered_once(bool edge)
    {
        int count = 0;
        using EventFdHandle counter = EventFdHandle.Create();
        using var loop = new EpollLoop(_ => Interlocked.Increment(ref count), new() { EdgeTriggered = edge });
        loop.Watch(counter, 1);
        counter.Write();
        Assert.True(KvmHost.Soon(() => Volatile.Read(ref count) >= (edge ? 1 : 3)));
        Thread.Sleep(s_quiet);
        if (edge)
            Assert.Equal(1, Volatile.Read(ref count));
        counter.Write();
        Assert.True(KvmHost.Soon(() => Volatile.Read(ref count) >= 2));
    }

    [Fact]
    public void Two_hundred_eventfds_are_told_of_more_than_a_batch()
    {
        using var told = new BlockingCollection<int>();
        EventFdHandle[] counters = [.. Enumerable.Range(0, 200).Select(_ => EventFdHandle.Create())];
        using EpollLoop loop = Reader(told, [.. counters.Select((counter, token) => (token, counter))]);
        foreach (EventFdHandle counter in counters)
            counter.Write();
        for (int token = 0; token < counters.Length; token++)
            loop.Watch(counters[token], token);
        var seen = new HashSet<int>();
        while (seen.Count < counters.Length)
        {
            Assert.True(told.TryTake(out int token, s_long), $"{seen.Count} of {counters.Length} were told of");
            Assert.True(seen.Add(token), $"{token} was told of twice");
        }
        AssertQuiet(told);
        foreach (EventFdHandle counter in counters)
            counter.Dispose();
    }

    [Fact]
    public void A_handler_may_watch_and_unwatch()
    {
        using var told = new BlockingCollection<int>();
        using EventFdHandle first = EventFdHandle.Create(), second = EventFdHandle.Create();
        EpollLoop? loop = null;
        using var ready = new ManualResetEventSlim();
        using (loop = new EpollLoop(token =>
        {
            ready.Wait();
            told.Add(token);
            if (token == 1)
            {
                // It is not read, so in level-triggered mode it would be reported again.
                loop!.Unwatch(first);
                loop.Watch(second, 2);
            }
            else
                loop!.Read(second);
        }))
        {
            ready.Set();
            second.Write();
            first.Write();
            loop.Watch(first, 1);
            AssertTold(told, 1);
            AssertTold(told, 2);
            AssertQuiet(told);
            Assert.True(first.IsReadable);
        }
    }

    [Fact]
    public void Threads_that_watch_and_unwatch_against_each_other_lose_no_write()
    {
        const int writes = 2000;
        ulong read = 0;
        using EventFdHandle counter = EventFdHandle.Create();
        using (var loop = new EpollLoop(_ => read += counter.TryRead(out ulong count) ? count : 0))
        {
            using var done = new CancellationTokenSource();
            var flapping = new Thread(() =>
            {
                do
                {
                    loop.Unwatch(counter);
                    loop.Watch(counter, 1);
                }
                while (!done.IsCancellationRequested);
            });
            flapping.Start();
            for (int i = 0; i < writes; i++)
                counter.Write();
            done.Cancel();
            Assert.True(flapping.Join(s_long));
            Assert.True(KvmHost.Soon(() => !counter.IsReadable), "a write was never told of");
        }
        Assert.Equal((ulong)writes, read);
    }

    [Fact]
    public void A_deadline_is_reached_in_time_and_once()
    {
        using var reached = new BlockingCollection<long>();
        using var loop = new EpollLoop(_ => { }, new() { DeadlineReached = reached.Add });
        long deadline = EpollLoop.Now + 20 * Millisecond;
        loop.SetDeadline(deadline);
        Assert.True(reached.TryTake(out long now, s_long));
        Assert.InRange(now, deadline, deadline + 2000 * Millisecond);
        Assert.False(reached.TryTake(out _, s_quiet));
        loop.SetDeadline(0);
        Assert.True(reached.TryTake(out _, s_long), "one that has passed is reached at once");
    }

    [Fact]
    public void A_deadline_can_be_moved_and_taken_back()
    {
        using var reached = new BlockingCollection<long>();
        using var loop = new EpollLoop(_ => { }, new() { DeadlineReached = reached.Add });
        loop.SetDeadline(EpollLoop.Now + 60_000 * Millisecond);
        loop.SetDeadline(EpollLoop.Now + Millisecond);
        Assert.True(reached.TryTake(out _, s_long));
        loop.SetDeadline(EpollLoop.Now + 200 * Millisecond);
        loop.SetDeadline(long.MaxValue);
        Assert.False(reached.TryTake(out _, TimeSpan.FromMilliseconds(250)));
    }

    [Fact]
    public void A_deadline_without_a_handler_is_refused()
    {
        using var loop = new EpollLoop(_ => { });
        Assert.Throws<InvalidOperationException>(() => loop.SetDeadline(1));
    }

    [Fact]
    public void Disposing_ends_the_thread_at_once_and_nothing_is_told_after_it()
    {
        using var told = new BlockingCollection<int>();
        using EventFdHandle counter = EventFdHandle.Create();
        EpollLoop loop = Reader(told, (1, counter));
        loop.Watch(counter, 1);
        Assert.InRange(Enumerable.Range(0, 5).Min(_ => TimeToEnd()), 0, 100);
        loop.Dispose();
        counter.Write();
        AssertQuiet(told);
        loop.Dispose();
        Assert.Throws<ObjectDisposedException>(() => loop.Watch(counter, 1));
        Assert.Throws<ObjectDisposedException>(() => loop.Unwatch(counter));
        Assert.Throws<ObjectDisposedException>(() => loop.SetDeadline(1));

        // The least of a few: the host may be busy with others.
        static double TimeToEnd()
        {
            using EventFdHandle watched = EventFdHandle.Create();
            var waiting = new EpollLoop(_ => { });
            waiting.Watch(watched, 1);
            Thread.Sleep(5);
            long before = Stopwatch.GetTimestamp();
            waiting.Dispose();
            return Stopwatch.GetElapsedTime(before).TotalMilliseconds;
        }
    }

    [Fact]
    public void A_handler_may_dispose_the_loop()
    {
        using EventFdHandle counter = EventFdHandle.Create();
        using var done = new ManualResetEventSlim();
        int calls = 0;
        EpollLoop? loop = null;
        loop = new EpollLoop(_ =>
        {
            calls++;
            loop!.Dispose();
            done.Set();
        });
        counter.Write();
        loop.Watch(counter, 1);
        Assert.True(KvmHost.Soon(() => done.IsSet));
        loop.Dispose();
        Assert.Equal(1, calls);
    }

    [Fact]
    public void What_a_handler_throws_ends_the_loop_and_comes_out_of_dispose()
    {
        using EventFdHandle counter = EventFdHandle.Create();
        var loop = new EpollLoop(_ => throw new InvalidDataException("broken handler"));
        counter.Write();
        loop.Watch(counter, 1);
        Assert.True(KvmHost.Soon(() => loop.Failure is not null));
        InvalidOperationException ended = Assert.Throws<InvalidOperationException>(() => loop.Watch(counter, 1));
        Assert.IsType<InvalidDataException>(ended.InnerException);
        Assert.Equal("broken handler", Assert.Throws<InvalidDataException>(loop.Dispose).Message);
        loop.Dispose();
    }

    [Fact]
    public void With_an_error_handler_the_loop_goes_on()
    {
        using var failures = new BlockingCollection<Exception>();
        using EventFdHandle counter = EventFdHandle.Create();
        using var loop = new EpollLoop(_ =>
        {
            counter.TryRead();
            throw new InvalidDataException("broken handler");
        }, new() { HandlerFailed = failures.Add });
        loop.Watch(counter, 1);
        for (int i = 0; i < 2; i++)
        {
            counter.Write();
            Assert.True(failures.TryTake(out Exception? failure, s_long));
            Assert.IsType<InvalidDataException>(failure);
        }
    }

    [Fact]
    public void Telling_allocates_nothing()
    {
        // Several looks, for the runtime may allocate on the loop's thread too (Allocations.Of says when).
        const int rounds = 1000;
        var marks = new long[6];
        using EventFdHandle counter = EventFdHandle.Create(), ended = EventFdHandle.Create();
        int calls = 0;
        using var loop = new EpollLoop(_ =>
        {
            counter.TryRead();
            if (++calls % rounds == 0)
                marks[calls / rounds - 1] = GC.GetAllocatedBytesForCurrentThread();
            if (calls == rounds * marks.Length)
                ended.Write();
            else
                counter.Write();
        });
        loop.Watch(counter, 1);
        counter.Write();
        Assert.True(SpinWait.SpinUntil(() => ended.IsReadable, s_long));
        Assert.Contains(0, marks.Zip(marks.Skip(1), (before, after) => after - before));
    }

    [Fact]
    public void A_hundred_loops_leave_no_descriptor()
    {
        Rounds(3);
        int before = KvmHost.OpenDescriptors();
        Rounds(100);
        Assert.Equal(before, KvmHost.OpenDescriptors());
        // A loop that is left open shows: epoll, timer and wake-up.
        using var open = new EpollLoop(_ => { });
        Assert.Equal(before + 3, KvmHost.OpenDescriptors());

        static void Rounds(int count)
        {
            for (int i = 0; i < count; i++)
            {
                using EventFdHandle counter = EventFdHandle.Create();
                using var loop = new EpollLoop(_ => { });
                loop.Watch(counter, i);
            }
        }
    }

    private static EpollLoop Reader(BlockingCollection<int> told, params (int Token, EventFdHandle Counter)[] watched)
    {
        Dictionary<int, EventFdHandle> counters = watched.ToDictionary(each => each.Token, each => each.Counter);
        return new EpollLoop(token =>
        {
            if (counters[token].TryRead())
                told.Add(token);
        });
    }

    private static void AssertTold(BlockingCollection<int> told, int token)
    {
        Assert.True(told.TryTake(out int first, s_long), $"{token} was not told of");
        Assert.Equal(token, first);
    }

    private static void AssertQuiet(BlockingCollection<int> told) =>
        Assert.False(told.TryTake(out int token, s_quiet), $"{token} was told of");
}
