using Wirq.Events;
using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Tests.Routing;

/// <summary>An invalidation affects the routes in its range, and older translations are not used after it.</summary>
public sealed class InvalidationTests
{
    [Fact]
    public void An_invalidation_of_one_entry_touches_one_of_many_and_commits_nothing()
    {
        var bench = new RouteBench(gsis: 64, batch: 64, virqs: 64);
        VirqHandle[] virqs = Hot(bench, 64);
        int commits = bench.Commits;
        bench.Log.Clear();
        Assert.Equal(1, bench.Cache.Invalidate(new(new(0, 17), new(0, 17))));
        bench.Drain();
        Assert.Equal([$"unbind 17 from {RouteBench.FirstGsi + 17}", "watch 17"], bench.Log);
        Assert.Equal(commits, bench.Commits);
        Assert.Equal(VirqState.Stale, bench.Cache.StateOf(virqs[17]));
        Assert.Equal(63, virqs.Count(virq => bench.Cache.StateOf(virq) == VirqState.Hot));
    }

    [Theory]
    [InlineData(8, 15, 8)]
    [InlineData(0, 0, 1)]
    [InlineData(63, 70, 1)]
    [InlineData(64, 100, 0)]
    public void A_range_touches_what_lies_in_it(int first, int last, int touched)
    {
        var bench = new RouteBench(gsis: 64, batch: 64, virqs: 64);
        VirqHandle[] virqs = Hot(bench, 64);
        Assert.Equal(touched, bench.Cache.Invalidate(new(new(0, first), new(0, last))));
        bench.Drain();
        for (int i = 0; i < 64; i++)
            Assert.Equal(i >= first && i <= last ? VirqState.Stale : VirqState.Hot, bench.Cache.StateOf(virqs[i]));
        bench.AssertConsistent();
    }

    [Fact]
    public void Another_units_entries_are_not_touched()
    {
        var bench = new RouteBench(gsis: 8, batch: 4);
        Hot(bench, 4);
        Assert.Equal(0, bench.Cache.Invalidate(CookieRange.AllOf(1)));
        Assert.Equal(4, bench.Cache.Invalidate(CookieRange.AllOf(0)));
        Assert.Equal(0, bench.Cache.Invalidate(CookieRange.AllOf(0)));
        Assert.Equal(0, bench.Cache.Invalidate(CookieRange.Empty));
    }

    [Fact]
    public void Several_virqs_of_one_entry_are_all_touched()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle first = bench.Virq(3), second = bench.Virq(3);
        bench.Signal(first);
        bench.Signal(second);
        Assert.Equal(2, bench.Cache.Invalidate(new(new(0, 3), new(0, 3))));
    }

    [Fact]
    public void A_translation_that_is_invalidated_before_it_is_injected_is_thrown_away()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bool done = false;
        bench.Before = e =>
        {
            if (e.Kind != EventKind.VirqInjected || done)
                return;
            done = true;
            bench.Entry(3, 0x53);
            bench.Cache.Invalidate(CookieRange.AllOf(0));
        };
        bench.Signal(virq);
        Assert.Equal([0x53], bench.Delivered);
        bench.AssertConsistent();
    }

    [Fact]
    public void An_invalidation_between_commit_and_bind_leaves_nothing_bound()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Before = e =>
        {
            if (e.Kind == EventKind.VirqBound)
                bench.Cache.Invalidate(CookieRange.AllOf(0));
        };
        bench.Signal(virq);
        bench.Before = null;
        Assert.Equal(VirqState.Stale, bench.Cache.StateOf(virq));
        bench.AssertConsistent();
        bench.Entry(3, 0x53);
        bench.Signal(virq);
        Assert.Equal([0x43, 0x53], bench.Delivered);
    }

    [Fact]
    public void A_masked_virq_is_invalidated_too_and_translates_anew_when_it_is_unmasked()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        bench.Signal(virq);
        bench.Mask(virq);
        Assert.Equal(1, bench.Cache.Invalidate(CookieRange.AllOf(0)));
        bench.Entry(3, 0x53);
        bench.Signal(virq);
        bench.Cache.Unmask(virq);
        bench.Poll();
        Assert.Equal([0x43, 0x53], bench.Delivered);
        bench.AssertConsistent();
    }

    private static VirqHandle[] Hot(RouteBench bench, int count)
    {
        VirqHandle[] virqs = [.. Enumerable.Range(0, count).Select(i =>
        {
            bench.Entry(i, (byte)(0x40 + i));
            return bench.Virq(i);
        })];
        foreach (VirqHandle virq in virqs)
            bench.Signal(virq);
        Assert.All(virqs, virq => Assert.Equal(VirqState.Hot, bench.Cache.StateOf(virq)));
        return virqs;
    }
}
