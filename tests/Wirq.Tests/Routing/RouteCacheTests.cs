using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Tests.Routing;

/// <summary>Where interrupts are served, and the cost.</summary>
public sealed class RouteCacheTests
{
    [Fact]
    public void The_first_interrupt_is_read_translated_and_injected_and_then_gets_its_route()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        Assert.Equal(["inject 0x43", "unwatch 0", "commit 1", $"bind 0 to {RouteBench.FirstGsi}"], bench.Log);
        Assert.Equal(VirqState.Hot, bench.Cache.StateOf(virq));
        Assert.Equal([0x43], bench.Delivered);
        bench.AssertConsistent();
    }

    [Fact]
    public void A_hot_virq_never_enters_userspace()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        (int reads, int translations) = (bench.Reads, bench.Translations);
        for (int i = 0; i < 100; i++)
            bench.Signal(virq);
        Assert.Equal(101, bench.Delivered.Count);
        Assert.Equal((reads, translations), (bench.Reads, bench.Translations));
        Assert.Equal(1, bench.Commits);
    }

    [Fact]
    public void An_event_that_was_fetched_before_a_promotion_is_not_read_after_it()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        int reads = bench.Reads;
        bench.Cache.Readable(virq.Slot);
        bench.Drain();
        Assert.Equal(reads, bench.Reads);
    }

    /// <summary>A poll that is not edge-triggered reports an eventfd until it is read, and the read may wait long: the
    /// queue must not grow with each report.</summary>
    [Fact]
    public void However_often_a_poll_reports_an_eventfd_one_read_waits()
    {
        var bench = new RouteBench(kernel: false);
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        for (int report = 0; report < 1000; report++)
            bench.Cache.Readable(virq.Slot);
        Assert.Equal(1, bench.Events.Count);
        // What is written from the beginning of that read on needs another one.
        bench.Signal(virq);
        bench.Signal(virq);
        Assert.Equal([0x43, 0x43], bench.Delivered);
        // A read of the former eventfd, or of a former owner, is none of the current one.
        bench.Cache.Readable(virq.Slot);
        bench.Cache.Attach(virq, new EventFd(7));
        int waiting = bench.Events.Count;
        bench.Cache.Readable(virq.Slot);
        Assert.Equal(waiting + 1, bench.Events.Count);
        bench.Drain();
        bench.Cache.Readable(virq.Slot);
        bench.Cache.Dispose(virq);
        VirqHandle next = bench.Cache.Register("next", 3, prefault: false);
        Assert.Equal(virq.Slot, next.Slot);
        bench.Cache.Attach(next, new EventFd(8));
        waiting = bench.Events.Count;
        bench.Cache.Readable(next.Slot);
        Assert.Equal(waiting + 1, bench.Events.Count);
        bench.Drain();
        bench.Cache.Readable(next.Slot);
        Assert.Equal(1, bench.Events.Count);
    }

    [Fact]
    public void A_read_that_was_queued_before_a_promotion_leaves_the_count_to_the_kernel()
    {
        var bench = new RouteBench(batch: 2, delay: 1000);
        bench.Entry(3, 0x43);
        bench.Entry(4, 0x44);
        VirqHandle first = bench.Virq(3), second = bench.Virq(4);
        bench.Signal(first);
        int reads = bench.Reads;
        // Before the queued read is carried out, another thread triggers the virq that completes the batch.
        bench.Before = e =>
        {
            if (e.Kind == EventKind.VirqRead)
                bench.Cache.Trigger(second);
        };
        bench.Signal(first);
        Assert.Equal(reads, bench.Reads);
        Assert.Equal(VirqState.Hot, bench.Cache.StateOf(first));
        Assert.Equal([0x43, 0x44, 0x43], bench.Delivered);
        bench.AssertConsistent();
    }

    [Fact]
    public void Mask_keeps_the_route_and_unmask_lets_the_kernel_deliver_what_is_pending_once()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        bench.Log.Clear();
        bench.Mask(virq);
        for (int i = 0; i < 3; i++)
            bench.Signal(virq);
        Assert.True(bench.IsPending(virq));
        Assert.Single(bench.Delivered);
        bench.Cache.Unmask(virq);
        bench.Drain();
        Assert.Equal([$"unbind 0 from {RouteBench.FirstGsi}", $"bind 0 to {RouteBench.FirstGsi}"], bench.Log);
        Assert.Equal([0x43, 0x43], bench.Delivered);
        Assert.Equal(1, bench.Translations);
    }

    [Fact]
    public void A_cold_virq_that_is_masked_keeps_what_comes_and_delivers_it_once()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Mask(virq);
        bench.Signal(virq);
        bench.Cache.Trigger(virq);
        bench.Poll();
        Assert.Empty(bench.Delivered);
        bench.Cache.Unmask(virq);
        bench.Poll();
        Assert.Equal([0x43], bench.Delivered);
    }

    [Fact]
    public void Without_an_eventfd_what_comes_while_masked_is_latched_and_delivered_once()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3, eventFd: false);
        bench.Mask(virq);
        bench.Cache.Trigger(virq);
        bench.Cache.Trigger(virq);
        Assert.True(bench.IsPending(virq));
        bench.Cache.Unmask(virq);
        bench.Drain();
        Assert.Equal([0x43], bench.Delivered);
        Assert.False(bench.IsPending(virq));
        Assert.Equal(VirqState.Warm, bench.Cache.StateOf(virq));
    }

    [Fact]
    public void A_changed_message_unbinds_and_the_next_interrupt_uses_the_new_one()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        bench.Entry(4, 0x44);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        bench.Log.Clear();
        bench.Cache.SetMessage(virq, RouteBench.MessageOf(4));
        bench.Drain();
        Assert.Equal([$"unbind 0 from {RouteBench.FirstGsi}", "watch 0"], bench.Log);
        Assert.Equal(VirqState.Stale, bench.Cache.StateOf(virq));
        bench.Signal(virq);
        Assert.Equal([0x43, 0x44], bench.Delivered);
        Assert.Equal(VirqState.Hot, bench.Cache.StateOf(virq));
        bench.AssertConsistent();
    }

    [Fact]
    public void The_same_message_again_changes_nothing()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        bench.Log.Clear();
        bench.Cache.SetMessage(virq, RouteBench.MessageOf(3));
        bench.Drain();
        Assert.Empty(bench.Log);
    }

    [Fact]
    public void An_untranslatable_message_faults_each_time_it_fires_and_only_then()
    {
        var bench = new RouteBench();
        VirqHandle virq = bench.Virq(3, prefault: true);
        Assert.Equal(0, bench.Faults);
        Assert.Equal(VirqState.Cold, bench.Cache.StateOf(virq));
        bench.Signal(virq);
        bench.Signal(virq);
        Assert.Equal(2, bench.Faults);
        Assert.Equal(VirqState.Faulted, bench.Cache.StateOf(virq));
        Assert.Empty(bench.Delivered);
        bench.Entry(3, 0x43);
        bench.Signal(virq);
        Assert.Equal([0x43], bench.Delivered);
        Assert.Equal(VirqState.Hot, bench.Cache.StateOf(virq));
    }

    [Fact]
    public void A_prefaulted_virq_is_hot_before_it_fires_and_nobody_knows_whether_it_has()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3, prefault: true);
        Assert.Equal(VirqState.Hot, bench.Cache.StateOf(virq));
        Assert.Null(bench.Cache.HasFired(virq));
        VirqHandle other = bench.Virq(4);
        Assert.False(bench.Cache.HasFired(other));
        bench.Entry(4, 0x44);
        bench.Signal(other);
        Assert.True(bench.Cache.HasFired(other));
    }

    [Fact]
    public void Those_that_wait_are_promoted_with_one_commit()
    {
        var bench = new RouteBench(gsis: 32, batch: 8, delay: 1000);
        VirqHandle[] virqs = [.. Enumerable.Range(0, 8).Select(i =>
        {
            bench.Entry(i, (byte)(0x40 + i));
            return bench.Virq(i);
        })];
        foreach (VirqHandle virq in virqs)
            bench.Signal(virq);
        Assert.Equal(1, bench.Commits);
        Assert.All(virqs, virq => Assert.Equal(VirqState.Hot, bench.Cache.StateOf(virq)));
        Assert.Equal(8, bench.Delivered.Count);
        int commit = bench.Log.IndexOf("commit 8");
        Assert.Equal(8, bench.Log[..commit].Count(line => line.StartsWith("unwatch", StringComparison.Ordinal)));
        Assert.Equal(8, bench.Log[commit..].Count(line => line.StartsWith("bind", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_virq_does_not_wait_longer_than_the_delay()
    {
        var bench = new RouteBench(batch: 8, delay: 1000);
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        Assert.Equal(VirqState.Waiting, bench.Cache.StateOf(virq));
        Assert.Equal(1000, bench.Cache.NextDeadline);
        bench.Signal(virq);
        Assert.Equal(2, bench.Delivered.Count);
        bench.Events.Now = 1000;
        bench.Cache.Advance();
        bench.Drain();
        Assert.Equal(VirqState.Hot, bench.Cache.StateOf(virq));
        Assert.Equal(long.MaxValue, bench.Cache.NextDeadline);
    }

    [Fact]
    public void A_route_that_is_in_the_table_already_is_not_committed_again()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        Assert.Equal(1, bench.Cache.Invalidate(new(new(0, 3), new(0, 3))));
        bench.Drain();
        bench.Signal(virq);
        Assert.Equal(2, bench.Translations);
        Assert.Equal(1, bench.Commits);
        Assert.Equal(VirqState.Hot, bench.Cache.StateOf(virq));
    }

    [Fact]
    public void Where_no_kernel_serves_eventfds_userspace_does()
    {
        var bench = new RouteBench(kernel: false);
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        bench.Signal(virq);
        Assert.Equal([0x43, 0x43], bench.Delivered);
        Assert.Equal(1, bench.Translations);
        Assert.Equal(VirqState.Warm, bench.Cache.StateOf(virq));
        Assert.Equal(0, bench.Commits);
    }

    [Fact]
    public void Where_the_kernel_consumes_first_userspace_stays_in_the_poll()
    {
        var bench = new RouteBench(consumesFirst: true);
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        Assert.Equal(["inject 0x43", "commit 1", $"bind 0 to {RouteBench.FirstGsi}"], bench.Log);
        bench.Log.Clear();
        bench.Mask(virq);
        bench.Cache.Unmask(virq);
        bench.Drain();
        Assert.Equal([$"unbind 0 from {RouteBench.FirstGsi}", "unwatch 0", "watch 0", $"bind 0 to {RouteBench.FirstGsi}"], bench.Log);
        bench.AssertConsistent();
    }

    [Fact]
    public void Who_stayed_in_the_poll_is_polled_anew_when_userspace_reads_again()
    {
        // A poll that reports each write once has reported this one while the kernel was getting the virq, and it was
        // ignored.
        var bench = new RouteBench(consumesFirst: true);
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        bench.Log.Clear();
        bench.Cache.SetMessage(virq, new Msi(0x1000, 0xABCD));
        bench.Drain();
        Assert.Equal([$"unbind 0 from {RouteBench.FirstGsi}", "unwatch 0", "watch 0"], bench.Log);
        bench.AssertConsistent();
    }

    [Fact]
    public void A_message_outside_the_window_writes_memory_and_is_never_routed()
    {
        var bench = new RouteBench();
        VirqHandle virq = bench.Virq(3);
        bench.Cache.SetMessage(virq, new Msi(0x1000, 0xABCD));
        bench.Signal(virq);
        Assert.Equal(["write 0xabcd to 0x1000"], bench.Log);
        Assert.Equal(0, bench.Translations);
        Assert.Equal(VirqState.Cold, bench.Cache.StateOf(virq));
    }

    [Fact]
    public void A_virq_without_a_message_delivers_nothing()
    {
        var bench = new RouteBench();
        VirqHandle virq = bench.Cache.Register("blank", 0);
        bench.Cache.Trigger(virq);
        bench.Drain();
        Assert.Empty(bench.Delivered);
        Assert.Equal(0, bench.Translations);
    }

    [Fact]
    public void A_disposed_virq_gives_everything_back_and_its_handle_is_dead()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        bench.Log.Clear();
        bench.Cache.Dispose(virq);
        bench.Drain();
        Assert.Equal([$"unbind 0 from {RouteBench.FirstGsi}"], bench.Log);
        Assert.Equal(0, bench.Cache.Used);
        bench.Cache.Trigger(virq);
        bench.Mask(virq);
        bench.Cache.Dispose(virq);
        bench.Drain();
        VirqHandle next = bench.Virq(3);
        Assert.Equal(virq.Slot, next.Slot);
        Assert.NotEqual(virq, next);
        Assert.Single(bench.Delivered);
    }

    [Fact]
    public void Each_virq_says_what_it_has_and_why()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        bench.Signal(bench.Virq(3));
        VirqHandle masked = bench.Virq(4);
        bench.Mask(masked);
        VirqReport[] reports = [.. bench.Cache.Explain()];
        Assert.Equal($"virq 0 (device 3): Hot, GSI {RouteBench.FirstGsi}: the kernel serves it", reports[0].ToString());
        Assert.Equal("virq 1 (device 4): Masked, no GSI: it is masked", reports[1].ToString());
    }

    [Fact]
    public void A_binding_that_waits_for_its_turn_is_not_the_next_owners()
    {
        var bench = new RouteBench(gsis: 1);
        bench.Entry(3, 0x43);
        bench.Entry(4, 0x44);
        VirqHandle first = bench.Virq(3);
        EventFd fd = bench.Cache.TriggerOf(first);
        bool? may = null;
        bench.Before = e =>
        {
            if (e.Kind != EventKind.VirqBound || may is not null)
                return;
            // Its virq goes, and one of the same slot, GSI and eventfd becomes hot, whose route is not committed yet.
            bench.Cache.Dispose(first);
            VirqHandle next = bench.Cache.Register("next", 4, prefault: true);
            bench.Cache.Attach(next, fd);
            bench.Cache.SetMessage(next, RouteBench.MessageOf(4));
            Assert.Equal((first.Slot, (int)e.Index, VirqState.Hot), (next.Slot, bench.Cache.GsiOf(next), bench.Cache.StateOf(next)));
            may = bench.Cache.MayBind(e);
        };
        bench.Signal(first);
        Assert.False(may);
        bench.AssertConsistent();
    }
}
