using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Vfio;
using static Wirq.Tests.Vfio.VfioWorld;

namespace Wirq.Tests.Vfio;

/// <summary>INTx of PCI 2.3 devices, of older ones, and lines of platform devices, from the device to the guest's unmask.</summary>
public class IntxTests
{
    private static VfioWorld Enabled(VfioDeviceOptions device, HostFlow flow = HostFlow.FastEoi)
    {
        var world = new VfioWorld(device, flow);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        return world;
    }

    public static TheoryData<string, HostFlow> Ways => new()
    {
        { "pci23", HostFlow.FastEoi }, { "pci23", HostFlow.Level }, { "legacy", HostFlow.FastEoi }, { "legacy", HostFlow.Level },
        { "platform", HostFlow.FastEoi }, { "platform", HostFlow.Level }, { "oneshot", HostFlow.FastEoi }, { "oneshot", HostFlow.Level },
    };

    [Theory, MemberData(nameof(Ways))]
    public void One_level_is_one_event_until_it_is_unmasked(string way, HostFlow flow)
    {
        VfioWorld world = Enabled(Named(way), flow);
        world.Level(true);
        Assert.Equal(1ul, world.Read(E));
        world.Level(false);
        world.Level(true);
        Assert.Equal(0ul, world.Read(E));
        Assert.True(world.Host.IsMasked(0) || world.Host.IsWaiting(0));
        world.Level(false);
        Assert.Equal(0, world.Set(Intx, Unmask | None));
        Assert.Equal(0ul, world.Read(E));
        Assert.False(world.Host.IsMasked(0) || world.Host.IsWaiting(0));
        Assert.False(world.Host.Irqs.IsDisabled(0));
        world.Level(true);
        Assert.Equal(1ul, world.Read(E));
    }

    [Theory, MemberData(nameof(Ways))]
    public void A_line_that_is_still_up_at_the_unmask_fires_again_each_time(string way, HostFlow flow)
    {
        VfioWorld world = Enabled(Named(way), flow);
        Assert.Equal(0, world.Set(Intx, Unmask | Fd, fds: [U]));
        world.Level(true);
        Assert.Equal(1ul, world.Read(E));
        for (int i = 0; i < 3; i++)
        {
            if (i == 1)
                world.Write(U, 5);
            else
                world.Set(Intx, Unmask | None);
            Assert.Equal(1ul, world.Read(E));
            Assert.Equal(0ul, world.Fds.Counts[U]);
        }
    }

    [Theory, MemberData(nameof(Ways))]
    public void What_comes_while_masked_comes_at_the_unmask(string way, HostFlow flow)
    {
        VfioWorld world = Enabled(Named(way), flow);
        Assert.Equal(0, world.Set(Intx, Mask | None));
        Assert.Equal(0, world.Set(Intx, Mask | None));
        world.Level(true);
        Assert.Equal(0ul, world.Read(E));
        Assert.Equal(0, world.Set(Intx, Mask | Bool, bools: [0]));
        Assert.Equal(0, world.Set(Intx, Unmask | Bool, bools: [0]));
        Assert.Equal(0ul, world.Read(E));
        Assert.Equal(0, world.Set(Intx, Unmask | Bool, bools: [1]));
        Assert.Equal(1ul, world.Read(E));
    }

    [Fact]
    public void A_signal_after_the_unmask_eventfd_is_deferred()
    {
        VfioWorld world = Enabled(Pci23);
        world.Set(Intx, Unmask | Fd, fds: [U]);
        world.Level(true);
        world.Read(E);
        world.Fds.Counts[U] = 1;
        world.Host.EventFdWritten(U);
        // Not within the write.
        Assert.Equal(0ul, world.Fds.Counts[E]);
        Assert.True(world.Host.IsMasked(0));
        Assert.Equal(1ul, world.Read(E));
    }

