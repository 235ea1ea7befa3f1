using Wirq.Routing;

namespace Wirq.Tests.Routing;

/// <summary>There are few GSIs, but no virq is refused because of that.</summary>
public sealed class BudgetTests
{
    [Fact]
    public void A_virq_that_never_fires_has_no_gsi()
    {
        var bench = new RouteBench();
        bench.Entry(3, 0x43);
        VirqHandle virq = bench.Virq(3);
        Assert.Equal(-1, bench.Cache.GsiOf(virq));
        Assert.Equal(0, bench.Cache.Used);
    }

    [Fact]
    public void When_all_gsis_are_used_up_one_is_taken_back_and_its_virq_is_served_all_the_same()
    {
        var bench = new RouteBench(gsis: 4);
        VirqHandle[] virqs = Virqs(bench, 5);
        foreach (VirqHandle virq in virqs)
            bench.Signal(virq);
        Assert.Equal(4, bench.Cache.Used);
        VirqHandle victim = virqs.Single(virq => bench.Cache.StateOf(virq) == VirqState.Warm);
        int before = bench.Delivered.Count;
        bench.Signal(victim);
        Assert.Equal(before + 1, bench.Delivered.Count);
        Assert.Equal(VirqState.Hot, bench.Cache.StateOf(victim));
        bench.AssertConsistent();
    }

    [Fact]
    public void A_victim_keeps_its_translation()
    {
        var bench = new RouteBench(gsis: 1);
        VirqHandle[] virqs = Virqs(bench, 2);
        bench.Signal(virqs[0]);
        bench.Signal(virqs[1]);
        Assert.Equal(2, bench.Translations);
        bench.Signal(virqs[0]);
        Assert.Equal(2, bench.Translations);
        Assert.Equal([0x40, 0x41, 0x40], bench.Delivered);
    }

    [Fact]
    public void A_batch_larger_than_the_budget_is_served_in_turns()
    {
        var bench = new RouteBench(gsis: 3, batch: 8, delay: 10);
        VirqHandle[] virqs = Virqs(bench, 8);
        foreach (VirqHandle virq in virqs)
            bench.Signal(virq);
        Assert.Equal(8, bench.Delivered.Count);
        Assert.Equal(3, virqs.Count(virq => bench.Cache.StateOf(virq) == VirqState.Hot));
        bench.AssertConsistent();
        for (int i = 1; i <= 4; i++)
        {
            bench.Events.Now = i * 10;
            bench.Cache.Advance();
            bench.Drain();
            bench.AssertConsistent();
        }
        Assert.Equal(0, bench.Cache.Waiting);
    }

    [Fact]
    public void A_gsi_that_was_given_back_is_used_again_only_after_a_commit()
    {
        var bench = new RouteBench(gsis: 1);
        VirqHandle[] virqs = Virqs(bench, 2);
        bench.Signal(virqs[0]);
        bench.Log.Clear();
        bench.Signal(virqs[1]);
        Assert.Equal(["inject 0x41", "unwatch 1", $"unbind 0 from {RouteBench.FirstGsi}", "watch 0", "commit 1",
            $"bind 1 to {RouteBench.FirstGsi}"], bench.Log);
    }

    private static VirqHandle[] Virqs(RouteBench bench, int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        bench.Entry(i, (byte)(0x40 + i));
        return bench.Virq(i);
    })];
}
