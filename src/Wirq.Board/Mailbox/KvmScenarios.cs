using Wirq.Board.Twins;
using Wirq.Events;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Routing;

namespace Wirq.Board.Mailbox;

/// <summary>Runs scenarios with real guests on KVM, as <see cref="ScenarioRunner"/> runs them with simulated ones: with a
/// kernel that owns chips in delivery configuration `split` or `kernel` (<see cref="TwinMachine"/>), all others in `user`
/// (<see cref="MailboxCpus"/>).</summary>
/// <remarks>A scenario that the host cannot run is not a failure: see <see cref="HostOffer.Judge"/>.</remarks>
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

    /// <summary>Puts something between scenarios with such a kernel and KVM, for controls; null for nothing.</summary>
    internal Func<IKernelPort, IKernelPort>? Wrap { get; init; }

    /// <summary>Whether scenarios are run although the host's probes are against it, for controls.</summary>
    internal bool RunsAnyway { get; init; }

    /// <summary>The same, with the labels of sources (<see cref="WorldOptions.Named"/>).</summary>
    internal ScenarioResult Run(Scenario scenario, int seed, Action<Event>? recorder, Action<int, string>? named)
    {
        if (_offer.Judge(scenario) is { } verdict && !(RunsAnyway && _host is not null))
            return verdict;
        try
        {
            return ScenarioRunner.Run(_offer.OnHost(scenario), seed, recorder, new WorldOptions
            {
                Cpus = _host!.CreateCpus,
                Twin = (fabric, machine, virqs) => new TwinMachine(_host, fabric, machine, virqs, Wrap),
                Named = named,
            }) with { Scenario = scenario };
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
