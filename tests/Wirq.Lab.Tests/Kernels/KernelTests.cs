using Wirq.Events;
using Wirq.Lab.Kernels;
using Wirq.Routing;
using Wirq.State;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Kernels;

/// <summary>What the simulation has besides KVM's semantics.</summary>
public class KernelTests
{
    [Fact]
    public void What_the_kernel_serves_is_told_by_the_virq_of_the_eventfd()
    {
        Host host = Host.Split();
        var told = new EventBuffer { Observing = true };
        host.Kernel.Observer = host.EventFds.Observer = told;
        host.Kernel.Commit([Host.Route(30, 0x41)]);
        EventFd fd = host.EventFds.Create(virq: 7), nobodys = host.EventFds.Create();
        host.Kernel.Bind(30, fd, EventFd.None);
        host.Kernel.Bind(31, nobodys, EventFd.None);
        host.EventFds.WriteByDevice(fd);
        host.EventFds.WriteByDevice(nobodys);
        Assert.Equal([
            (EventKind.VirqSignalled, 7, 0u, 0ul), (EventKind.VirqServed, 7, 30u, Host.Message(0x41).Bits)],
            Kinds(told, EventKind.VirqSignalled, EventKind.VirqServed));
    }

    [Fact]
    public void What_the_chips_observe_is_told_and_nothing_unless_somebody_observes()
    {
        Host host = Host.Split();
        var told = new EventBuffer();
        host.Kernel.Observer = told;
        host.Kernel.Signal(Host.Message(0x41));
        Assert.Equal(0, told.Count);
        told.Observing = true;
        Assert.Equal(0x41, host.Kernel.Take(0));
        Assert.Equal([(EventKind.VectorTaken, 0, 0u, 0x41ul)], Kinds(told, EventKind.VectorTaken));
    }

    private static List<(EventKind, int, uint, ulong)> Kinds(EventBuffer told, params EventKind[] kinds)
    {
        var list = new List<(EventKind, int, uint, ulong)>();
        while (told.TryTake(out Event next))
        {
            if (kinds.Contains(next.Kind))
                list.Add((next.Kind, next.Unit, next.Index, next.A));
        }
        return list;
    }

    [Fact]
    public void Figures_count_calls_commits_rows_injections_notifications_and_exits()
    {
        Host host = Host.Split();
        SimulatedKernel kernel = host.Kernel;
        kernel.Commit([Host.Route(3, 0x41, level: true), Host.Route(30, 0x52)]);
        EventFd bound = host.EventFds.Create(), lost = host.EventFds.Create(), polled = host.EventFds.Create();
        kernel.Bind(3, bound, EventFd.None);
        kernel.Bind(40, lost, EventFd.None);
        kernel.Watch(polled, 5);
        foreach (EventFd fd in new[] { bound, bound, lost, polled })
            host.EventFds.WriteByDevice(fd);
        kernel.Settle();
        Assert.True(host.EventFds.TryTakeReadable(out int token) && token == 5);
        kernel.Signal(Host.Message(0x60));
        Assert.Equal(0x60, kernel.Take(0));
        kernel.Eoi(0);
        Assert.Equal(0x41, kernel.Take(0));
        kernel.Eoi(0);
        Assert.True(kernel.TryTakeExit(out _, out _));
        KernelFigures figures = kernel.Figures;
        Assert.Equal((5, 1, 2, 1, 1, 1), (figures.PortCalls, figures.Commits, figures.RowsCommitted,
            figures.MessagesSignalled, figures.EoiExits, figures.Routeless));
        Assert.Equal((2, 2, 0, 0), (figures.Injections, figures.InjectionsOf(3), figures.InjectionsOf(40),
            figures.InjectionsOf(-1)));
        Assert.Equal(1, host.EventFds.Notifications);
    }

    [Fact]
    public void The_work_queue_need_not_wait()
    {
        var host = new Host(new SimulatedKernelOptions { Routes = 64, WorksAtOnce = true });
        host.Kernel.EnableApic(0);
        host.Kernel.Commit([Host.Route(30, 0x41)]);
        EventFd fd = host.EventFds.Create(count: 1), lost = host.EventFds.Create();
        host.Kernel.Bind(30, fd, EventFd.None);
        host.Kernel.Bind(31, lost, EventFd.None);
        host.EventFds.WriteByDevice(lost);
        Assert.Equal(0, host.Kernel.PendingWork);
        Assert.Equal(0x41, host.Kernel.Take(0));
        Assert.Equal(1, host.Kernel.Figures.Routeless);
    }

