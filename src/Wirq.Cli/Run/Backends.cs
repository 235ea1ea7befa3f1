using System.Runtime.Versioning;
using Wirq.Board.Mailbox;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Linux.Probes;

namespace Wirq.Cli.Run;

/// <summary>Where the guests of scenarios run.</summary>
internal interface IBackend : IDisposable
{
    /// <summary>Whether a scenario does the same each time that it is run with the same seed.</summary>
    bool Repeats { get; }

    /// <inheritdoc cref="ScenarioRunner.Run"/>
    /// <param name="watch">Follows the run without a design; null for nobody.</param>
    ScenarioResult Run(Scenario scenario, int seed, RunWatch? watch);
}

/// <summary>Simulated machines.</summary>
internal sealed class SimulatedBackend : IBackend
{
    public bool Repeats => true;

    public ScenarioResult Run(Scenario scenario, int seed, RunWatch? watch) => ScenarioRunner.Run(scenario, seed, watch is null ? null : watch.Observe, watch?.Options);

    public void Dispose() { }
}

/// <summary>The host's KVM; its probes run first, once.</summary>
[SupportedOSPlatform("linux")]
internal sealed class KvmBackend(Action<string, int, int>? asking) : IBackend
{
    private readonly KvmScenarios _scenarios = new(HostReport.Read(asking: asking));

    public bool Repeats => false;

    public ScenarioResult Run(Scenario scenario, int seed, RunWatch? watch) => _scenarios.Run(scenario, seed, watch is null ? null : watch.Observe, watch is null ? null : watch.Name);

    public void Dispose() => _scenarios.Dispose();
}

/// <summary>A host that has no KVM for sure.</summary>
internal sealed class NoBackend : IBackend
{
    public bool Repeats => true;

    public ScenarioResult Run(Scenario scenario, int seed, RunWatch? watch) =>
        ScenarioRunner.Lacking(scenario, $"KVM: {Host.KvmPlatform.WhyNot}");

    public void Dispose() { }
}
