using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Laws;
using Wirq.State;
using Wirq.Tests.Laws;
using Wirq.Vfio;
using static Wirq.Tests.Vfio.VfioWorld;

namespace Wirq.Tests.Vfio;

/// <summary>ONESHOT forwarding: the line is masked at its chip from before the hard handler until the guest has finished, and
/// nobody waits for ever.</summary>
public class OneshotTests
{
    private static VfioWorld Enabled(VfioDeviceOptions device, HostFlow flow = HostFlow.FastEoi, IrqChipOptions? chip = null)
    {
        var world = new VfioWorld(device, flow, chip);
        world.Host.Events.Observing = true;
        world.Seen = [];
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        Assert.Equal(0, world.Set(Intx, Unmask | Fd, fds: [U]));
        return world;
    }

    /// <summary>What the law says of all that happened.</summary>
    private static string Judge(VfioWorld world)
    {
        LawSet laws = History.Watch(OneshotHeldHistories.Machine with { OneshotLines = [0] }, new StateArena(), "OneshotHeld");
        foreach (Event e in world.Seen!)
            laws.Observe(e);
        Law law = Assert.Single(laws.Laws);
        Assert.NotEqual(0, law.Judgements);
        return law.Describe();
    }

    private static ForwardEnd[] Ends(VfioWorld world) =>
        [.. world.Seen!.Where(e => e.Kind == EventKind.VfioForwardEnded).Select(e => VfioForwardEnded.Of(e).How)];

    private static bool HasThread(VfioWorld world) => world.Host.Irqs.ThreadsOf(0) != 0;

    /// <summary>An interrupt that a guest serves and finishes while the line is still up, and then with the line down.</summary>
    private static void Serve(VfioWorld world)
    {
        world.Level(true);
        Assert.Equal(1ul, world.Read(E));
        world.Write(U);
        Assert.Equal(1ul, world.Read(E));
        world.Level(false);
        world.Write(U);
        Assert.Equal(0ul, world.Read(E));
        Assert.False(world.Host.Irqs.IsMasked(0));
    }

    [Theory]
    [InlineData(HostFlow.FastEoi, false)]
    [InlineData(HostFlow.FastEoi, true)]
    [InlineData(HostFlow.Level, false)]
    public void The_line_is_held_until_the_guest_has_finished(HostFlow flow, bool eoiThreaded)
    {
        VfioWorld world = Enabled(Oneshot, flow, new() { EoiThreaded = eoiThreaded });
        Serve(world);
        Assert.Equal("OneshotHeld holds", Judge(world));
        Assert.Equal([ForwardEnd.Guest, ForwardEnd.Guest], Ends(world));
        Assert.Equal(2, world.Entries);
    }

    /// <summary>The device is forwarded as if it were an ordinary level: the three cases, and the seed's second way.</summary>
    [Theory]
    [InlineData(ForwardMode.Automask, HostFlow.FastEoi, false, 4, "host line 0 was not masked when its hard handler ran")]
    [InlineData(ForwardMode.Automask, HostFlow.FastEoi, true, 2, "host line 0 was not masked when its hard handler ran")]
    [InlineData(ForwardMode.Automask, HostFlow.Level, false, 2, "OneshotHeld holds")]
    [InlineData(ForwardMode.MaskedLevel, HostFlow.FastEoi, false, 2, "host line 0 was not masked when its hard handler ran")]
    [InlineData(ForwardMode.MaskedLevel, HostFlow.Level, false, 2, "OneshotHeld holds")]
    [InlineData(ForwardMode.Oneshot, HostFlow.FastEoi, false, 2, "OneshotHeld holds")]
    public void What_each_way_does(ForwardMode mode, HostFlow flow, bool ownDisable, int entries, string says)
    {
        VfioWorld world = Enabled(Oneshot with { Mode = mode }, flow, new() { HasDisable = ownDisable });
        Serve(world);
        Assert.Equal(says, Judge(world));
        Assert.Equal(entries, world.Entries);
    }

