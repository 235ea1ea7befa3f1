using Wirq.HostIrq;

namespace Wirq.Tests.HostIrq;

/// <summary>Each flow handler: what it does to its chip, in which order.</summary>
public class FlowTests
{
    private const HostRequestBits Oneshot = HostRequestBits.Oneshot, Shared = HostRequestBits.Shared;

    [Theory]
    [InlineData(false, "mask ack hard0")]
    [InlineData(true, "maskack hard0")]
    public void A_level_is_masked_until_its_handlers_have_run(bool maskAck, string begins)
    {
        var world = new HostWorld(HostFlow.Level, new() { HasMaskAck = maskAck });
        int action = world.Request();
        Assert.Equal(begins, world.Fire());
        Assert.True(world.Irqs.IsMasked(0));
        Assert.Equal("unmask", world.Answer(action));
    }

    [Fact]
    public void Fasteoi_ends_after_the_handlers_and_masks_nothing()
    {
        var world = new HostWorld();
        int first = world.Request(Shared), second = world.Request(Shared);
        Assert.Equal("hard0", world.Fire());
        Assert.Equal("hard1", world.Answer(first, HandlerAnswer.None));
        Assert.Equal("eoi", world.Answer(second));
    }

    [Theory]
    [InlineData(false, "wake0 eoi", "unmask")]
    [InlineData(true, "wake0", "eoi unmask")]
    public void Oneshot_is_masked_from_before_the_handler_to_the_threads_end(bool threaded, string woken, string ended)
    {
        var world = new HostWorld(chip: new() { EoiThreaded = threaded });
        int action = world.Request(Oneshot, thread: true);
        Assert.Equal("mask hard0", world.Fire());
        Assert.Equal(woken, world.Answer(action, HandlerAnswer.WakeThread));
        Assert.True(world.Irqs.IsMasked(0));
        Assert.Equal(ended, world.EndThread(action));
        Assert.False(world.Irqs.IsMasked(0));
    }

    [Fact]
    public void Oneshot_that_wakes_no_thread_is_unmasked_at_once()
    {
        var world = new HostWorld();
        int action = world.Request(Oneshot, thread: true);
        world.Fire();
        Assert.Equal("eoi unmask", world.Answer(action));
    }

    [Fact]
    public void A_level_with_oneshot_is_unmasked_by_the_last_thread()
    {
        var world = new HostWorld(HostFlow.Level);
        int first = world.Request(Oneshot | Shared, thread: true), second = world.Request(Oneshot | Shared, thread: true);
        world.Fire();
        world.Answer(first, HandlerAnswer.WakeThread);
        Assert.Equal("wake1", world.Answer(second, HandlerAnswer.WakeThread));
        Assert.Equal(0b11ul, world.Irqs.ThreadsOf(0));
        Assert.Equal("", world.EndThread(second));
        Assert.Equal("unmask", world.EndThread(first));
    }

    [Fact]
    public void The_kernels_own_primary_handler_wakes_the_thread()
    {
        var world = new HostWorld();
        int action = world.Request(Oneshot, handler: false, thread: true);
        Assert.Equal("mask wake0 eoi", world.Fire());
        Assert.Equal("unmask", world.EndThread(action));
    }

    [Fact]
    public void A_thread_that_ends_while_the_hard_handler_runs_waits_for_it()
    {
        var world = new HostWorld(HostFlow.Level);
        int first = world.Request(Oneshot | Shared, thread: true), second = world.Request(Oneshot | Shared, thread: true);
        world.Fire();
        Assert.Equal("wake0 hard1", world.Answer(first, HandlerAnswer.WakeThread));
        Assert.Equal("", world.EndThread(first));
        Assert.Equal(1ul, world.Irqs.ThreadsOf(0));
        Assert.Equal("unmask", world.Answer(second));
    }

    [Fact]
    public void A_thread_that_is_woken_while_it_runs_runs_again()
    {
        var world = new HostWorld(HostFlow.Edge);
        int action = world.Request(thread: true);
        world.Fire();
        Assert.Equal("wake0", world.Answer(action, HandlerAnswer.WakeThread));
        // Not yet running: one run serves both.
        world.Fire();
        Assert.Equal("", world.Answer(action, HandlerAnswer.WakeThread));
        Assert.True(world.Irqs.ThreadStarted(0, action));
        world.Fire();
        Assert.Equal("", world.Answer(action, HandlerAnswer.WakeThread));
        Assert.Equal("wake0", world.EndThread(action));
        Assert.Equal("", world.EndThread(action));
        Assert.False(world.Irqs.ThreadEnded(0, action));
    }

