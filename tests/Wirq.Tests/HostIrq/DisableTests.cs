using Wirq.HostIrq;

namespace Wirq.Tests.HostIrq;

/// <summary>Disabled and masked are two things, and what comes meanwhile is sent again.</summary>
public class DisableTests
{
    [Fact]
    public void A_disabled_line_is_masked_when_it_fires_and_not_before()
    {
        var world = new HostWorld();
        world.Request();
        world.Irqs.Disable(0);
        Assert.Equal("", world.Said());
        Assert.True(world.Irqs.IsDisabled(0));
        Assert.False(world.Irqs.IsMasked(0));
        Assert.Equal("mask eoi", world.Fire());
        Assert.True(world.Irqs.IsPending(0));
        world.Irqs.Enable(0);
        Assert.Equal("unmask", world.Said());
    }

    [Theory]
    [InlineData(true, false, "mask")]
    [InlineData(false, true, "disable")]
    public void Unlazy_and_a_chips_own_disable_mask_at_once(bool unlazy, bool own, string says)
    {
        var world = new HostWorld(chip: new() { HasDisable = own });
        world.Request();
        world.Irqs.SetUnlazy(0, unlazy);
        world.Irqs.Disable(0);
        Assert.Equal(says, world.Said());
        Assert.True(world.Irqs.IsMasked(0));
        world.Irqs.Enable(0);
        Assert.Equal(own ? "enable" : "unmask", world.Said());
        Assert.False(world.Irqs.IsMasked(0));
    }

    /// <summary>POWER's XIVE. A lazily disabled line is not unmasked by its enable, because nothing masked it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_chip_that_ends_no_disabled_line_is_armed_by_the_unmask_alone(bool unlazy)
    {
        var world = new HostWorld(chip: new() { EoiNeedsEnabled = true });
        int action = world.Request();
        world.Irqs.SetUnlazy(0, unlazy);
        world.Irqs.SetLevel(0, true);
        Assert.True(world.Irqs.Deliver(0));
        world.Irqs.Disable(0);
        world.Said();
        Assert.Equal("eoi", world.Answer(action));
        // It is still up, and not masked if it is lazily disabled.
        Assert.False(world.Irqs.Wants(0));
        world.Irqs.Enable(0);
        Assert.Equal(unlazy, world.Irqs.Wants(0));
        // Enabled, its EOI reaches the pin as ever.
        if (unlazy)
            Assert.True(world.Irqs.Deliver(0));
        else
            return;
        world.Answer(action);
        Assert.True(world.Irqs.Wants(0));
    }

    [Fact]
    public void Disabling_nests_and_masking_does_not()
    {
        var world = new HostWorld();
        world.Request();
        world.Irqs.SetUnlazy(0, true);
        world.Irqs.Disable(0);
        world.Irqs.Disable(0);
        Assert.Equal("mask", world.Said());
        Assert.Equal(2, world.Irqs.DepthOf(0));
        Assert.True(world.Irqs.Enable(0));
        Assert.Equal("", world.Said());
        Assert.True(world.Irqs.Enable(0));
        Assert.Equal("unmask", world.Said());
        Assert.False(world.Irqs.Enable(0));
        Assert.Equal(0, world.Irqs.DepthOf(0));
    }

    [Theory]
    [InlineData(false, "unmask resend")]
    [InlineData(true, "unmask retrigger")]
    public void An_edge_that_came_while_disabled_is_sent_again(bool retriggers, string says)
    {
        var world = new HostWorld(HostFlow.Edge, new() { HasRetrigger = retriggers });
        int action = world.Request();
        world.Irqs.Disable(0);
        Assert.Equal("mask ack", world.Fire());
        world.Irqs.Enable(0);
        Assert.Equal(says, world.Said());
        Assert.True(retriggers ? world.Irqs.Deliver(0) : world.Irqs.Resend(0));
        Assert.Equal("ack hard0", world.Said());
        Assert.Equal("", world.Answer(action));
    }

    [Fact]
    public void A_level_that_came_while_disabled_comes_by_itself()
    {
        var world = new HostWorld(HostFlow.Level);
        world.Request();
        world.Irqs.Disable(0);
        world.Irqs.SetLevel(0, true);
        Assert.True(world.Irqs.Deliver(0));
        Assert.Equal("mask ack", world.Said());
        Assert.False(world.Irqs.Wants(0));
        world.Irqs.Enable(0);
        Assert.Equal("unmask", world.Said());
        Assert.Equal(0, world.Irqs.NextWanting());
        Assert.True(world.Irqs.Deliver(0));
        Assert.Equal("mask ack hard0", world.Said());
    }

    [Fact]
    public void A_handler_that_disables_its_fasteoi_line_lazily_costs_one_more_entry()
    {
        Assert.Equal((2, false), EntriesOf(HostFlow.FastEoi, unlazy: false));
        Assert.Equal((1, false), EntriesOf(HostFlow.FastEoi, unlazy: true));
        Assert.Equal((1, true), EntriesOf(HostFlow.Level, unlazy: false));
    }

