using Wirq.Linux.VfioUser;
using Wirq.Routing;
using Wirq.Vfio;

namespace Wirq.Linux.Tests.VfioUser;

/// <summary>Our client and our server over a socket count the same: INTx, which signals an eventfd of the client.</summary>
public sealed class PairIntxTests : IDisposable
{
    private readonly ServedFunction _served = new();
    private readonly VfioUserClient _client;
    private readonly EventFdHandle _trigger = EventFdHandle.Create();

    public PairIntxTests()
    {
        _client = _served.Connect();
        _client.SetTriggers(VfioIrqIndex.Intx, 0, _trigger);
    }

    public void Dispose()
    {
        _trigger.Dispose();
        _client.Dispose();
        _served.Dispose();
    }

    /// <summary>How often it was signalled since this was asked.</summary>
    private ulong Count => _trigger.TryRead(out ulong count) ? count : 0;

    [Fact]
    public void A_level_is_signalled_once_until_it_is_unmasked()
    {
        _served.Do(function => function.SetIntx(true));
        Assert.Equal(1ul, Count);
        // Too early, twice: the device still asserts, and says so again each time.
        _client.Unmask();
        _client.Unmask();
        Assert.Equal(2ul, Count);
        _served.Do(function => function.SetIntx(false));
        _client.Unmask();
        // Nothing is masked any more.
        _client.Unmask();
        Assert.Equal(0ul, Count);
        _served.Do(function => function.SetIntx(true));
        Assert.Equal(1ul, Count);
        InterruptCounts counts = _served.Function.Interrupts;
        Assert.Equal((2, 4, 2), (counts.Raised, counts.Signalled, counts.SignalledAgain));
        Assert.Equal((4, 0, 2, 1, 3), (counts.UnmaskMessages, counts.UnmaskEventFds, counts.EarlyUnmasks, counts.IdleUnmasks, counts.NeedlessUnmasks));
    }

    [Fact]
    public void The_unmask_eventfd_is_an_unmask_for_each_time_that_it_is_seen()
    {
        using var unmask = EventFdHandle.Create();
        _client.SetUnmask(unmask);
        _served.Do(function => function.SetIntx(true));
        _served.Do(function => function.SetIntx(false));
        unmask.Write();
        _served.Until((_, function) => !function.IsMasked, "unmasked");
        Assert.False(unmask.IsReadable);
        Assert.Equal((1, 0, 0), (_served.Function.Interrupts.UnmaskEventFds, _served.Function.Interrupts.UnmaskMessages, _served.Function.Interrupts.NeedlessUnmasks));
        // VFIO would not have a second while the first is open. A server cannot see that it was closed, as QEMU does.
        using var other = EventFdHandle.Create();
        _client.SetUnmask(other);
        unmask.Write();
        _served.Do(function => function.SetIntx(true));
        _served.Do(function => function.SetIntx(false));
        Assert.True(_served.Do((_, function) => function.IsMasked));
        Assert.True(unmask.TryRead());
        other.Write();
        _served.Until((_, function) => !function.IsMasked, "unmasked by the other");
        _client.SetUnmask(EventFd.None);
        // One that is readable when it comes unmasks at once, and once.
        _served.Do(function => function.SetIntx(true));
        _served.Do(function => function.SetIntx(false));
        unmask.Write();
        _client.SetUnmask(unmask);
        Assert.False(_served.Do((_, function) => function.IsMasked));
        Assert.Equal(2, _served.Do((_, function) => function.Interrupts.UnmaskEventFds));
        Assert.Equal(3ul, Count);
    }

    [Fact]
    public void The_guests_own_bit_holds_the_interrupt_back_and_lets_it_go()
    {
        _client.Write(7, 4, [0, 4]);
        _served.Do(function => function.SetIntx(true));
        _client.Unmask();
        Assert.Equal(0ul, Count);
        Assert.Equal(0x18u, _client.Read32(7, 4) >> 16);
        _client.Write(7, 4, [0, 0]);
        Assert.Equal(1ul, Count);
        InterruptCounts counts = _served.Function.Interrupts;
        Assert.Equal((2, 1, 1, 0), (counts.InterruptDisables, counts.IdleUnmasks, counts.Signalled, counts.SignalledAgain));
    }

    [Fact]
    public void A_reset_function_keeps_its_eventfds()
    {
        _served.Do(function => function.SetIntx(true));
        _client.Write32(0, 8, 77);
        _client.Reset();
        Assert.Equal((1ul, 0u), (Count, _client.Read32(0, 8)));
        _client.Unmask();
        _served.Do(function => function.SetIntx(true));
        Assert.Equal(1ul, Count);
    }
}