    [Fact]
    public void A_count_that_is_pending_at_registration_unmasks_at_once_and_stays()
    {
        VfioWorld world = Enabled(Pci23);
        world.Level(true);
        world.Read(E);
        world.Fds.Counts[U] = 3;
        Assert.Equal(0, world.Set(Intx, Unmask | Fd, fds: [U]));
        Assert.Equal(1ul, world.Read(E));
        Assert.Equal(3ul, world.Fds.Counts[U]);
        Assert.Equal(-16, world.Set(Intx, Unmask | Fd, fds: [V]));
        Assert.Equal(0, world.Set(Intx, Unmask | Fd, fds: [-1]));
        Assert.Equal(-9, world.Set(Intx, Unmask | Fd, fds: [99]));
        Assert.Equal(0, world.Set(Intx, Unmask | Fd, fds: [V]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_guests_own_bit_masks_and_unmask_does_nothing_until_it_is_clear(bool pci23)
    {
        VfioWorld world = Enabled(pci23 ? Pci23 : Legacy);
        world.Host.SetVirtualDisable(0, true);
        world.Level(true);
        Assert.Equal(0, world.Set(Intx, Unmask | None));
        Assert.Equal(0ul, world.Read(E));
        Assert.Equal(pci23, world.Host.HasIntxDisabled(0));
        world.Host.SetVirtualDisable(0, false);
        Assert.Equal(1ul, world.Read(E));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Enabling_with_the_guests_bit_set_leaves_the_line_off(bool pci23)
    {
        var world = new VfioWorld(pci23 ? Pci23 : Legacy);
        world.Host.SetVirtualDisable(0, true);
        world.Level(true);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        Assert.Equal(0ul, world.Read(E));
        Assert.Equal(0, world.Entries);
        world.Host.SetVirtualDisable(0, false);
        Assert.Equal(1ul, world.Read(E));
        world.Level(false);
        world.Set(Intx, Unmask | None);
        Assert.Equal(0, world.Host.Irqs.DepthOf(0));
    }

    [Fact]
    public void A_mask_that_races_with_the_handler_disables_the_line_once()
    {
        VfioWorld world = Raced(HostProfile.Sound, Legacy);
        Assert.Equal(1, world.Host.Irqs.DepthOf(0));
        Assert.Equal(0ul, world.Read(E));
        world.Set(Intx, Unmask | None);
        Assert.Equal(1ul, world.Read(E));
        world.Level(false);
        world.Set(Intx, Unmask | None);
        Assert.Equal(0, world.Host.Irqs.DepthOf(0));
    }

    /// <summary>vfio-pci disables an exclusive line twice then, and whatever the guest does, the line stays off.</summary>
    [Fact]
    public void A_mask_that_races_with_the_handler_of_Linux_shuts_the_line_for_ever()
    {
        VfioWorld world = Raced(HostProfile.Linux, Legacy);
        Assert.Equal(2, world.Host.Irqs.DepthOf(0));
        Assert.Equal(1ul, world.Read(E));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(0, world.Set(Intx, Unmask | None));
            Assert.Equal(0ul, world.Read(E));
            Assert.Equal(1, world.Host.Irqs.DepthOf(0));
        }
    }

    [Theory]
    [InlineData(HostProfile.Sound)]
    [InlineData(HostProfile.Linux)]
    public void A_platform_device_that_is_masked_meanwhile_did_not_interrupt(HostProfile profile)
    {
        VfioWorld world = Raced(profile, Platform);
        Assert.Equal(1, world.Host.Irqs.DepthOf(0));
        Assert.Equal(HandlerAnswer.None, HostHandlerAnswered.Of(Assert.Single(world.Seen!, e => e.Kind == EventKind.HostHandlerAnswered)).Answer);
        Assert.Equal(0ul, world.Read(E));
        world.Set(Intx, Unmask | None);
        Assert.Equal(1ul, world.Read(E));
    }

    /// <summary>Else the line would wait for a guest that has heard of nothing.</summary>
    [Theory]
    [InlineData("platform")]
    [InlineData("oneshot")]
    public void An_eventfd_that_is_taken_away_meanwhile_leaves_nobody_waiting(string way)
    {
        VfioWorld world = Enabled(Named(way));
        world.Host.SetLevel(0, true);
        Assert.True(world.Host.Irqs.Deliver(0));
        Assert.Equal(0, world.Host.SetIrqs(0, new(VfioIrqSet.Size, Trigger | None, Intx, 0, 0), []));
        world.Settle();
        Assert.Equal(0ul, world.Read(E));
        Assert.False(world.Host.IsMasked(0) || world.Host.IsWaiting(0));
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [F]));
        Assert.Equal(1ul, world.Read(F));
    }

    /// <summary>A device's handler is on its way, and somebody masks.</summary>
    private static VfioWorld Raced(HostProfile profile, VfioDeviceOptions device)
    {
        var world = new VfioWorld(new VfioOptions { Irqs = new() { Profile = profile }, Devices = [device] }) { Seen = [] };
        world.Host.Events.Observing = true;
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        world.Host.SetLevel(0, true);
        Assert.True(world.Host.Irqs.Deliver(0));
        Assert.Equal(0, world.Host.SetIrqs(0, new(VfioIrqSet.Size, Mask | None, Intx, 0, 1), []));
        world.Settle();
        return world;
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public void An_exclusive_line_that_is_disabled_lazily_enters_the_host_once_more(bool unlazy, int entries)
    {
        VfioWorld world = Enabled(Legacy with { DisablesUnlazily = unlazy });
        world.Level(true);
        Assert.Equal(entries, world.Entries);
        Assert.True(world.Host.Irqs.IsMasked(0));
    }

    [Fact]
    public void Two_devices_of_a_guest_share_a_line()
    {
        var world = new VfioWorld(new VfioOptions { Devices = [Pci23, Pci23 with { Name = "disk" }] });
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [F], device: 1));
        world.Level(true, device: 1);
        Assert.Equal((0ul, 1ul), (world.Read(E), world.Read(F)));
        world.Level(true, device: 0);
        Assert.Equal((1ul, 0ul), (world.Read(E), world.Read(F)));
        world.Set(Intx, Unmask | None, device: 1);
        Assert.Equal((0ul, 1ul), (world.Read(E), world.Read(F)));
        Assert.Equal(0, world.Set(Intx, Trigger | None, count: 0));
        world.Level(false, device: 1);
        world.Set(Intx, Unmask | None, device: 1);
        world.Level(true, device: 1);
        Assert.Equal(1ul, world.Read(F));
    }

