using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Vfio;
using static Wirq.Tests.Vfio.VfioWorld;

namespace Wirq.Tests.Vfio;

/// <summary>A device that no unmask quietens waits, for its guest alone; the unmask is never lost.</summary>
public class StormBrakeTests
{
    private const int Limit = 3;
    private const long Window = 1000, Delay = 100;

    public static TheoryData<string> Devices => ["pci23", "legacy", "platform", "oneshot"];

    private static VfioDeviceOptions Of(string device) => Braked(Named(device));

    private static VfioDeviceOptions Braked(VfioDeviceOptions device) => device with { StormLimit = Limit, StormWindow = Window, StormDelay = Delay };

    private static VfioWorld Enabled(params VfioDeviceOptions[] devices)
    {
        var world = new VfioWorld(new VfioOptions { Irqs = new() { Lines = [new(), new()] }, Devices = devices });
        world.Host.Events.Observing = true;
        world.Seen = [];
        for (int device = 0; device < devices.Length; device++)
            Assert.Equal(0, world.Set(Intx, Trigger | Fd, device: device, fds: [device == 0 ? E : F]));
        Assert.Equal(0, world.Set(Intx, Unmask | Fd, fds: [U]));
        return world;
    }

    private static string Said(VfioWorld world)
    {
        string said = string.Join(", ", world.Seen!.Where(e => e.Kind is EventKind.VfioStormBraked or EventKind.VfioStormReleased).Select(e => e.ToString()));
        world.Seen!.Clear();
        return said;
    }

    /// <summary>The line rises, and the guest unmasks until the brake holds.</summary>
    private static void Storm(VfioWorld world)
    {
        world.Level(true);
        for (int unmasks = 1; unmasks <= Limit; unmasks++)
        {
            Assert.Equal(1ul, world.Read(E));
            Assert.False(world.Host.IsBraked(0));
            world.Write(U);
        }
        Assert.Equal(0ul, world.Read(E));
        Assert.True(world.Host.IsBraked(0));
    }

    private static void Advance(VfioWorld world, long now)
    {
        world.Host.Advance(now);
        world.Settle();
    }

    [Theory, MemberData(nameof(Devices))]
    public void The_unmask_that_reaches_the_limit_waits_and_is_done_at_the_end(string device)
    {
        VfioWorld world = Enabled(Of(device));
        Advance(world, 50);
        Storm(world);
        Assert.Equal("the storm brake holds device 0 on host line 0 until 150 ns", Said(world));
        Assert.Equal(150, world.Host.NextDeadline);
        int entries = world.Entries;
        // The guest's next unmask adds nothing: one is owed.
        world.Write(U);
        Assert.Equal(0, world.Set(Intx, Unmask | None));
        Advance(world, 149);
        Assert.Equal(0ul, world.Read(E));
        Assert.True(world.Host.Irqs.IsMasked(0) || device == "pci23" && world.Host.HasIntxDisabled(0));
        Assert.Equal(entries, world.Entries);
        Advance(world, 150);
        Assert.Equal(1ul, world.Read(E));
        Assert.Equal("the storm brake lets device 0 on host line 0 go", Said(world));
        Assert.False(world.Host.IsBraked(0));
        // It is still a storm: one event for each time that the brake lets go.
        for (long now = 150; now < 150 + 3 * Delay; now += Delay)
        {
            world.Write(U);
            Assert.Equal(0ul, world.Read(E));
            Advance(world, now + Delay);
            Assert.Equal(1ul, world.Read(E));
        }
    }

    [Theory, MemberData(nameof(Devices))]
    public void A_fall_lets_go_at_once_and_the_count_begins_anew(string device)
    {
        VfioWorld world = Enabled(Of(device));
        Storm(world);
        Said(world);
        world.Level(false);
        Assert.Equal("the storm brake lets device 0 on host line 0 go", Said(world));
        Assert.False(world.Host.IsMasked(0) || world.Host.IsWaiting(0) || world.Host.Irqs.IsMasked(0));
        Assert.Null(world.Host.NextDeadline);
        Assert.Equal(0ul, world.Read(E));
        Storm(world);
    }

    /// <summary>As often as the limit, but not within the window.</summary>
    [Fact]
    public void Unmasks_that_come_slowly_are_no_storm()
    {
        VfioWorld world = Enabled(Braked(Pci23));
        world.Level(true);
        for (int i = 1; i < 4 * Limit; i++)
        {
            Assert.Equal(1ul, world.Read(E));
            world.Write(U);
            Advance(world, i * (Window / 2 + 1));
        }
        Assert.Equal("", Said(world));
    }

    [Fact]
    public void A_device_that_falls_before_each_unmask_is_no_storm()
    {
        VfioWorld world = Enabled(Braked(Legacy));
        for (int i = 0; i < 4 * Limit; i++)
        {
            world.Level(true);
            Assert.Equal(1ul, world.Read(E));
            world.Level(false);
            world.Write(U);
        }
        Assert.Equal("", Said(world));
    }

    [Fact]
    public void A_limit_of_0_is_no_brake()
    {
        VfioWorld world = Enabled(Braked(Pci23) with { StormLimit = 0 });
        world.Level(true);
        for (int i = 0; i < 20_000; i++)
        {
            Assert.Equal(1ul, world.Read(E));
            world.Write(U);
        }
        Assert.Equal("", Said(world));
    }