    [Fact]
    public void The_work_queue_may_run_in_any_order()
    {
        Host host = Host.Split();
        host.Kernel.Commit([Host.Route(30, 0x41), Host.Route(31, 0x52)]);
        EventFd first = host.EventFds.Create(count: 1), second = host.EventFds.Create(count: 1);
        host.Kernel.Bind(30, first, EventFd.None);
        host.Kernel.Bind(31, second, EventFd.None);
        Assert.True(host.Kernel.RunPendingWork(second));
        Assert.False(host.Kernel.RunPendingWork(second));
        Assert.Equal((0x52, -1), (host.Kernel.Take(0), host.Kernel.Take(0)));
        Assert.True(host.Kernel.RunPendingWork());
        Assert.Equal(0, host.Kernel.PendingWork);
    }

    [Fact]
    public void Readable_eventfds_take_turns()
    {
        Host host = Host.Split();
        for (int i = 0; i < 3; i++)
        {
            EventFd fd = host.EventFds.Create(count: 1);
            host.EventFds.Watch(fd, i);
        }
        int[] told = [.. Enumerable.Range(0, 6).Select(_ => host.EventFds.TryTakeReadable(out int token) ? token : -1)];
        Assert.Equal([0, 1, 2, 0, 1, 2], told);
    }

