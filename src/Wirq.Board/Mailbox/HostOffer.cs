using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Linux;
using Wirq.Linux.Probes;

namespace Wirq.Board.Mailbox;

/// <summary>What a host offers to scenarios on KVM.</summary>
internal sealed record HostOffer
{
    private const string NeedsSmi = "smi";

    // What a local APIC in userspace learns only from exits, whatever the mode it starts in.
    private static readonly string[] s_probes = ["x2apic-msr", "apic-base-filter"];
    private static readonly KvmCapability[] s_capabilities = [KvmCapability.UserSpaceMsr, KvmCapability.MsrFilter];

    /// <summary>Why there is no KVM; null where there is.</summary>
    public string? Absent { get; init; }

    /// <summary>What KVM answers; what is not here is 0.</summary>
    public IReadOnlyDictionary<KvmCapability, int> Capabilities { get; init; } = new Dictionary<KvmCapability, int>();

    /// <summary>What the probes found, by name.</summary>
    public IReadOnlyDictionary<string, ProbeOutcome> Probes { get; init; } = new Dictionary<string, ProbeOutcome>();

    /// <summary>What each delivery configuration is worth.</summary>
    public IReadOnlyList<HostConfiguration> Configurations { get; init; } = [];

    /// <summary>What a report says.</summary>
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

    /// <summary>Says what keeps a scenario from being run on this host.</summary>
    /// <param name="scenario">Which.</param>
    /// <returns>Its verdict; null where it can be run.</returns>
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
        // A probe that was not carried out says nothing about the host, so the feature is not relied on.
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