    [Fact]
    public void A_sharer_of_the_line_and_another_guest_do_not_wait()
    {
        VfioWorld world = Enabled(Braked(Pci23) with { Guest = "a" }, Braked(Pci23) with { Name = "disk", Guest = "a" },
            Braked(Legacy) with { Name = "card", Guest = "b", Line = 1 });
        Storm(world);
        for (int device = 1; device < 3; device++)
        {
            for (int i = 0; i < 4 * Limit; i++)
            {
                world.Level(true, device);
                Assert.Equal(1ul, world.Read(F));
                world.Level(false, device);
                world.Host.Acknowledged(device);
                world.Settle();
                Assert.False(world.Host.IsMasked(device));
            }
        }
        Assert.True(world.Host.IsBraked(0));
        Assert.Equal("the storm brake holds device 0 on host line 0 until 100 ns", Said(world));
    }

    [Theory, MemberData(nameof(Devices))]
    public void Who_masks_meanwhile_owes_the_unmask(string device)
    {
        VfioWorld world = Enabled(Of(device));
        Storm(world);
        Assert.Equal(0, world.Set(Intx, Mask | None));
        Assert.False(world.Host.IsBraked(0));
        Advance(world, 2 * Delay);
        Assert.Equal(0ul, world.Read(E));
        Assert.True(world.Host.IsMasked(0));
        world.Level(false);
        world.Write(U);
        Assert.False(world.Host.IsMasked(0));
        world.Level(true);
        Assert.Equal(1ul, world.Read(E));
    }

    /// <summary>The guest has finished in time: its timeout does not run while the brake holds.</summary>
    [Fact]
    public void A_guest_that_waits_for_the_brake_does_not_take_too_long()
    {
        VfioWorld world = Enabled(Of("oneshot") with { OneshotTimeout = Delay / 2 });
        Storm(world);
        Advance(world, Delay - 1);
        Assert.True(world.Host.IsWaiting(0));
        Advance(world, Delay);
        Assert.DoesNotContain(world.Seen!, e => e.Kind == EventKind.VfioForwardEnded && VfioForwardEnded.Of(e).How == ForwardEnd.Timeout);
        Assert.Equal(1ul, world.Read(E));
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("close")]
    [InlineData("guest's bit")]
    public void What_else_ends_a_wait_ends_the_brake(string end)
    {
        VfioWorld world = Enabled(Braked(Pci23 with { Mode = ForwardMode.Oneshot }));
        Storm(world);
        Said(world);
        switch (end)
        {
            case "reset":
                world.Host.GuestReset(0);
                break;
            case "close":
                world.Host.Close(0);
                break;
            default:
                world.Host.SetVirtualDisable(0, true);
                break;
        }
        world.Settle();
        Assert.Equal("the storm brake lets device 0 on host line 0 go", Said(world));
        Assert.False(world.Host.IsBraked(0));
    }

    /// <summary>The line of a PCI device stays enabled without an eventfd, and its unmask stays owed.</summary>
    [Fact]
    public void The_unmask_is_done_though_the_eventfd_is_gone()
    {
        VfioWorld world = Enabled(Braked(Pci23));
        Storm(world);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [-1]));
        Assert.True(world.Host.IsBraked(0));
        world.Level(false);
        Assert.False(world.Host.IsMasked(0));
    }

    [Fact]
    public void A_line_that_nobody_handles_is_disabled_all_the_same()
    {
        VfioWorld world = Enabled(Braked(Pci23));
        world.Host.SetOthersLevel(0, true);
        for (int i = 0; i < HostIrqs.SpuriousCount; i++)
        {
            Assert.True(world.Host.Irqs.Deliver(0));
            while (world.Host.Events.TryTake(out Event e))
            {
                if (e.IsEffect)
                    world.Host.Carry(e);
            }
        }
        Assert.True(world.Host.Irqs.IsSpuriousDisabled(0));
    }

    [Fact]
    public void A_copy_lets_go_at_the_same_time_and_a_count_that_is_over_has_no_identity()
    {
        VfioWorld world = Enabled(Braked(Pci23)), fresh = Enabled(Braked(Pci23));
        Storm(world);
        var copy = new VfioWorld(world.Host.Options);
        copy.Host.CopyFrom(world.Host);
        Assert.Equal(world.Host.Identity, copy.Host.Identity);
        Advance(copy, Delay);
        Assert.Equal(1ul, copy.Read(E));
        // One unmask that found the device asserting, long ago.
        VfioWorld once = Enabled(Braked(Pci23));
        foreach (VfioWorld one in new[] { once, fresh })
        {
            one.Level(true);
            one.Read(E);
        }
        once.Write(U);
        once.Read(E);
        Assert.NotEqual(fresh.Host.Identity, once.Host.Identity);
        Advance(once, Window + 1);
        Advance(fresh, Window + 1);
        Assert.Equal(fresh.Host.Identity, once.Host.Identity);
    }

    [Theory]
    [InlineData("StormLimit", -1)]
    [InlineData("StormWindow", -1)]
    [InlineData("StormDelay", -1)]
    public void What_is_out_of_range_is_refused(string field, int value)
    {
        VfioDeviceOptions device = field switch
        {
            "StormLimit" => Pci23 with { StormLimit = value }, "StormWindow" => Pci23 with { StormWindow = value }, _ => Pci23 with { StormDelay = value },
        };
        Assert.Equal($"Devices[0].{field}", Assert.Throws<OptionException>(() => new VfioOptions { Devices = [device] }.Validate()).Field);
    }
}