    /// <summary>A chip loses an edge that comes while the line is masked. A line that is disabled lazily keeps it.</summary>
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public void What_the_second_way_can_miss(bool masked, ulong again)
    {
        var irqs = new HostIrqs(new HostIrqOptions { Lines = [new() { Flow = HostFlow.Edge, IsLevel = false }] });
        Assert.Equal(LinuxError.None, irqs.Request(0, new(), out int action));
        irqs.SetUnlazy(0, masked);
        Pulse();
        irqs.Disable(0);
        irqs.Answer(0, action, HandlerAnswer.Handled);
        // The next edge comes while the guest has the first.
        Pulse();
        irqs.Enable(0);
        ulong handlers = 0;
        while (irqs.Events.TryTake(out Event e))
        {
            if (e.Kind == EventKind.HostResend)
                irqs.Resend(0);
            if (e.Kind == EventKind.HostHardHandler)
                handlers++;
        }
        Assert.Equal(1 + again, handlers);

        void Pulse()
        {
            irqs.SetLevel(0, true);
            irqs.SetLevel(0, false);
            irqs.Deliver(0);
        }
    }

    [Fact]
    public void A_threaded_handler_that_returns_at_once_is_caught()
    {
        VfioWorld world = Enabled(Oneshot);
        world.Host.SetLevel(0, true);
        world.Host.Irqs.Deliver(0);
        // Historic: the thread does not wait for the guest.
        bool ended = false;
        while (world.Host.Events.TryTake(out Event e))
        {
            world.Take(e);
            if (e.Kind == EventKind.HostThreadWoken && !ended)
                ended = world.Host.Irqs.ThreadEnded(0, 0);
        }
        Assert.True(ended);
        Assert.Equal("host line 0 was unmasked before the guest had finished", Judge(world));
    }

    [Fact]
    public void A_guest_that_finishes_before_the_thread_runs_is_heard()
    {
        VfioWorld world = Enabled(Oneshot);
        world.Host.SetLevel(0, true);
        world.Host.Irqs.Deliver(0);
        while (world.Host.Events.TryTake(out Event e))
        {
            if (e.Kind == EventKind.HostThreadWoken)
            {
                world.Host.SetLevel(0, false);
                world.Host.Acknowledged(0);
            }
            world.Take(e);
        }
        Assert.False(HasThread(world));
        Assert.False(world.Host.Irqs.IsMasked(0));
        Assert.Equal("OneshotHeld holds", Judge(world));
        Assert.Equal(1ul, world.Read(E));
        Serve(world);
    }

    [Fact]
    public void A_guest_that_is_reset_ends_the_wait()
    {
        VfioWorld world = Enabled(Oneshot);
        world.Level(true);
        Assert.True(world.Host.IsWaiting(0));
        world.Level(false);
        world.Host.GuestReset(0);
        world.Settle();
        AssertEnded(world, ForwardEnd.GuestReset, masked: false);
        world.Read(E);
        Serve(world);
    }