    /// <summary>How often a level enters the host until it is quiet, and whether it was masked before the handler.</summary>
    private static (int Entries, bool MaskedBefore) EntriesOf(HostFlow flow, bool unlazy)
    {
        var world = new HostWorld(flow);
        int action = world.Request(), entries = 0;
        bool masked = false;
        world.Irqs.SetUnlazy(0, unlazy);
        world.Irqs.SetLevel(0, true);
        while (world.Irqs.Deliver(0))
        {
            if (!world.Said().Contains("hard0", StringComparison.Ordinal))
            {
                entries++;
                continue;
            }
            entries++;
            masked = world.Irqs.IsMasked(0);
            world.Irqs.Disable(0);
            world.Answer(action);
        }
        Assert.True(world.Irqs.IsMasked(0));
        return (entries, masked);
    }

    /// <summary>Linux leaves this EOI out, and the pin is in service for ever.</summary>
    [Theory]
    [InlineData(HostProfile.Sound, "eoi", true)]
    [InlineData(HostProfile.Linux, "", false)]
    public void An_EOI_that_is_owed_comes_with_the_last_thread_even_if_the_line_is_disabled(HostProfile profile, string ends, bool comesAgain)
    {
        HostWorld world = EoiThreaded(profile, out int action);
        world.Answer(action, HandlerAnswer.WakeThread);
        world.Irqs.Disable(0);
        Assert.Equal(ends, world.EndThread(action));
        world.Irqs.Enable(0);
        Assert.Equal("unmask", world.Said());
        Assert.Equal(comesAgain, world.Irqs.Deliver(0));
    }

    /// <summary>The same if the hard handler disables the line and wakes nobody.</summary>
    [Theory]
    [InlineData(HostProfile.Sound, "eoi", true)]
    [InlineData(HostProfile.Linux, "", false)]
    public void An_EOI_that_no_thread_will_do_comes_from_the_flow(HostProfile profile, string ends, bool comesAgain)
    {
        HostWorld world = EoiThreaded(profile, out int action);
        world.Irqs.Disable(0);
        Assert.Equal(ends, world.Answer(action));
        world.Irqs.Enable(0);
        Assert.Equal("unmask", world.Said());
        Assert.Equal(comesAgain, world.Irqs.Deliver(0));
    }

    /// <summary>The hard handler of a line runs whose EOI comes after the threads.</summary>
    private static HostWorld EoiThreaded(HostProfile profile, out int action)
    {
        var world = new HostWorld(new HostIrqOptions { Profile = profile, Lines = [new() { Chip = new() { EoiThreaded = true } }] });
        action = world.Request(HostRequestBits.Oneshot, thread: true);
        world.Irqs.SetLevel(0, true);
        Assert.True(world.Irqs.Deliver(0));
        Assert.Equal("mask hard0", world.Said());
        return world;
    }

    // The four cases of the kernel's own irq_test.c.

    [Fact]
    public void A_request_enables_and_a_disable_counts()
    {
        var world = new HostWorld();
        world.Request();
        Assert.Equal(0, world.Irqs.DepthOf(0));
        world.Irqs.Disable(0);
        Assert.Equal(1, world.Irqs.DepthOf(0));
        world.Irqs.Enable(0);
        Assert.Equal(0, world.Irqs.DepthOf(0));
    }

    [Fact]
    public void A_line_that_was_freed_while_disabled_starts_enabled()
    {
        var world = new HostWorld();
        int action = world.Request();
        world.Irqs.Disable(0);
        Assert.True(world.Irqs.Free(0, action));
        Assert.InRange(world.Irqs.DepthOf(0), 1, int.MaxValue);
        world.Request();
        Assert.Equal(0, world.Irqs.DepthOf(0));
    }

    [Fact]
    public void A_disabled_managed_line_is_still_disabled_when_its_CPU_is_back()
    {
        var world = new HostWorld();
        world.Request();
        world.Irqs.Disable(0);
        Assert.True(world.Irqs.ManagedShutdown(0));
        Assert.True(world.Irqs.IsMasked(0));
        Assert.True(world.Irqs.ManagedStartup(0));
        Assert.Equal(1, world.Irqs.DepthOf(0));
        world.Irqs.Enable(0);
        Assert.Equal(0, world.Irqs.DepthOf(0));
        Assert.False(world.Irqs.IsMasked(0));
    }

    [Fact]
    public void A_managed_line_starts_when_its_CPU_is_back()
    {
        var world = new HostWorld();
        world.Request();
        world.Irqs.ManagedShutdown(0);
        Assert.Equal(1, world.Irqs.DepthOf(0));
        Assert.True(world.Irqs.ManagedStartup(0));
        Assert.Equal(0, world.Irqs.DepthOf(0));
        Assert.False(world.Irqs.IsMasked(0));
        Assert.False(world.Irqs.ManagedStartup(0));
    }
}