    [Fact]
    public void An_exclusive_line_is_refused_to_a_second_device()
    {
        var world = new VfioWorld(new VfioOptions { Devices = [Pci23, Legacy] });
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        Assert.Equal(-16, world.Set(Intx, Trigger | Fd, fds: [F], device: 1));
        // Nothing of it is left: it can be enabled when the line is free.
        Assert.Equal(0, world.Set(Intx, Trigger | None, count: 0));
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [F], device: 1));
    }

    /// <summary>Also if it was a device's before.</summary>
    [Fact]
    public void The_handler_of_somebody_else_is_the_owners()
    {
        var world = new VfioWorld(new VfioOptions { Devices = [Legacy] });
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        Assert.Equal(0, world.Set(Intx, Trigger | None, count: 0));
        Assert.Equal(LinuxError.None, world.Host.Irqs.Request(0, new(), out int action));
        world.Settle();
        world.Host.SetOthersLevel(0, true);
        Assert.True(world.Host.Irqs.Deliver(0));
        Assert.True(world.Host.Events.TryTake(out Event effect));
        Assert.Equal(new HostHardHandler(0, action, 0), HostHardHandler.Of(effect));
        Assert.False(world.Host.Carry(effect));
    }

    [Fact]
    public void Devices_of_different_guests_on_one_line_are_refused() =>
        Assert.Equal("Devices[1].Line is 0, which 'disk' of guest 'b' shares with 'nic' of guest 'a'; expected a line that no device of another guest has",
            Assert.Throws<OptionException>(() => new VfioOptions { Devices = [Pci23 with { Guest = "a" }, Pci23 with { Name = "disk", Guest = "b" }] }.Validate()).Message);

    [Fact]
    public void A_host_that_is_copied_goes_on_alike()
    {
        VfioWorld world = Enabled(Pci23);
        world.Level(true);
        var other = new VfioWorld(Pci23);
        other.Host.CopyFrom(world.Host);
        Assert.Equal(world.Host.Identity, other.Host.Identity);
        other.Set(Intx, Unmask | None);
        Assert.Equal(1ul, other.Read(E));
        other.Level(false);
        Assert.NotEqual(world.Host.Identity, other.Host.Identity);
    }

    [Fact]
    public void An_interrupt_and_its_unmask_allocate_nothing()
    {
        VfioWorld world = Enabled(Pci23);
        world.Set(Intx, Unmask | Fd, fds: [U]);
        Assert.Equal(0, Wirq.Tests.Shared.Allocations.Of(1000, () =>
        {
            world.Level(true);
            world.Level(false);
            world.Write(U);
        }));
        Assert.NotEqual(0ul, world.Read(E));
    }
}