    [Fact]
    public void A_route_to_a_wide_destination_needs_the_flag()
    {
        Host host = Host.Split();
        var wide = new KernelRoute(1, InterruptMessage.Create(0x41, DeliveryMode.Fixed, 300));
        var refused = Assert.Throws<KernelException>(() => host.Kernel.Commit([wide]));
        Assert.Equal((22, 1), (refused.Errno, refused.Gsi));
        Assert.Contains("USE_32BIT_IDS", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_host_says_EMFILE()
    {
        var eventFds = new SimulatedEventFds(2, new StateArena());
        eventFds.Create();
        EventFd second = eventFds.Create();
        Assert.Equal(24, Assert.Throws<KernelException>(() => eventFds.Create()).Errno);
        Assert.Equal(24, Assert.Throws<KernelException>(() => eventFds.Duplicate(second)).Errno);
        eventFds.Close(second);
        Assert.Equal(second, eventFds.Create());
    }

    [Fact]
    public void A_full_eventfd_takes_no_write_and_saturates_where_the_kernel_signals_it()
    {
        var host = new Host(new SimulatedKernelOptions { Kind = KernelKind.Full });
        host.Kernel.EnableApic(0);
        EventFd resample = host.EventFds.Create(), trigger = host.EventFds.Create();
        host.EventFds.Write(resample, ulong.MaxValue - 1);
        Assert.Equal(11, Assert.Throws<KernelException>(() => host.EventFds.Write(resample)).Errno);
        Assert.Equal(22, Assert.Throws<KernelException>(() => host.EventFds.Write(resample, ulong.MaxValue)).Errno);
        host.Kernel.SetIoApicEntry(20, RedirectionEntry.Create(0x41, 0, level: true));
        host.Kernel.Bind(20, trigger, resample);
        for (int i = 0; i < 2; i++)
        {
            host.EventFds.WriteByDevice(trigger);
            host.Kernel.Settle();
            Assert.Equal(0x41, host.Kernel.Take(0));
            host.Kernel.Eoi(0);
        }
        Assert.Equal(ulong.MaxValue, host.EventFds.CountOf(resample));
    }

    [Fact]
    public void A_closed_resample_eventfd_is_signalled_no_more_nor_who_got_its_number()
    {
        var host = new Host(new SimulatedKernelOptions { Kind = KernelKind.Full });
        host.Kernel.EnableApic(0);
        EventFd trigger = host.EventFds.Create(), resample = host.EventFds.Create();
        host.Kernel.SetIoApicEntry(20, RedirectionEntry.Create(0x41, 0, level: true));
        host.Kernel.Bind(20, trigger, resample);
        host.EventFds.Close(resample);
        Assert.Equal(resample, host.EventFds.Create());
        host.EventFds.WriteByDevice(trigger);
        host.Kernel.Settle();
        Assert.Equal(0x41, host.Kernel.Take(0));
        host.Kernel.Eoi(0);
        Assert.False(host.EventFds.IsReadable(resample));
    }

    [Fact]
    public void The_8259_pair_gives_its_vector_and_acknowledges_the_resampler()
    {
        var host = new Host(new SimulatedKernelOptions { Kind = KernelKind.Full });
        SimulatedKernel kernel = host.Kernel;
        kernel.EnableApic(0);
        kernel.WriteApic(0, ApicRegister.Lint0, 0x700);
        foreach ((ushort port, byte value) in new (ushort, byte)[]
            { (0x20, 0x11), (0x21, 0x20), (0x21, 4), (0x21, 1), (0x21, 0) })
            kernel.WritePic(port, value);
        EventFd trigger = host.EventFds.Create(), resample = host.EventFds.Create();
        kernel.Bind(5, trigger, resample);
        host.EventFds.WriteByDevice(trigger);
        kernel.Settle();
        Assert.True(kernel.HasInterrupt(0));
        Assert.Equal(0x25, kernel.Take(0));
        Assert.False(host.EventFds.IsReadable(resample));
        kernel.WritePic(0x20, 0x20);
        Assert.True(host.EventFds.Read(resample));
    }

    [Fact]
    public void What_a_CPU_is_sent_besides_vectors_is_kept_until_it_is_asked()
    {
        Host host = Host.Split();
        host.Kernel.Signal(InterruptMessage.Create(0, DeliveryMode.Nmi, 0));
        host.Kernel.Signal(InterruptMessage.Create(0, DeliveryMode.Init, 0));
        Assert.Equal(CpuSignals.Nmi | CpuSignals.Init, host.Kernel.TakeSignals(0));
        Assert.Equal(CpuSignals.None, host.Kernel.TakeSignals(0));
    }

    [Theory]
    [InlineData(KernelKind.Full, SimulatedX2ApicApi.EnableSuppressEoi)]
    [InlineData(KernelKind.Split, SimulatedX2ApicApi.EnableSuppressEoi | SimulatedX2ApicApi.DisableSuppressEoi)]
    [InlineData(KernelKind.Split, (SimulatedX2ApicApi)16)]
    public void Flags_that_KVM_refuses_make_no_machine(KernelKind kind, SimulatedX2ApicApi flags)
    {
        var options = new SimulatedKernelOptions { Kind = kind, X2ApicApi = flags };
        Assert.Equal(nameof(options.X2ApicApi), Assert.Throws<OptionException>(() => new Host(options)).Field);
    }

    [Fact]
    public void Serving_binding_and_reading_allocate_nothing()
    {
        Host host = Host.Split();
        SimulatedKernel kernel = host.Kernel;
        kernel.Commit([Host.Route(3, 0x41, level: true)]);
        KernelRoute[] routes = [Host.Route(3, 0x41, level: true)];
        EventFd fd = host.EventFds.Create();
        kernel.Watch(fd, 1);
        int taken = 0;
        void Round()
        {
            host.EventFds.WriteByDevice(fd);
            host.EventFds.TryTakeReadable(out _);
            kernel.Bind(3, fd, EventFd.None);
            kernel.Settle();
            host.EventFds.WriteByDevice(fd);
            taken = kernel.Take(0);
            kernel.Eoi(0);
            kernel.TryTakeExit(out _, out _);
            kernel.Unbind(3, fd);
            kernel.Commit(routes);
            kernel.Read(fd);
        }
        long allocated = Allocations.Of(1000, Round);
        Assert.Equal((0x41, 0), (taken, allocated));
    }

    [Fact]
    public async Task Under_its_lock_a_device_a_guest_and_a_poller_lose_nothing()
    {
        const int writes = 3_000;
        Host host = Host.Split();
        var kernel = new LockedKernel(host.Kernel);
        kernel.Commit([Host.Route(30, 0x41)]);
        EventFd fd = host.EventFds.Create();
        kernel.Watch(fd, 1);
        var poller = Task.Run(() =>
        {
            long had = 0;
            while (kernel.WaitReadable(60_000, out _))
                had += kernel.Do(k => k.EventFds.TryRead(fd, out ulong value) ? (long)value : 0);
            return had;
        }, TestContext.Current.CancellationToken);
        var device = Task.Run(() =>
        {
            for (int i = 0; i < writes; i++)
                kernel.WriteByDevice(fd);
        }, TestContext.Current.CancellationToken);
        long merged = 0;
        while (!device.IsCompleted)
        {
            Bind();
            kernel.Unbind(30, fd);
        }
        await device;
        // On a busy machine the device may be through before the first bind; one write at least meets a kernel.
        Bind();
        kernel.WriteByDevice(fd);
        kernel.Unbind(30, fd);
        kernel.Do(k => k.EventFds.Write(fd, 1));
        while (kernel.IsReadable(fd))
            await Task.Yield();
        kernel.Stop();
        long read = await poller;
        // The poller may read what was pending at bind before the unbind drains it, and then it was had twice.
        long had = read + host.Kernel.Figures.InjectionsOf(30) + merged;
        Assert.True(had >= writes + 2, $"{writes + 2} were written, {had} were had");
        Assert.True(host.Kernel.Figures.Injections > 0);

        // What is pending at bind is injected once, and the unbind drains it: it was merged, not lost.
        void Bind() => merged += kernel.Do(k =>
        {
            long pending = (long)k.EventFds.CountOf(fd);
            k.Bind(30, fd, EventFd.None);
            return Math.Max(0, pending - 1);
        });
    }
}
