using Wirq.Board.Tests.Machine;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Updates;

/// <summary>Live updates with a guest that runs on KVM.</summary>
public sealed class GuestUpdateTests
{
    // Other tests of KVM have a minute too.
    private static readonly TimeSpan s_limit = IsLong ? TimeSpan.FromMinutes(60) : TimeSpan.FromSeconds(50);

    private static bool IsLong => Environment.GetEnvironmentVariable("WIRQ_LONG") is "1";

    [Theory]
    [InlineData(DeliveryConfiguration.User)]
    [InlineData(DeliveryConfiguration.Split)]
    public void Updates_lose_nothing_and_repeat_nothing(DeliveryConfiguration configuration) => Run(system =>
    {
        (long interrupts, int updates) = (Interrupts(800), IsLong ? 115 : 8);
        using var machine = new GuestUpdates(system, configuration, HasLine(configuration));
        string? wrong = machine.Run(interrupts, updates, s_limit);
        TestContext.Current.SendDiagnosticMessage($"{configuration}: {machine}; {wrong ?? "nothing wrong"}");
        Assert.Null(wrong);
        Assert.Equal(updates, machine.Updates + machine.Failed);
        Assert.Equal(updates / 8, machine.Failed);
    });

    [Theory]
    [InlineData(DeliveryConfiguration.User)]
    [InlineData(DeliveryConfiguration.Split)]
    public void So_it_is_from_process_to_process(DeliveryConfiguration configuration) => Run(system =>
    {
        int updates = IsLong ? 100 : 2;
        using var machine = new GuestUpdates(system, configuration, HasLine(configuration));
        string? wrong = machine.RunInProcesses(Interrupts(300), updates, s_limit);
        TestContext.Current.SendDiagnosticMessage($"{configuration}, processes: {machine}; {wrong ?? "nothing wrong"}");
        Assert.Null(wrong);
        Assert.Equal(updates, machine.Updates);
    });

    [Theory]
    [InlineData(DeliveryConfiguration.User)]
    [InlineData(DeliveryConfiguration.Split)]
    public void A_save_before_the_unbind_loses_an_interrupt_and_that_is_noticed(DeliveryConfiguration configuration) => KvmHost.Run(system =>
    {
        using var machine = new GuestUpdates(system, configuration, hasLine: false);
        Assert.Contains("not served: 0", machine.RunWrongly(), StringComparison.Ordinal);
    });

    /// <summary>Where KVM ends interrupts as it injects them, a level line cannot be held to anything.</summary>
    private static bool HasLine(DeliveryConfiguration configuration) =>
        configuration == DeliveryConfiguration.User || PcRun.IsFaithful("isr-until-eoi") && PcRun.IsFaithful("eoi-exit");

    private static long Interrupts(long inTheSuite) => !IsLong ? inTheSuite
        : long.TryParse(Environment.GetEnvironmentVariable("WIRQ_INTERRUPTS"), out long given) ? given : 1_000_000;

    /// <summary>Bounds a run by itself where it takes longer than other tests.</summary>
    private static void Run(Action<KvmSystem> test)
    {
        if (!IsLong)
        {
            KvmHost.Run(test);
            return;
        }
        using KvmSystem system = KvmHost.Require();
        test(system);
    }
}
