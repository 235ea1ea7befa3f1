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
/// <remarks>What the host cannot do is no failure: see <see cref="HostOffer.Judge"/>. Scenarios with a split kernel are
/// not run: their kernel is simulated only.</remarks>
public sealed class KvmScenarios : IDisposable
{
    private readonly HostOffer _offer;
    private readonly MailboxHost? _host;

    /// <summary>Takes the host as its probes found it.</summary>
    /// <param name="report">What they found; without KVM in it, every scenario lacks that.</param>
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

    /// <summary>Runs a scenario as it stands, and again under each of its historic designs.</summary>
    /// <inheritdoc cref="ScenarioRunner.Run" path="/param"/>
    public ScenarioResult Run(Scenario scenario, int seed = 0, Action<Event>? recorder = null)
    {
        if (_offer.Judge(scenario) is { } verdict)
            return verdict;
        try
        {
            return ScenarioRunner.Run(scenario, seed, recorder, new WorldOptions { Cpus = _host!.CreateCpus });
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
