using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux.Tests.Events;

public class EventFdHandleTests
{
    public EventFdHandleTests() => KvmHost.RequireLinux();

    [Fact]
    public void A_count_gathers_writes_and_a_read_takes_it()
    {
        using EventFdHandle counter = EventFdHandle.Create();
        Assert.False(counter.IsReadable);
        Assert.False(counter.TryRead());
        counter.Write();
        counter.Write();
        Assert.True(counter.IsReadable);
        Assert.True(counter.TryRead(out ulong count));
        Assert.Equal(2ul, count);
        Assert.False(counter.IsReadable);
    }

    [Fact]
    public void A_full_count_takes_a_write_without_waiting()
    {
        using EventFdHandle counter = EventFdHandle.Create();
        Assert.Equal(8, Libc.Write(counter.EventFd.Number, ulong.MaxValue - 1, 8));
        counter.Write();
        Assert.True(counter.TryRead(out ulong count));
        Assert.Equal(ulong.MaxValue - 1, count);
    }

    [Fact]
    public void Its_name_is_its_descriptor_until_it_is_closed()
    {
        EventFdHandle counter = EventFdHandle.Create();
        EventFd name = counter;
        Assert.Equal(counter.DangerousGetHandle(), name.Number);
        Assert.Equal(name, counter.ToEventFd());
        counter.Dispose();
        Assert.Throws<ObjectDisposedException>(() => counter.EventFd);
        Assert.Throws<ObjectDisposedException>(counter.Write);
        Assert.Throws<ObjectDisposedException>(() => counter.IsReadable);
        Assert.Throws<ObjectDisposedException>(() => counter.TryRead());
    }

    [Fact]
    public void A_closed_name_is_refused_by_call_and_number()
    {
        using var loop = new EpollLoop(_ => { });
        // Far above what this process opens.
        var closed = new EventFd(100_000);
        Check("read", () => loop.Read(closed));
        Check("write", () => loop.Write(closed));
        Check("poll", () => loop.IsReadable(closed));
        Check("epoll_ctl", () => loop.Watch(closed, 0));
        Check("epoll_ctl", () => loop.Unwatch(closed));

        static void Check(string call, Action refused)
        {
            KernelException error = Assert.Throws<KernelException>(refused);
            Assert.Equal((call, 9, -1), (error.Call, error.Errno, error.Gsi));
            Assert.Contains("EBADF", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_mapping_gives_its_bytes_and_no_others()
    {
        using Mapping memory = Mapping.Anonymous(8192);
        memory.AsSpan()[8191] = 7;
        Assert.Equal(7, memory.AsSpan(8190, 2)[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.AsSpan(8190, 3).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.AsSpan(nuint.MaxValue, 1).Length);
        memory.Dispose();
        Assert.Throws<ObjectDisposedException>(() => memory.AsSpan().Length);
    }

    [Fact]
    public void A_mapping_without_bytes_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Mapping.Anonymous(0));
}
