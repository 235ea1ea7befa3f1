using Wirq.Events;
using Wirq.HostIrq;
using Wirq.Tests.Shared;

namespace Wirq.Tests.HostIrq;

/// <summary>Who gets a line, who is refused, and what happens to interrupts that nobody handles.</summary>
public class RequestTests
{
    /// <summary>How many interrupts were handled is forgotten at the next judgement, so it does not make two lines different. Those
    /// that nobody handled do.</summary>
    [Theory]
    [InlineData(HandlerAnswer.Handled, true)]
    [InlineData(HandlerAnswer.WakeThread, true)]
    [InlineData(HandlerAnswer.None, false)]
    public void Interrupts_that_were_handled_leave_no_trace_in_an_identity(HandlerAnswer answer, bool same)
    {
        var world = new HostWorld();
        int action = world.Request(thread: true);
        Once();
        Once();
        UInt128 before = world.Irqs.Arena.Identity(0);
        Once();
        Assert.Equal(same, before == world.Irqs.Arena.Identity(0));

        void Once()
        {
            world.Fire();
            world.Answer(action, answer);
            if (answer == HandlerAnswer.WakeThread)
                world.EndThread(action);
        }
    }

    private const HostRequestBits None = HostRequestBits.None, Oneshot = HostRequestBits.Oneshot, Shared = HostRequestBits.Shared,
        PerCpu = HostRequestBits.PerCpu, Cond = HostRequestBits.CondOneshot, NoAuto = HostRequestBits.NoAutoEnable;

    [Theory]
    [InlineData(None, true, false, LinuxError.None)]
    [InlineData(None, false, false, LinuxError.Invalid)]
    [InlineData(None, false, true, LinuxError.Invalid)]
    [InlineData(None, true, true, LinuxError.None)]
    [InlineData(Oneshot, false, true, LinuxError.None)]
    [InlineData(Shared | NoAuto, true, false, LinuxError.Invalid)]
    [InlineData(HostRequestBits.TriggerEdge, true, false, LinuxError.Invalid)]
    [InlineData(HostRequestBits.TriggerEdge | HostRequestBits.TriggerLevel, true, false, LinuxError.Invalid)]
    [InlineData(HostRequestBits.TriggerLevel, true, false, LinuxError.None)]
    public void A_first_request(HostRequestBits flags, bool handler, bool thread, LinuxError answer) =>
        Assert.Equal(answer, new HostWorld().Try(flags, handler, thread));

    [Theory]
    [InlineData(None, None, LinuxError.Busy)]
    [InlineData(Shared, None, LinuxError.Busy)]
    [InlineData(None, Shared, LinuxError.Busy)]
    [InlineData(Shared, Shared, LinuxError.None)]
    [InlineData(Shared | Oneshot, Shared, LinuxError.Busy)]
    [InlineData(Shared, Shared | Oneshot, LinuxError.Busy)]
    [InlineData(Shared | Oneshot, Shared | Oneshot, LinuxError.None)]
    [InlineData(Shared | Oneshot, Shared | Cond, LinuxError.None)]
    [InlineData(Shared, Shared | Cond, LinuxError.None)]
    [InlineData(Shared, Shared | PerCpu, LinuxError.Busy)]
    [InlineData(Shared, Shared | HostRequestBits.TriggerEdge, LinuxError.Busy)]
    public void A_second_request(HostRequestBits first, HostRequestBits second, LinuxError answer)
    {
        var world = new HostWorld();
        world.Request(first, thread: true);
        Assert.Equal(answer, world.Try(second, thread: true));
    }

    [Fact]
    public void A_chip_that_is_safe_drops_oneshot()
    {
        var world = new HostWorld(chip: new() { OneshotSafe = true });
        int action = world.Request(Oneshot, handler: false, thread: true);
        Assert.Equal("wake0 eoi", world.Fire());
        Assert.Equal("", world.EndThread(action));
    }

    [Fact]
    public void A_line_has_as_many_actions_as_fit()
    {
        var world = new HostWorld(actions: 2);
        world.Request(Shared);
        int second = world.Request(Shared);
        Assert.Equal(LinuxError.NoMemory, world.Try(Shared));
        world.Irqs.Free(0, second);
        Assert.Equal(LinuxError.None, world.Try(Shared));
    }

    [Fact]
    public void Sixty_four_oneshot_actions_have_a_bit_each()
    {
        var world = new HostWorld(actions: 64);
        ulong bits = 0;
        for (int i = 0; i < 64; i++)
        {
            int action = world.Request(Shared | Oneshot, handler: false, thread: true);
            Assert.Equal(i, action);
        }
        world.Fire();
        bits |= world.Irqs.ThreadsOf(0);
        Assert.Equal(ulong.MaxValue, bits);
        Assert.Equal(LinuxError.Busy, world.Try(Shared | Oneshot, thread: true));
    }

    [Fact]
    public void A_request_without_auto_enable_waits_for_an_enable()
    {
        var world = new HostWorld();
        Assert.Equal(LinuxError.None, world.Try(NoAuto));
        Assert.Equal("", world.Said());
        Assert.True(world.Irqs.IsMasked(0));
        world.Irqs.Enable(0);
        Assert.Equal("unmask", world.Said());
    }

