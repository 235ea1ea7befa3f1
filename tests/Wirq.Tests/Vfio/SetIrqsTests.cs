using Wirq.Vfio;
using static Wirq.Tests.Vfio.VfioWorld;

namespace Wirq.Tests.Vfio;

/// <summary>The answers of VFIO_DEVICE_SET_IRQS.</summary>
public class SetIrqsTests
{
    [Fact]
    public void Nothing_works_on_INTx_before_it_is_enabled()
    {
        var world = new VfioWorld(Pci23);
        foreach (VfioIrqSetBits action in new[] { Mask, Unmask, Trigger })
        {
            Assert.Equal(-22, world.Set(Intx, action | None));
            Assert.Equal(-22, world.Set(Intx, action | Bool, bools: [1]));
        }
        Assert.Equal(-22, world.Set(Intx, Trigger | None, count: 0));
        Assert.Equal(-22, world.Set(Intx, Mask | Fd, fds: [E]));
    }

    [Theory]
    [InlineData(Intx, None, 0, 1, -25)]
    [InlineData(Intx, Mask | Unmask | None, 0, 1, -25)]
    [InlineData(Intx, Trigger | None | Bool, 0, 1, -22)]
    [InlineData(Intx, Trigger, 0, 1, -22)]
    [InlineData(Intx, Trigger | None | (VfioIrqSetBits)64, 0, 1, -22)]
    [InlineData(Intx, Trigger | None, 1, 1, -22)]
    [InlineData(Intx, Trigger | None, 0, 2, -22)]
    [InlineData(Intx, Unmask | None, 0, 0, -22)]
    [InlineData(Intx, Unmask | None, 0, uint.MaxValue, -22)]
    [InlineData(5u, Trigger | None, 0, 1, -22)]
    [InlineData(uint.MaxValue, Trigger | None, 0, 1, -22)]
    [InlineData(Err, Trigger | None, 0, 1, -22)]
    [InlineData(Req, Mask | None, 0, 1, -25)]
    [InlineData(MsiIrq, Trigger | None, 4, 1, -22)]
    [InlineData(MsiIrq, Trigger | None, 3, 2, -22)]
    [InlineData(MsiIrq, Mask | None, 0, 1, -25)]
    [InlineData(MsixIrq, Unmask | None, 0, 1, -25)]
    public void Calls_that_are_refused_while_INTx_is_enabled(uint index, VfioIrqSetBits flags, uint start, uint count, int answer)
    {
        var world = new VfioWorld(Pci23);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        Assert.Equal(answer, world.Set(index, flags, start, count, bools: [1, 1]));
        // Nothing happened.
        world.Level(true);
        Assert.Equal(1ul, world.Read(E));
    }

