using Wirq.Routing;

namespace Wirq.Tests.Shared.Kernels;

// irqfds, and the other readers of an eventfd.
public abstract partial class KernelSemantics
{
    private const int Rounds = 100;

    [Fact]
    public void A_bound_eventfd_is_consumed_within_the_write()
    {
        using IKernelBench bench = Open(new BenchMachine { Since = (5, 11) });
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = Bound(bench);
        for (int i = 0; i < Rounds; i++)
        {
            bench.Write(fd, (ulong)i + 1);
            Assert.True(IsPending(bench), $"write {i} has injected nothing when it returned");
            bench.ClearRequests(0);
            Assert.Equal(0ul, bench.Read(fd));
        }
        bench.Settle();
        Assert.False(IsPending(bench));
    }

    [Fact]
    public void Whoever_polls_a_bound_eventfd_is_never_woken()
    {
        using IKernelBench bench = Open(new BenchMachine { Since = (5, 11) });
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = Bound(bench);
        bench.Watch(fd, 7);
        for (int i = 0; i < Rounds; i++)
        {
            bench.Write(fd);
            Assert.Equal(-1, bench.TakeReadable());
        }
        Assert.True(bench.Limits.ConsumesFirst);
    }

    [Fact]
    public void Before_5_11_a_bound_eventfd_keeps_its_count_and_wakes_who_polls_it()
    {
        using IKernelBench bench = Open(new BenchMachine { Before = (5, 11) });
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = Bound(bench);
        bench.Watch(fd, 7);
        bench.Write(fd);
        bench.Write(fd);
        Assert.True(Came(bench));
        Assert.Equal(7, bench.TakeReadable());
        Assert.Equal(2ul, bench.Read(fd));
        Assert.False(bench.Limits.ConsumesFirst);
    }

    [Fact]
    public void A_semaphore_eventfd_gives_up_one_and_keeps_the_rest()
    {
        using IKernelBench bench = Open(new BenchMachine { Since = (5, 11) });
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = bench.CreateEventFd(semaphore: true);
        bench.Bind(Gsi, fd, EventFd.None);
        bench.Write(fd, 3);
        Assert.True(Came(bench));
        Assert.True(bench.IsReadable(fd));
        Assert.Equal(1ul, bench.Read(fd));
        Assert.Equal(1ul, bench.Read(fd));
        Assert.Equal(0ul, bench.Read(fd));
    }

    [Fact]
    public void The_rest_of_a_semaphore_eventfd_wakes_nobody_while_it_is_bound()
    {
        using IKernelBench bench = Open(new BenchMachine { Since = (5, 11) });
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = bench.CreateEventFd(semaphore: true);
        bench.Watch(fd, 4);
        bench.Bind(Gsi, fd, EventFd.None);
        bench.Write(fd, 3);
        Assert.True(bench.IsReadable(fd));
        Assert.Equal(-1, bench.TakeReadable());
        bench.Unbind(Gsi, fd);
        bench.Write(fd);
        Assert.Equal(4, bench.TakeReadable());
    }