    [Fact]
    public void An_action_that_is_freed_while_its_handler_runs_stays_until_it_ends()
    {
        var world = new HostWorld(HostFlow.Level, actions: 2);
        int first = world.Request(Shared), second = world.Request(Shared);
        world.Fire();
        Assert.True(world.Irqs.Free(0, first));
        Assert.False(world.Irqs.Free(0, first));
        Assert.Equal(LinuxError.NoMemory, world.Try(Shared));
        Assert.Equal("hard1", world.Answer(first));
        Assert.True(world.Irqs.Free(0, second));
        world.Said();
        // The last one: the line is shut down, and its flow does not unmask it.
        Assert.Equal("", world.Answer(second));
        Assert.True(world.Irqs.IsMasked(0));
        Assert.Equal(LinuxError.None, world.Try(Shared));
    }

    [Fact]
    public void A_thread_of_a_freed_action_that_ends_does_not_unmask_the_line()
    {
        var world = new HostWorld();
        int action = world.Request(Oneshot, thread: true);
        world.Fire();
        world.Answer(action, HandlerAnswer.WakeThread);
        world.Irqs.Free(0, action);
        world.Said();
        Assert.Equal("", world.EndThread(action));
        Assert.True(world.Irqs.IsMasked(0));
    }

    [Theory]
    [InlineData(99_900, false)]
    [InlineData(99_901, true)]
    public void A_line_that_nobody_handles_is_disabled(int unhandled, bool disabled)
    {
        var world = new HostWorld(HostFlow.Level);
        int action = world.Request(Shared);
        world.Irqs.Events.Observing = true;
        bool told = false;
        for (int i = 0; i < HostIrqs.SpuriousCount; i++)
        {
            world.Irqs.Interrupt(0, 0);
            world.Irqs.Answer(0, action, i < unhandled ? HandlerAnswer.None : HandlerAnswer.Handled);
            while (world.Irqs.Events.TryTake(out Event e))
                told |= e.Kind == EventKind.HostNobodyCared;
        }
        Assert.Equal(disabled, world.Irqs.IsSpuriousDisabled(0));
        Assert.Equal(disabled, told);
        Assert.Equal(disabled ? 1 : 0, world.Irqs.DepthOf(0));
        Assert.Equal(disabled, world.Irqs.IsMasked(0));
        Assert.Equal(disabled, world.Irqs.Poll(0));
        if (!disabled)
            return;
        // The poll runs the handlers, and unmasks nothing.
        Assert.Equal("hard0", world.Said());
        Assert.Equal("", world.Answer(action));
        // Somebody else may be whose interrupts they are.
        world.Request(Shared);
        Assert.Equal(0, world.Irqs.DepthOf(0));
    }

    [Fact]
    public void A_host_that_does_not_watch_disables_nothing()
    {
        var world = new HostWorld(new HostIrqOptions { WatchesUnhandled = false });
        int action = world.Request();
        for (int i = 0; i <= HostIrqs.SpuriousCount; i++)
        {
            world.Fire();
            world.Answer(action, HandlerAnswer.None);
        }
        Assert.False(world.Irqs.IsSpuriousDisabled(0));
    }

    [Fact]
    public void Unhandled_interrupts_that_are_far_apart_do_not_count()
    {
        var world = new HostWorld(HostFlow.Level);
        int action = world.Request();
        for (int i = 0; i < HostIrqs.SpuriousCount; i++)
        {
            world.Irqs.Events.Now += i % 1000 == 0 ? HostIrqs.SpuriousWindow + 1 : 1;
            world.Irqs.Interrupt(0, 0);
            world.Irqs.Answer(0, action, HandlerAnswer.None);
            world.Said();
        }
        Assert.False(world.Irqs.IsSpuriousDisabled(0));
    }

    [Fact]
    public void A_woken_thread_counts_as_handled_only_if_threads_end()
    {
        Assert.False(Stuck(handled: true));
        Assert.True(Stuck(handled: false));

        static bool Stuck(bool handled)
        {
            var world = new HostWorld();
            int action = world.Request(Oneshot, thread: true);
            for (int i = 0; i < HostIrqs.SpuriousCount + 1; i++)
            {
                world.Irqs.Interrupt(0, 0);
                world.Irqs.Answer(0, action, HandlerAnswer.WakeThread);
                world.Irqs.ThreadEnded(0, action, handled);
                while (world.Irqs.Events.TryTake(out _)) { }
            }
            return world.Irqs.IsSpuriousDisabled(0);
        }
    }

    [Fact]
    public void An_interrupt_to_its_threads_end_allocates_nothing()
    {
        var world = new HostWorld();
        int action = world.Request(Oneshot, thread: true);
        Assert.Equal(0, Allocations.Of(1000, () =>
        {
            world.Irqs.SetLevel(0, true);
            world.Irqs.Deliver(0);
            world.Irqs.Answer(0, action, HandlerAnswer.WakeThread);
            world.Irqs.SetLevel(0, false);
            world.Irqs.ThreadEnded(0, action);
            while (world.Irqs.Events.TryTake(out _)) { }
        }));
    }

    [Theory]
    [InlineData(0, 1, 8, "Lines.Count is 0; expected 1 to 1024")]
    [InlineData(1, 0, 8, "Cpus is 0; expected 1 to 256")]
    [InlineData(1, 1, 65, "Actions is 65; expected 1 to 64")]
    public void Options_are_checked(int lines, int cpus, int actions, string says) => Assert.Equal(says, Assert.Throws<OptionException>(() => new HostIrqs(
        new HostIrqOptions { Lines = [.. Enumerable.Repeat(new HostLineOptions(), lines)], Cpus = cpus, Actions = actions })).Message);

    [Fact]
    public void A_flow_has_its_trigger() => Assert.Equal("Lines[0].IsLevel is false; expected true, which the level flow is for",
        Assert.Throws<OptionException>(() => new HostIrqs(new HostIrqOptions { Lines = [new() { Flow = HostFlow.Level, IsLevel = false }] })).Message);
}
