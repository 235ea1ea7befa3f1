using System.Runtime.Versioning;
using Wirq.Board.Mailbox;
using Wirq.Events;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Linux.Probes;

namespace Wirq.Cli.Run;

/// <summary>Where the guests of scenarios run.</summary>
internal interface IBackend : IDisposable
{
    /// <inheritdoc cref="ScenarioRunner.Run"/>
    ScenarioResult Run(Scenario scenario, int seed, Action<Event>? recorder);
}

/// <summary>Simulated machines.</summary>
internal sealed class SimulatedBackend : IBackend
{
    public ScenarioResult Run(Scenario scenario, int seed, Action<Event>? recorder) => ScenarioRunner.Run(scenario, seed, recorder);

    public void Dispose() { }
}

/// <summary>The host's KVM; its probes run first, once.</summary>
[SupportedOSPlatform("linux")]
internal sealed class KvmBackend(Action<string, int, int>? asking) : IBackend
{
    private readonly KvmScenarios _scenarios = new(HostReport.Read(asking: asking));

    public ScenarioResult Run(Scenario scenario, int seed, Action<Event>? recorder) => _scenarios.Run(scenario, seed, recorder);

    public void Dispose() => _scenarios.Dispose();
}

/// <summary>A host that has no KVM for sure.</summary>
internal sealed class NoBackend : IBackend
{
    public ScenarioResult Run(Scenario scenario, int seed, Action<Event>? recorder) =>
        ScenarioRunner.Lacking(scenario, $"KVM: {Host.KvmPlatform.WhyNot}");

    public void Dispose() { }
}