    [Fact]
    public void A_device_that_is_closed_ends_the_wait()
    {
        VfioWorld world = Enabled(Oneshot);
        world.Level(true);
        world.Host.Close(0);
        world.Settle();
        AssertEnded(world, ForwardEnd.Closed, masked: true);
        world.Host.Open(0);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [E]));
        Assert.Equal(0, world.Set(Intx, Unmask | Fd, fds: [U]));
        world.Read(E);
        Serve(world);
    }

    [Fact]
    public void A_mask_ends_the_wait_and_the_line_stays_masked()
    {
        VfioWorld world = Enabled(Oneshot);
        world.Level(true);
        Assert.Equal(0, world.Set(Intx, Mask | None));
        AssertEnded(world, ForwardEnd.Masked, masked: true);
        Finish(world);
    }

    [Fact]
    public void A_guest_that_takes_too_long_ends_the_wait_and_the_line_stays_masked()
    {
        VfioWorld world = Enabled(Oneshot with { OneshotTimeout = 1000 });
        world.Level(true);
        world.Host.Advance(999);
        Assert.True(world.Host.IsWaiting(0));
        world.Host.Advance(1000);
        world.Settle();
        AssertEnded(world, ForwardEnd.Timeout, masked: true);
        Finish(world);
    }

    [Fact]
    public void A_live_update_ends_the_wait_and_the_line_stays_masked()
    {
        VfioWorld world = Enabled(Oneshot);
        world.Level(true);
        world.Host.LiveUpdate(0);
        world.Settle();
        AssertEnded(world, ForwardEnd.LiveUpdate, masked: true);
        Finish(world);
    }

    [Fact]
    public void A_guest_that_is_reset_after_a_timeout_gets_the_line_back()
    {
        VfioWorld world = Enabled(Oneshot with { OneshotTimeout = 1000 });
        world.Level(true);
        world.Host.Advance(1000);
        world.Level(false);
        world.Host.GuestReset(0);
        world.Settle();
        AssertEnded(world, ForwardEnd.GuestReset, masked: false);
    }

    [Fact]
    public void An_eventfd_that_is_taken_away_ends_the_wait()
    {
        VfioWorld world = Enabled(Oneshot);
        world.Level(true);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [-1]));
        AssertEnded(world, ForwardEnd.Closed, masked: true);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [F]));
        Assert.Equal(1ul, world.Read(F));
    }

    [Fact]
    public void An_eventfd_that_is_swapped_leaves_the_wait()
    {
        VfioWorld world = Enabled(Oneshot);
        world.Level(true);
        Assert.Equal(0, world.Set(Intx, Trigger | Fd, fds: [F]));
        Assert.True(world.Host.IsWaiting(0));
        Assert.Equal(0ul, world.Read(F));
        world.Write(U);
        Assert.Equal(1ul, world.Read(F));
    }

    [Theory]
    [InlineData("elan,ekth3000", ForwardMode.Oneshot)]
    [InlineData("hid-over-i2c", ForwardMode.Oneshot)]
    [InlineData("google,cros-ec-spi", ForwardMode.Oneshot)]
    [InlineData("ns16550a", ForwardMode.Automask)]
    [InlineData("", ForwardMode.Automask)]
    public void A_device_has_a_default_that_can_be_overruled(string compatible, ForwardMode mode)
    {
        VfioDeviceOptions device = Platform with { Compatible = compatible };
        Assert.Equal(mode, device.EffectiveMode);
        Assert.Equal(ForwardMode.MaskedLevel, (device with { Mode = ForwardMode.MaskedLevel }).EffectiveMode);
    }

    [Fact]
    public void A_PCI_device_can_be_oneshot_too()
    {
        VfioWorld world = Enabled(Pci23 with { Mode = ForwardMode.Oneshot });
        Serve(world);
        world.Level(true);
        world.Host.SetVirtualDisable(0, true);
        world.Settle();
        AssertEnded(world, ForwardEnd.Masked, masked: true);
        Assert.False(world.Host.HasIntxDisabled(0));
    }

    /// <summary>No thread waits; the line is masked by a disable, or not at all.</summary>
    private static void AssertEnded(VfioWorld world, ForwardEnd how, bool masked)
    {
        Assert.Equal(how, Ends(world)[^1]);
        Assert.False(HasThread(world));
        Assert.False(world.Host.IsWaiting(0));
        Assert.Equal(masked, world.Host.Irqs.IsMasked(0));
        Assert.Equal(masked, world.Host.Irqs.IsDisabled(0));
        Assert.Equal("OneshotHeld holds", Judge(world));
    }

    /// <summary>The guest finishes after all.</summary>
    private static void Finish(VfioWorld world)
    {
        world.Read(E);
        world.Level(false);
        world.Write(U);
        Assert.False(world.Host.Irqs.IsMasked(0));
        Assert.Equal(ForwardEnd.Guest, Ends(world)[^1]);
        Assert.Equal("OneshotHeld holds", Judge(world));
        Serve(world);
    }
}
