using Wirq.Events;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Routing;

namespace Wirq.Board.Mailbox;

/// <summary>Runs scenarios with real guests on KVM, in delivery configuration `user`, as
/// <see cref="ScenarioRunner"/> runs them with simulated ones.</summary>
/// <remarks>A scenario that the host cannot run is not a failure: see <see cref="HostOffer.Judge"/>. Scenarios with a
/// split kernel are not run, because that kernel is only simulated.</remarks>
public sealed class KvmScenarios : IDisposable
{
    private readonly HostOffer _offer;
    private readonly MailboxHost? _host;

    /// <summary>Prepares the host that a report describes.</summary>
    /// <param name="report">The report. If it has no KVM, every scenario lacks it.</param>
    public KvmScenarios(HostReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        _offer = HostOffer.Of(report);
        if (_offer.Absent is not null)
            return;
        try
        {
            _host = new MailboxHost(KvmSystem.Open(), report.Workarounds);
        }
        catch (KernelException gone)
        {
            _offer = _offer with { Absent = gone.Message };
        }
    }

    /// <summary>Runs a scenario unchanged, and again under each of its historic designs.</summary>
    /// <inheritdoc cref="ScenarioRunner.Run" path="/param"/>
    public ScenarioResult Run(Scenario scenario, int seed = 0, Action<Event>? recorder = null) => Run(scenario, seed, recorder, named: null);

    /// <summary>The same, with the labels of sources (<see cref="WorldOptions.Named"/>).</summary>
    internal ScenarioResult Run(Scenario scenario, int seed, Action<Event>? recorder, Action<int, string>? named)
    {
        if (_offer.Judge(scenario) is { } verdict)
            return verdict;
        try
        {
            return ScenarioRunner.Run(scenario, seed, recorder, new WorldOptions { Cpus = _host!.CreateCpus, Named = named });
        }
        catch (HostLacksException lacks)
        {
            return ScenarioRunner.Lacking(scenario, lacks.What);
        }
        catch (Exception stuck) when (stuck is WorldException or KernelException)
        {
            return ScenarioRunner.NotStarted(scenario, stuck.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _host?.Dispose();
}
