using Wirq.Vfio;
using static Wirq.Tests.Vfio.VfioWorld;

namespace Wirq.Tests.Vfio;

/// <summary>What each way back costs: by the acknowledge, and by the first access after each event.</summary>
public class WayBackTests
{
    public static TheoryData<string> Devices => ["pci23", "legacy", "platform", "oneshot"];

    [Theory, MemberData(nameof(Devices))]
    public void An_acknowledge_unmasks_once_however_many_accesses_it_takes(string device)
    {
        var world = new WayBackWorld(Named(device), WayBack.Acknowledge);
        world.Interrupt(accesses: 5);
        Assert.Equal(new WayBackCounts(Events: 1, Unmasks: 1, EarlyUnmasks: 0, Resignals: 0, TrappedAccesses: 0), world.Process.Counts);
        Assert.True(world.Process.IsMapped);
    }

    [Theory, MemberData(nameof(Devices))]
    public void The_first_access_unmasks_until_the_device_drops(string device)
    {
        var world = new WayBackWorld(Named(device), WayBack.FirstAccess);
        world.Interrupt(accesses: 5);
        Assert.Equal(new WayBackCounts(Events: 5, Unmasks: 5, EarlyUnmasks: 4, Resignals: 4, TrappedAccesses: 5), world.Process.Counts);
    }

    [Theory, MemberData(nameof(Devices))]
    public void One_access_that_lowers_the_device_is_as_good_as_an_acknowledge(string device)
    {
        var world = new WayBackWorld(Named(device), WayBack.FirstAccess);
        world.Interrupt(accesses: 1);
        Assert.Equal(new WayBackCounts(Events: 1, Unmasks: 1, EarlyUnmasks: 0, Resignals: 0, TrappedAccesses: 1), world.Process.Counts);
    }

    /// <summary>A PCI 2.3 device is signalled again without an interrupt. Any other line fires each time.</summary>
    [Theory]
    [InlineData("pci23", 1)]
    [InlineData("legacy", 5)]
    [InlineData("oneshot", 5)]
    public void An_early_unmask_of_a_line_enters_the_host(string device, int entries)
    {
        var world = new WayBackWorld(Named(device), WayBack.FirstAccess);
        world.Interrupt(accesses: 5);
        Assert.Equal(entries, world.Entries);
    }

    /// <summary>The pending flag guards it: of many accesses after one event, the first unmasks.</summary>
    [Fact]
    public void Accesses_that_follow_no_event_unmask_nothing()
    {
        var world = new WayBackWorld(Pci23, WayBack.FirstAccess);
        world.Access(times: 3);
        Assert.Equal(default, world.Process.Counts);
        world.Interrupt(accesses: 1);
        world.Access(times: 20);
        Assert.Equal(new WayBackCounts(Events: 1, Unmasks: 1, EarlyUnmasks: 0, Resignals: 0, TrappedAccesses: 21), world.Process.Counts);
    }

    [Fact]
    public void Registers_are_mapped_again_when_the_timer_finds_no_event_pending()
    {
        const long Delay = VfioWayBack.DefaultRemapDelay;
        var world = new WayBackWorld(Pci23, WayBack.FirstAccess);
        Assert.True(world.Process.IsMapped);
        world.Advance(10);
        world.Interrupt(accesses: 1);
        Assert.Equal(10 + Delay, world.Process.NextDeadline);
        world.Advance(10 + Delay - 1);
        Assert.False(world.Process.IsMapped);
        world.Advance(10 + Delay);
        Assert.True(world.Process.IsMapped);
        Assert.Null(world.Process.NextDeadline);
        world.Access(times: 7);
        Assert.Equal(1, world.Process.Counts.TrappedAccesses);
    }

    /// <summary>If an event waits for its end, an access must still be seen.</summary>
    [Fact]
    public void The_timer_runs_again_while_an_event_is_pending()
    {
        var world = new VfioWorld(Pci23);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        var process = new VfioWayBack(world.Host, 0, WayBack.FirstAccess, remapDelay: 100);
        world.Level(true);
        Assert.Equal(1ul, world.Read(E));
        process.Signalled();
        // Nobody tells it of the guest's acknowledge, or it does not listen.
        process.Acknowledged();
        Assert.True(process.IsAsserted);
        process.Advance(150);
        Assert.False(process.IsMapped);
        Assert.Equal(250, process.NextDeadline);
        world.Level(false);
        Assert.True(process.Accessed());
        Assert.False(world.Host.IsMasked(0));
        process.Advance(250);
        Assert.True(process.IsMapped);
    }

    [Fact]
    public void An_end_that_finds_INTx_disabled_counts_no_unmask()
    {
        var world = new VfioWorld(Pci23);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        var process = new VfioWayBack(world.Host, 0);
        world.Level(true);
        process.Signalled();
        Assert.Equal(0, world.Set(Intx, Trigger | None, count: 0));
        process.Acknowledged();
        Assert.False(process.IsAsserted);
        Assert.Equal(new WayBackCounts(1, 0, 0, 0, 0), process.Counts);
    }

    [Theory]
    [InlineData(WayBack.Acknowledge)]
    [InlineData(WayBack.FirstAccess)]
    public void A_way_back_allocates_nothing(WayBack way)
    {
        var world = new WayBackWorld(Legacy, way);
        Assert.Equal(0, Wirq.Tests.Shared.Allocations.Of(1000, () => world.Interrupt(accesses: 3)));
        Assert.NotEqual(0, world.Process.Counts.Unmasks);
    }

    [Fact]
    public void A_message_allocates_nothing()
    {
        var world = new VfioWorld(Pci23);
        Assert.Equal(0, world.Set(MsiIrq, Trigger | Fd, fds: [E]));
        Assert.Equal(0, Wirq.Tests.Shared.Allocations.Of(1000, () =>
        {
            world.Host.SendMessage(0, 0);
            world.Settle();
        }));
        Assert.NotEqual(0ul, world.Read(E));
    }

    [Fact]
    public void What_is_out_of_range_is_refused()
    {
        VfioHost host = new VfioWorld(Pci23).Host;
        Assert.Throws<ArgumentOutOfRangeException>("device", () => new VfioWayBack(host, 1));
        Assert.Throws<ArgumentOutOfRangeException>("way", () => new VfioWayBack(host, 0, (WayBack)2));
        Assert.Throws<ArgumentOutOfRangeException>("remapDelay", () => new VfioWayBack(host, 0, WayBack.FirstAccess, -1));
    }
}
