namespace Wirq.Linux.Tests.Updates;

/// <summary>Live updates with real threads and real eventfds.</summary>
public sealed class UpdateLitmusTests
{
    [Fact]
    public void Under_fire_updates_lose_nothing_and_repeat_nothing_and_the_wrong_orders_are_caught()
    {
        KvmHost.RequireLinux();
        // The detector first.
        Assert.Contains("triggers were lost", Run(new UpdateLitmusOptions
        {
            Flaw = UpdateFlaw.SavesBeforeItUnbinds, Triggers = 20_000, Updates = 20,
        }).Failure, StringComparison.Ordinal);
        Assert.Contains("came twice", Run(new UpdateLitmusOptions
        {
            Flaw = UpdateFlaw.SavesBeforeItStops, Triggers = 20_000, Updates = 20,
        }).Failure, StringComparison.Ordinal);

        var options = new UpdateLitmusOptions();
        UpdateLitmusResult result = Run(options);
        Assert.Null(result.Failure);
        Assert.Equal((options.Triggers, options.Updates), (result.Triggers, result.Updates + result.Failed));
        Assert.Equal(options.Updates / 4, result.Failed);
    }

    private static UpdateLitmusResult Run(UpdateLitmusOptions options)
    {
        UpdateLitmusResult result = UpdateLitmus.Run(options);
        TestContext.Current.SendDiagnosticMessage(result.ToString());
        return result;
    }
}
