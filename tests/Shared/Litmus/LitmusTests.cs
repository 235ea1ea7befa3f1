namespace Wirq.Tests.Shared.Litmus;

/// <summary>The litmus tests, for any kernel.</summary>
public abstract class LitmusTests
{
    [Fact]
    public void Under_fire_every_last_interrupt_arrives_or_is_refused_and_none_twice()
    {
        // Every path must be taken often, with any scheduling.
        var options = new LitmusOptions { LeastOfEach = 100 };
        LitmusResult result = Run(options);
        TestContext.Current.SendDiagnosticMessage(result.ToString());
        Assert.Null(result.Failure);
        Assert.True(result.Triggers >= options.Triggers, result.ToString());
        Assert.True(result.LeastOfEach >= options.LeastOfEach, result.ToString());
    }

    [Fact]
    public void So_it_is_where_bound_eventfds_stay_in_the_poll() =>
        Assert.Null(Run(new LitmusOptions { StaysInThePoll = true, Triggers = 20_000, Seed = 2 }).Failure);

    [Theory]
    [InlineData(LitmusFlaw.ReadsBeforeItAsks, true, "deliveries by userspace")]
    [InlineData(LitmusFlaw.EmptiesAtBind, false, "was lost")]
    // A route that was not committed leads to an old vector, or to the CPU of the previous owner of the GSI.
    [InlineData(LitmusFlaw.SkipsCommits, false, "virq")]
    public void A_broken_host_is_caught(LitmusFlaw flaw, bool staysInThePoll, string failure)
    {
        LitmusResult result = Run(new LitmusOptions
        {
            Flaw = flaw, StaysInThePoll = staysInThePoll, Patience = TimeSpan.FromSeconds(1),
            // A flaw is only detected when threads collide. The run ends at the first failure, and the scheduler
            // determines how long that takes.
            Triggers = new LitmusOptions().MostTriggers,
        });
        Assert.Contains(failure, result.Failure, StringComparison.Ordinal);
    }

    /// <summary>Creates the kernel, or skips with the reason.</summary>
    protected abstract ILitmusKernel Make(LitmusOptions options);

    private LitmusResult Run(LitmusOptions options)
    {
        using ILitmusKernel kernel = Make(options);
        // Before Linux 5.11 the polling thread sees what the kernel consumes.
        Assert.SkipUnless(kernel.Kernel.Limits.ConsumesFirst || !options.StaysInThePoll,
            "this kernel lets pollers see what it consumes");
        return RoutingLitmus.Run(kernel, options);
    }
}
