using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Linux;
using Wirq.Linux.Probes;

namespace Wirq.Board.Mailbox;

/// <summary>The features of a host for scenarios on KVM.</summary>
internal sealed record HostOffer
{
    private const string NeedsSmi = "smi";

    // Features that a local APIC in userspace needs in every mode.
    private static readonly string[] s_probes = ["x2apic-msr", "apic-base-filter"];
    private static readonly KvmCapability[] s_capabilities = [KvmCapability.UserSpaceMsr, KvmCapability.MsrFilter];

    /// <summary>Why there is no KVM; null if there is one.</summary>
    public string? Absent { get; init; }

    /// <summary>The values of KVM's capabilities; a missing one is 0.</summary>
    public IReadOnlyDictionary<KvmCapability, int> Capabilities { get; init; } = new Dictionary<KvmCapability, int>();

    /// <summary>The outcomes of the probes, by name.</summary>
    public IReadOnlyDictionary<string, ProbeOutcome> Probes { get; init; } = new Dictionary<string, ProbeOutcome>();

    /// <summary>The verdict on each delivery configuration.</summary>
    public IReadOnlyList<HostConfiguration> Configurations { get; init; } = [];

    /// <summary>The offer of a report.</summary>
    public static HostOffer Of(HostReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new()
        {
            Absent = report.Absent,
            Capabilities = report.Capabilities.ToDictionary(each => each.Capability, each => each.Value),
            Probes = report.Probes.ToDictionary(each => each.Probe.Name, each => each.Outcome),
            Configurations = report.Configurations,
        };
    }

    /// <summary>Finds why a scenario cannot be run on this host.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <returns>Its result; null if it can be run.</returns>
    public ScenarioResult? Judge(Scenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        if (Absent is not null)
            return ScenarioRunner.Lacking(scenario, $"KVM: {Absent}");
        MachineSpec machine = scenario.Machine;
        DeliveryConfiguration needed = machine.Kernel == KernelModel.Split ? DeliveryConfiguration.Split : DeliveryConfiguration.User;
        if (Configurations.FirstOrDefault(each => each.Configuration == needed) is not { } found)
            return ScenarioRunner.Lacking(scenario, $"configuration {Word(needed)}");
        if (found.Verdict != ConfigurationVerdict.Sound)
        {
            return found.Verdict switch
            {
                ConfigurationVerdict.Deviates => ScenarioRunner.Deviating(scenario, found.Because),
                ConfigurationVerdict.NotKnown => ScenarioRunner.Lacking(scenario, [.. found.Because.Select(AnswerOf)]),
                _ => ScenarioRunner.Lacking(scenario, found.Because),
            };
        }
        if (needed == DeliveryConfiguration.Split)
            return ScenarioRunner.Lacking(scenario, "split kernels for scenarios: this version of wirq runs them simulated only");
        if (Lacks(scenario) is { Count: > 0 } lacks)
            return ScenarioRunner.Lacking(scenario, lacks);
        string[] deviations = [.. s_probes.Where(name => Probes.GetValueOrDefault(name, ProbeOutcome.Lacks) == ProbeOutcome.Deviates)];
        return deviations.Length > 0 ? ScenarioRunner.Deviating(scenario, deviations) : null;
    }

    private List<string> Lacks(Scenario scenario)
    {
        List<string> lacks = [.. s_capabilities.Where(each => ValueOf(each) == 0).Select(HostCapability.NameOf)];
        KvmCapability most = scenario.Machine.Cpus > ValueOf(KvmCapability.MaxVcpus)
            ? KvmCapability.MaxVcpus : KvmCapability.MaxVcpuId;
        if (scenario.Machine.Cpus > ValueOf(most))
            lacks.Add($"{scenario.Machine.Cpus} vCPUs: {HostCapability.NameOf(most)} is {ValueOf(most)}");
        // A probe that was not carried out gives no answer, so the feature is not used.
        lacks.AddRange(s_probes.Where(name => Probes.GetValueOrDefault(name, ProbeOutcome.Lacks) is ProbeOutcome.Lacks or ProbeOutcome.Failed)
            .Select(AnswerOf));
        if (scenario.Needs.Contains(NeedsSmi) && ValueOf(KvmCapability.Smm) == 0)
            lacks.Add(HostCapability.NameOf(KvmCapability.Smm));
        return lacks;
    }

    private static string AnswerOf(string probe) => $"an answer to the probe {probe}";

    private int ValueOf(KvmCapability capability) => Capabilities.GetValueOrDefault(capability);

    private static string Word(DeliveryConfiguration configuration) =>
        configuration == DeliveryConfiguration.Split ? "split" : "user";
}