    [Fact]
    public void An_edge_that_comes_while_the_handler_runs_runs_it_again()
    {
        var world = new HostWorld(HostFlow.Edge);
        int action = world.Request();
        Assert.Equal("ack hard0", world.Fire());
        Assert.Equal("mask ack", world.Fire(cpu: 1));
        Assert.True(world.Irqs.IsPending(0));
        Assert.Equal("unmask hard0", world.Answer(action));
        Assert.Equal("", world.Answer(action));
        Assert.False(world.Irqs.IsPending(0));
    }

    [Theory]
    [InlineData(false, "eoi", "eoi")]
    [InlineData(true, "eoi", "eoi resend")]
    public void Fasteoi_in_progress_elsewhere_ends_and_is_sent_again_if_the_chip_asks(bool asks, string second, string first)
    {
        var world = new HostWorld(new HostIrqOptions
        {
            Lines = [new() { Flow = HostFlow.FastEoi, IsLevel = false, Chip = new() { ResendsInProgress = asks } }], Cpus = 2,
        });
        int action = world.Request();
        world.Fire();
        Assert.Equal(second, world.Fire(cpu: 1));
        Assert.Equal(first, world.Answer(action));
    }

    [Fact]
    public void A_per_cpu_line_runs_on_all_CPUs_at_once_and_is_never_disabled()
    {
        var world = new HostWorld(HostFlow.PerCpu);
        int action = world.Request(HostRequestBits.PerCpu);
        world.Irqs.Disable(0);
        world.Said();
        Assert.Equal("ack hard0", world.Fire(0));
        Assert.Equal("ack hard0", world.Fire(1));
        Assert.Equal("eoi", world.Answer(action, cpu: 1));
        Assert.Equal("eoi", world.Answer(action, cpu: 0));
        Assert.False(world.Irqs.Answer(0, action, HandlerAnswer.Handled));
    }

    [Theory]
    [InlineData(HostFlow.FastEoi, "mask eoi move1 unmask")]
    [InlineData(HostFlow.Level, "unmask")]
    public void A_line_moves_after_the_interrupt_and_is_masked_meanwhile(HostFlow flow, string ends)
    {
        var world = new HostWorld(flow);
        int action = world.Request();
        world.Fire();
        Assert.True(world.Irqs.SetAffinity(0, 1));
        Assert.Equal("", world.Said());
        Assert.Equal(0, world.Irqs.CpuOf(0));
        Assert.Equal(ends, world.Answer(action));
        if (flow == HostFlow.Level)
            Assert.Equal("mask move1 ack hard0", world.Fire());
        Assert.Equal(1, world.Irqs.CpuOf(0));
        Assert.False(world.Irqs.SetAffinity(0, 2));
    }

    [Fact]
    public void A_oneshot_line_that_moves_is_not_unmasked_by_the_move()
    {
        var world = new HostWorld();
        int action = world.Request(Oneshot, thread: true);
        world.Fire();
        world.Irqs.SetAffinity(0, 1);
        Assert.Equal("wake0 eoi move1", world.Answer(action, HandlerAnswer.WakeThread));
        Assert.Equal("unmask", world.EndThread(action));
    }

    [Fact]
    public void A_chip_that_can_moves_at_once()
    {
        var world = new HostWorld(chip: new() { MovesAtOnce = true });
        world.Request();
        world.Irqs.SetAffinity(0, 1);
        Assert.Equal("move1", world.Said());
    }

    [Fact]
    public void Nothing_is_done_for_answers_and_lines_that_do_not_exist()
    {
        var world = new HostWorld();
        int action = world.Request();
        Assert.False(world.Irqs.Answer(0, action, HandlerAnswer.Handled));
        Assert.False(world.Irqs.Answer(0, -1, HandlerAnswer.Handled));
        Assert.False(world.Irqs.Answer(9, 0, HandlerAnswer.Handled));
        Assert.False(world.Irqs.Interrupt(-1, 0));
        Assert.False(world.Irqs.Interrupt(0, 9));
        Assert.False(world.Irqs.ThreadStarted(0, action));
        Assert.False(world.Irqs.Free(0, 7));
        Assert.False(world.Irqs.Disable(1));
        Assert.False(world.Irqs.SetLevel(1, true));
        Assert.False(world.Irqs.Deliver(0));
        Assert.Equal("", world.Said());
    }
}
