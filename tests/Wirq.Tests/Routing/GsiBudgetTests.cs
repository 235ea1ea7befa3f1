using Wirq.Routing;
using Wirq.State;

namespace Wirq.Tests.Routing;

/// <summary>The GSIs of a kernel, on their own.</summary>
public sealed class GsiBudgetTests
{
    private static readonly InterruptMessage s_one = InterruptMessage.Create(0x41, DeliveryMode.Fixed, 0),
        s_other = InterruptMessage.Create(0x42, DeliveryMode.Fixed, 0);

    private readonly GsiBudget _budget = new(new KernelLimits { Routes = 28, ReservedGsis = 24 }, new StateArena());

    [Fact]
    public void The_lowest_free_GSI_is_given_until_none_is_left()
    {
        Assert.Equal([24, 25, 26, 27, -1], Enumerable.Range(0, 5).Select(_budget.Take));
        _budget.Free(26);
        _budget.Free(25);
        Assert.Equal(2, _budget.Used);
        Assert.Equal(25, _budget.Take(9));
        Assert.Equal((9, -1), (_budget.OwnerOf(1), _budget.OwnerOf(2)));
    }

    [Fact]
    public void The_clock_spares_what_was_used_of_late_once_and_a_batch_always()
    {
        for (int virq = 10; virq < 14; virq++)
            _budget.Unpin(_budget.Take(virq));
        _budget.Pin(24);
        Assert.Equal(11, _budget.FindVictim());
        Assert.Equal(12, _budget.FindVictim());
        _budget.Unpin(27);
        Assert.Equal(11, _budget.FindVictim());
    }

    /// <summary>Once all GSIs are free, the position of the clock has no effect: two such budgets are one
    /// state.</summary>
    [Fact]
    public void The_clock_begins_anew_when_the_last_GSI_comes_back()
    {
        _budget.Take(1);
        _budget.FindVictim();
        _budget.Free(24);
        _budget.Take(2);
        _budget.Take(3);
        Assert.Equal(2, _budget.FindVictim());
    }

    [Fact]
    public void A_route_that_says_it_already_changes_nothing()
    {
        int gsi = _budget.Take(0);
        Assert.True(_budget.SetRoute(gsi, s_one));
        Assert.False(_budget.SetRoute(gsi, s_one));
        Assert.True(_budget.SetRoute(gsi, s_other));
        _budget.ForgetRoutes();
        Assert.Equal(0, _budget.Routes);
        Assert.True(_budget.SetRoute(gsi, s_other));
    }

    [Fact]
    public void A_route_outlives_its_virq_until_the_next_commit()
    {
        var routes = new KernelRoute[4];
        _budget.SetRoute(_budget.Take(0), s_one);
        _budget.SetRoute(_budget.Take(1), s_other);
        _budget.Free(24);
        Assert.Equal((2, 2), (_budget.Routes, _budget.Copy(routes)));
        _budget.Purge();
        Assert.Equal(1, _budget.Copy(routes));
        Assert.Equal(new KernelRoute(25, s_other), routes[0]);
    }

    [Fact]
    public void A_kernel_without_irqfds_has_none()
    {
        Assert.Equal(0, new GsiBudget(new KernelLimits { HasIrqfd = false }, new StateArena()).Count);
        Assert.Equal(0, new GsiBudget(null, new StateArena()).Count);
    }
}