    [Fact]
    public void An_unbind_drains_the_eventfd()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = bench.CreateEventFd();
        for (int i = 0; i < Rounds; i++)
        {
            bench.Write(fd);
            bench.Bind(Gsi, fd, EventFd.None);
            bench.Unbind(Gsi, fd);
            Assert.Equal(0ul, bench.Read(fd));
        }
    }

    [Fact]
    public void An_unbind_returns_after_what_was_pending_has_been_injected()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = bench.CreateEventFd();
        for (int i = 0; i < Rounds; i++)
        {
            bench.Write(fd);
            bench.Bind(Gsi, fd, EventFd.None);
            bench.Unbind(Gsi, fd);
            Assert.True(IsPending(bench), $"unbind {i} has lost what was pending");
            bench.ClearRequests(0);
        }
        Assert.False(Came(bench));
    }

    [Fact]
    public void What_is_written_after_an_unbind_stays_and_wakes_the_poll_until_it_is_read()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = Bound(bench);
        bench.Watch(fd, 9);
        bench.Unbind(Gsi, fd);
        Assert.Equal(-1, bench.TakeReadable());
        bench.Write(fd);
        Assert.False(Came(bench));
        Assert.Equal(9, bench.TakeReadable());
        Assert.Equal(9, bench.TakeReadable());
        Assert.Equal(1ul, bench.Read(fd));
        Assert.Equal(-1, bench.TakeReadable());
    }

    [Fact]
    public void A_bind_with_a_pending_count_injects_once()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = bench.CreateEventFd();
        bench.Write(fd, 5);
        bench.Bind(Gsi, fd, EventFd.None);
        Assert.True(Came(bench));
        Assert.False(Came(bench));
    }

    [Fact]
    public void A_bind_with_a_pending_count_leaves_the_injection_to_the_work_queue()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.HeldWork);
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = bench.CreateEventFd();
        bench.Write(fd);
        bench.Bind(Gsi, fd, EventFd.None);
        Assert.False(IsPending(bench));
        Assert.True(Came(bench));
    }

    [Fact]
    public void A_count_that_was_pending_at_bind_stays_readable_and_reading_it_duplicates()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = bench.CreateEventFd();
        bench.Watch(fd, 3);
        bench.Write(fd);
        bench.Bind(Gsi, fd, EventFd.None);
        Assert.True(Came(bench));
        Assert.Equal(3, bench.TakeReadable());
        Assert.Equal(1ul, bench.Read(fd));
    }

    [Fact]
    public void A_count_that_was_pending_at_bind_goes_with_the_next_write()
    {
        using IKernelBench bench = Open(new BenchMachine { Since = (5, 11) });
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = bench.CreateEventFd();
        bench.Write(fd, 4);
        bench.Bind(Gsi, fd, EventFd.None);
        Assert.True(Came(bench));
        bench.Write(fd);
        Assert.True(Came(bench));
        Assert.Equal(0ul, bench.Read(fd));
    }

    [Fact]
    public void A_mask_is_an_unbind_and_an_unmask_a_bind_that_finds_what_came_meanwhile()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = Bound(bench);
        for (int i = 0; i < Rounds; i++)
        {
            bench.Unbind(Gsi, fd);
            bench.Write(fd);
            Assert.False(IsPending(bench));
            bench.Bind(Gsi, fd, EventFd.None);
            Assert.True(Came(bench));
            Assert.False(Came(bench));
        }
    }

    [Fact]
    public void An_eventfd_is_bound_once_by_any_descriptor_and_to_any_GSI()
    {
        using IKernelBench bench = OpenSplit();
        EventFd fd = Bound(bench);
        EventFd copy = bench.Duplicate(fd);
        AssertErrno(Ebusy, () => bench.Bind(Gsi, fd, EventFd.None));
        AssertErrno(Ebusy, () => bench.Bind(Gsi + 1, fd, EventFd.None));
        AssertErrno(Ebusy, () => bench.Bind(Gsi + 1, copy, EventFd.None));
        bench.Unbind(Gsi, copy);
        bench.Bind(Gsi + 1, fd, EventFd.None);
    }

    [Fact]
    public void Since_6_17_an_eventfd_is_bound_once_among_all_machines()
    {
        using IKernelBench bench = Open(new BenchMachine { Since = (6, 17) });
        using IKernelBench another = bench.OpenAnother(new BenchMachine { Since = (6, 17) });
        EventFd fd = Bound(bench);
        AssertErrno(Ebusy, () => another.Bind(Gsi, fd, EventFd.None));
        bench.Unbind(Gsi, fd);
        another.Bind(Gsi, fd, EventFd.None);
    }

    [Fact]
    public void Before_6_17_the_machine_that_bound_an_eventfd_first_gets_all_of_it()
    {
        var machine = new BenchMachine { Since = (5, 11), Before = (6, 17) };
        using IKernelBench bench = Open(machine);
        using IKernelBench another = bench.OpenAnother(machine);
        another.WriteApic(0, ApicRegister.SpuriousVector, 0x1FF);
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        another.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = Bound(bench);
        another.Bind(Gsi, fd, EventFd.None);
        bench.Write(fd);
        Assert.True(Came(bench));
        Assert.False(Came(another));
        bench.Unbind(Gsi, fd);
        bench.Write(fd);
        Assert.False(Came(bench));
        Assert.True(Came(another));
    }

    [Fact]
    public void Before_5_11_every_machine_that_bound_an_eventfd_gets_all_of_it()
    {
        var machine = new BenchMachine { Before = (5, 11) };
        using IKernelBench bench = Open(machine);
        using IKernelBench another = bench.OpenAnother(machine);
        another.WriteApic(0, ApicRegister.SpuriousVector, 0x1FF);
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        another.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = Bound(bench);
        another.Bind(Gsi, fd, EventFd.None);
        bench.Write(fd);
        Assert.True(Came(bench));
        Assert.True(Came(another));
    }

    [Fact]
    public void An_unbind_of_another_GSI_or_of_nothing_succeeds_and_does_nothing()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = Bound(bench), free = bench.CreateEventFd();
        bench.Unbind(Gsi + 1, fd);
        bench.Unbind(Gsi, free);
        bench.Unbind(-5, free);
        bench.Write(fd);
        Assert.True(Came(bench));
    }

    [Fact]
    public void A_signal_of_a_GSI_without_a_route_is_consumed_and_lost()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit();
        EventFd fd = Bound(bench);
        bench.Write(fd);
        bench.Settle();
        AssertConsumed(bench, fd);
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        Assert.False(Came(bench));
        bench.Unbind(Gsi, fd);
        Assert.False(Came(bench));
        Assert.Equal(0ul, bench.Read(fd));
    }

    [Fact]
    public void A_signal_without_a_route_waits_in_the_work_queue_and_a_route_in_time_saves_it()
    {
        using IKernelBench bench = OpenSplit(BenchNeeds.HeldWork);
        bench.Commit();
        EventFd fd = Bound(bench);
        bench.Write(fd);
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        Assert.True(Came(bench));
    }

    [Fact]
    public void A_route_that_is_replaced_by_another_loses_nothing()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        EventFd fd = Bound(bench);
        for (int i = 0; i < Rounds; i++)
        {
            byte vector = (byte)(0x40 + i);
            bench.Commit(BenchRoute.To(Gsi, Edge(vector)));
            bench.Write(fd);
            Assert.True(Came(bench, vector));
        }
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(1 << 30)]
    public void A_bind_to_a_GSI_beyond_the_table_is_accepted_and_never_fires(int gsi)
    {
        using IKernelBench bench = OpenSplit();
        EventFd fd = Bound(bench, gsi);
        bench.Write(fd);
        bench.Settle();
        AssertConsumed(bench, fd);
        bench.Unbind(gsi, fd);
    }

    [Fact]
    public void A_resample_eventfd_is_refused_in_split_mode()
    {
        using IKernelBench bench = OpenSplit();
        EventFd fd = bench.CreateEventFd(), resample = bench.CreateEventFd();
        AssertErrno(Einval, () => bench.Bind(Reserved, fd, resample));
        bench.Bind(Reserved, fd, EventFd.None);
    }

    [Fact]
    public void A_closed_eventfd_lets_go_of_its_GSI_and_another_takes_it()
    {
        using IKernelBench bench = OpenSplit();
        bench.Commit(BenchRoute.To(Gsi, Edge()));
        bench.Close(Bound(bench));
        EventFd fd = Bound(bench);
        bench.Write(fd);
        Assert.True(Came(bench));
    }

    [Fact]
    public void A_descriptor_that_is_not_open_is_EBADF()
    {
        using IKernelBench bench = OpenSplit();
        EventFd closed = bench.CreateEventFd();
        bench.Close(closed);
        AssertErrno(Ebadf, () => bench.Bind(Gsi, closed, EventFd.None));
        AssertErrno(Ebadf, () => bench.Unbind(Gsi, closed));
        AssertErrno(Ebadf, () => bench.Write(closed));
        AssertErrno(Ebadf, () => bench.Read(closed));
    }

    [Fact]
    public void A_poll_takes_an_eventfd_once_and_leaves_it_once()
    {
        using IKernelBench bench = OpenSplit();
        EventFd fd = bench.CreateEventFd();
        bench.Watch(fd, 1);
        AssertErrno(Eexist, () => bench.Watch(fd, 2));
        bench.Unwatch(fd);
        AssertErrno(Enoent, () => bench.Unwatch(fd));
        bench.Write(fd);
        Assert.Equal(-1, bench.TakeReadable());
        bench.Watch(fd, 2);
        Assert.Equal(2, bench.TakeReadable());
    }
}