    [Fact]
    public void Sizes_are_checked()
    {
        var world = new VfioWorld(Pci23);
        Assert.Equal(-22, world.Set(Intx, Trigger | Fd, fds: [E], argsz: 19));
        Assert.Equal(-22, world.Set(Intx, Trigger | Fd, fds: [E], argsz: 23));
        Assert.Equal(-22, world.Set(Intx, Trigger | Fd, argsz: 24));
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E], argsz: 400));
    }

    [Fact]
    public void INTx_needs_an_eventfd_or_none()
    {
        var world = new VfioWorld(Pci23);
        Assert.Equal(-9, world.Set(Intx, Trigger | Fd, fds: [99]));
        Assert.Equal(-22, world.Set(Intx, Mask | None));
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [-1]));
        Assert.Equal(0, world.Set(Intx, Mask | None));
        Assert.Equal(-25, world.Set(Intx, Mask | Fd, fds: [E]));
        Assert.Equal(-22, world.Set(MsiIrq, Trigger | Fd, fds: [E]));
        Assert.Equal(0, world.Set(Intx, Trigger | None, count: 0));
        Assert.Equal(0, world.Set(MsiIrq, Trigger | Fd, fds: [E]));
        Assert.Equal(-22, world.Set(Intx, Trigger | Fd, fds: [E]));
    }

    [Fact]
    public void An_eventfd_that_is_swapped_while_masked_gets_the_next_event()
    {
        var world = new VfioWorld(Pci23);
        world.Set(Intx, Trigger | Fd, fds: [E]);
        world.Level(true);
        Assert.Equal(1ul, world.Read(E));
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [F]));
        Assert.Equal(0, world.Set(Intx, Unmask | None));
        Assert.Equal((0ul, 1ul), (world.Read(E), world.Read(F)));
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [-1]));
        Assert.Equal(0, world.Set(Intx, Unmask | None));
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        Assert.Equal(0ul, world.Read(E));
        Assert.Equal(0, world.Set(Intx, Unmask | None));
        Assert.Equal((1ul, 0ul), (world.Read(E), world.Read(F)));
    }

    [Fact]
    public void A_trigger_without_descriptors_signals()
    {
        var world = new VfioWorld(Pci23);
        world.Set(Intx, Trigger | Fd, fds: [E]);
        Assert.Equal(0, world.Set(Intx, Trigger | None));
        Assert.Equal(0, world.Set(Intx, Trigger | Bool, bools: [0]));
        Assert.Equal(0, world.Set(Intx, Trigger | Bool, bools: [1]));
        Assert.Equal(2ul, world.Read(E));
    }

    [Fact]
    public void Messages_are_counted_one_by_one_and_lost_without_an_eventfd()
    {
        var world = new VfioWorld(Pci23);
        Assert.Equal(0, world.Set(MsiIrq, Trigger | Fd, count: 2, fds: [E, F]));
        world.Level(true);
        world.Level(true);
        world.Host.SendMessage(0, 1);
        world.Host.SendMessage(0, 9);
        Assert.Equal((2ul, 1ul), (world.Read(E), world.Read(F)));
        Assert.Equal(0, world.Set(MsiIrq, Trigger | Fd, fds: [-1]));
        world.Level(true);
        Assert.Equal(0, world.Set(MsiIrq, Trigger | Fd, fds: [E]));
        Assert.Equal(0ul, world.Read(E));
        Assert.Equal(0, world.Set(MsiIrq, Trigger | Bool, count: 2, bools: [0, 1]));
        Assert.Equal((0ul, 1ul), (world.Read(E), world.Read(F)));
        // Two were enabled: a third cannot be added.
        Assert.Equal(-22, world.Set(MsiIrq, Trigger | Fd, start: 2, fds: [V]));
        Assert.Equal(-22, world.Set(MsiIrq, Trigger | None, count: 3));
        Assert.Equal(0, world.Set(MsiIrq, Trigger | None, count: 0));
        Assert.Equal(-22, world.Set(MsiIrq, Trigger | None, count: 0));
        Assert.Equal(-22, world.Set(MsiIrq, Trigger | None));
    }

    [Fact]
    public void The_line_is_off_while_messages_are_on()
    {
        var world = new VfioWorld(Pci23);
        world.Set(MsiIrq, Trigger | Fd, fds: [E]);
        Assert.True(world.Host.HasIntxDisabled(0));
        world.Level(true);
        Assert.Equal(0, world.Entries);
        world.Set(MsiIrq, Trigger | None, count: 0);
        Assert.False(world.Host.HasIntxDisabled(0));
    }

    [Theory]
    [InlineData(3, 3)]
    [InlineData(0, -28)]
    public void Too_few_vectors_are_answered_with_their_number(int granted, int answer)
    {
        var world = new VfioWorld(Pci23 with { GrantedVectors = granted });
        Assert.Equal(answer, world.Set(MsixIrq, Trigger | Fd, count: 4, fds: [E, F, U, V]));
        // Nothing is enabled.
        Assert.Equal(-22, world.Set(MsixIrq, Trigger | None));
        Assert.Equal(-34, world.Set(MsixIrq, Trigger | Fd, count: 0));
    }

    [Fact]
    public void A_block_that_fails_is_undone()
    {
        var world = new VfioWorld(Pci23);
        Assert.Equal(-9, world.Set(MsixIrq, Trigger | Fd, count: 3, fds: [E, 99, F]));
        Assert.Equal(-22, world.Set(MsixIrq, Trigger | None));
        Assert.Equal(0, world.Set(MsixIrq, Trigger | Fd, count: 3, fds: [E, F, U]));
        Assert.Equal(-9, world.Set(MsixIrq, Trigger | Fd, count: 3, fds: [V, V, 99]));
        for (int vector = 0; vector < 3; vector++)
            world.Host.SendMessage(0, vector);
        Assert.Equal((0ul, 0ul), (world.Read(E), world.Read(V)));
        // Messages are still enabled.
        Assert.Equal(0, world.Set(MsixIrq, Trigger | Fd, count: 1, fds: [E]));
    }

    [Fact]
    public void Dynamic_vectors_are_added_one_by_one_and_freed_together()
    {
        var world = new VfioWorld(Pci23 with { HasDynamicMsix = true, GrantedVectors = 2 });
        Assert.Equal(0, world.Set(MsixIrq, Trigger | Fd, fds: [E]));
        Assert.Equal(0, world.Set(MsixIrq, Trigger | Fd, start: 6, fds: [F]));
        world.Host.SendMessage(0, 6);
        Assert.Equal(1ul, world.Read(F));
        // A vector stays granted when its eventfd goes.
        Assert.Equal(0, world.Set(MsixIrq, Trigger | Fd, start: 6, fds: [-1]));
        Assert.Equal(-28, world.Set(MsixIrq, Trigger | Fd, start: 3, fds: [V]));
        Assert.Equal(0, world.Set(MsixIrq, Trigger | Fd, start: 6, fds: [F]));
        Assert.Equal(0, world.Set(MsixIrq, Trigger | None, count: 0));
        Assert.Equal(0, world.Set(MsixIrq, Trigger | Fd, fds: [E]));
        Assert.Equal(0, world.Set(MsixIrq, Trigger | Fd, start: 3, fds: [V]));
    }

    [Fact]
    public void Errors_and_requests_have_one_eventfd_each()
    {
        var world = new VfioWorld(Pci23 with { IsExpress = true });
        foreach (uint index in new[] { Err, Req })
        {
            Assert.Equal(-22, world.Set(index, Trigger | None));
            Assert.Equal(0, world.Set(index, Trigger | Bool, bools: [1]));
            Assert.Equal(-9, world.Set(index, Trigger | Fd, fds: [99]));
            Assert.Equal(0, world.Set(index, Trigger | Fd, fds: [E]));
            Assert.Equal(0, world.Set(index, Trigger | None));
            Assert.Equal(0, world.Set(index, Trigger | Bool, bools: [1]));
            Assert.Equal(2ul, world.Read(E));
            Assert.Equal(0, world.Set(index, Trigger | None, count: 0));
            Assert.Equal(-22, world.Set(index, Trigger | None));
        }
    }

    [Theory]
    [InlineData(false, false, Intx, 1, 7u)]
    [InlineData(false, false, MsiIrq, 4, 9u)]
    [InlineData(false, false, MsixIrq, 8, 9u)]
    [InlineData(false, true, MsixIrq, 8, 1u)]
    [InlineData(false, false, Req, 1, 9u)]
    [InlineData(true, false, Err, 1, 9u)]
    public void What_an_index_can_do(bool express, bool dynamic, uint index, int count, uint flags)
    {
        var world = new VfioWorld(Pci23 with { IsExpress = express, HasDynamicMsix = dynamic });
        Assert.Equal(0, world.Host.GetInfo(0, index, out int vectors, out VfioIrqInfoBits can));
        Assert.Equal((count, flags), (vectors, (uint)can));
        Assert.Equal(express ? 0 : -22, world.Host.GetInfo(0, Err, out _, out _));
        Assert.Equal(-22, world.Host.GetInfo(0, 5, out _, out _));
    }

    [Fact]
    public void A_platform_device_answers_otherwise()
    {
        var world = new VfioWorld(Platform);
        Assert.Equal(0, world.Host.GetInfo(0, 0, out int vectors, out VfioIrqInfoBits can));
        Assert.Equal((1, 7u), (vectors, (uint)can));
        Assert.Equal(-22, world.Host.GetInfo(0, 1, out _, out _));
        Assert.Equal(-25, world.Set(0, None));
        Assert.Equal(0, world.Set(0, Trigger | None, count: 0));
        Assert.Equal(0, world.Set(0, Mask | None));
        Assert.Equal(0, world.Set(0, Trigger | Fd, fds: [E]));
        world.Level(true);
        Assert.Equal(0ul, world.Read(E));
        Assert.Equal(0, world.Set(0, Mask | Fd, fds: [V]));
        Assert.Equal(0, world.Set(0, Unmask | Fd, fds: [U]));
        world.Write(U);
        Assert.Equal(1ul, world.Read(E));
        world.Level(false);
        world.Write(U);
        world.Write(V);
        world.Level(true);
        Assert.Equal(0ul, world.Read(E));
        world.Write(U);
        Assert.Equal(1ul, world.Read(E));
        Assert.Equal(-9, world.Set(0, Trigger | Fd, fds: [99]));
    }
}
