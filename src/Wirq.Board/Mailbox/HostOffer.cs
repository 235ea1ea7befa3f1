using Wirq.Lab.Kernels;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Routing;

namespace Wirq.Board.Mailbox;

/// <summary>The features of a host for scenarios on KVM.</summary>
internal sealed record HostOffer
{
    private const string NeedsSmi = "smi", NeedsSuppressEoi = "suppress-eoi-broadcast";

    // Features that a local APIC in userspace needs in every mode.
    private static readonly string[] s_probes = ["x2apic-msr", "apic-base-filter"];
    private static readonly KvmCapability[] s_capabilities = [KvmCapability.UserSpaceMsr, KvmCapability.MsrFilter];

    // ExtINTs are given in an interrupt window, and a local APIC in the kernel needs what the fabric binds to it.
    private static readonly string[] s_splitProbes = ["interrupt-window"];
    private static readonly KvmCapability[] s_splitCapabilities = [KvmCapability.Irqfd, KvmCapability.IrqRouting],
        s_kernelCapabilities = [KvmCapability.Irqfd, KvmCapability.IrqRouting, KvmCapability.IrqfdResample];

    /// <summary>Why there is no KVM; null if there is one.</summary>
    public string? Absent { get; init; }

    /// <summary>The version of the host's kernel.</summary>
    public KernelVersion Linux { get; init; } = KernelVersion.Newest;

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
            Linux = new KernelVersion(Environment.OSVersion.Version.Major, Environment.OSVersion.Version.Minor),
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
        DeliveryConfiguration needed = machine.Kernel switch
        {
            KernelModel.Split => DeliveryConfiguration.Split,
            KernelModel.Full => DeliveryConfiguration.Kernel,
            _ => DeliveryConfiguration.User,
        };
        if (Configurations.FirstOrDefault(each => each.Configuration == needed) is not { } found)
            return ScenarioRunner.Lacking(scenario, $"configuration {needed.Word()}");
        if (found.Verdict != ConfigurationVerdict.Sound)
        {
            return found.Verdict switch
            {
                ConfigurationVerdict.Deviates => ScenarioRunner.Deviating(scenario, found.Because),
                ConfigurationVerdict.NotKnown => ScenarioRunner.Lacking(scenario, [.. found.Because.Select(AnswerOf)]),
                _ => ScenarioRunner.Lacking(scenario, found.Because),
            };
        }
        if (Lacks(scenario, needed) is { Count: > 0 } lacks)
            return ScenarioRunner.Lacking(scenario, lacks);
        string[] deviations = [.. ProbesOf(needed).Where(name => Probes.GetValueOrDefault(name, ProbeOutcome.Lacks) == ProbeOutcome.Deviates)];
        return deviations.Length > 0 ? ScenarioRunner.Deviating(scenario, deviations) : null;
    }

    /// <summary>A scenario with the kernel of this host in place of the simulated one: of its version, with the flags that it
    /// supports.</summary>
    /// <param name="scenario">A scenario that the host can run.</param>
    public Scenario OnHost(Scenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        MachineSpec machine = scenario.Machine;
        if (!machine.OwnsLocalApics)
            return scenario;
        KernelBehaviour behaviour = KernelBehaviour.Of(Linux);
        RoutingOptions routing = machine.Fabric.Routing!;
        return scenario with
        {
            Machine = machine with
            {
                KernelOptions = machine.KernelOptions with
                {
                    Behaviour = behaviour,
                    X2ApicApi = machine.KernelOptions.X2ApicApi & (SimulatedX2ApicApi)ValueOf(KvmCapability.X2ApicApi),
                },
                Fabric = machine.Fabric with
                {
                    Routing = routing with { Kernel = routing.Kernel! with { ConsumesFirst = routing.Kernel is { OwnsIoApic: false } && behaviour.ConsumesFirst } },
                },
            },
        };
    }

    private static string[] ProbesOf(DeliveryConfiguration configuration) => configuration switch
    {
        DeliveryConfiguration.Split => s_splitProbes,
        DeliveryConfiguration.Kernel => [],
        _ => s_probes,
    };

    private static KvmCapability[] CapabilitiesOf(DeliveryConfiguration configuration) => configuration switch
    {
        DeliveryConfiguration.Split => s_splitCapabilities,
        DeliveryConfiguration.Kernel => s_kernelCapabilities,
        _ => s_capabilities,
    };

    private List<string> Lacks(Scenario scenario, DeliveryConfiguration configuration)
    {
        List<string> lacks = [.. CapabilitiesOf(configuration).Where(each => ValueOf(each) == 0).Select(HostCapability.NameOf)];
        KvmCapability most = scenario.Machine.Cpus > ValueOf(KvmCapability.MaxVcpus)
            ? KvmCapability.MaxVcpus : KvmCapability.MaxVcpuId;
        if (scenario.Machine.Cpus > ValueOf(most))
            lacks.Add($"{scenario.Machine.Cpus} vCPUs: {HostCapability.NameOf(most)} is {ValueOf(most)}");
        // A probe that was not carried out gives no answer, so the feature is not used.
        lacks.AddRange(ProbesOf(configuration).Where(name => Probes.GetValueOrDefault(name, ProbeOutcome.Lacks) is ProbeOutcome.Lacks or ProbeOutcome.Failed)
            .Select(AnswerOf));
        if (scenario.Machine.OwnsLocalApics)
            AddLacksOfKernel(scenario, lacks);
        if (scenario.Needs.Contains(NeedsSmi) && ValueOf(KvmCapability.Smm) == 0)
            lacks.Add(HostCapability.NameOf(KvmCapability.Smm));
        return lacks;
    }

    private void AddLacksOfKernel(Scenario scenario, List<string> lacks)
    {
        MachineSpec machine = scenario.Machine;
        // A version in which nothing differs that is known here is as good.
        if (machine.Linux is { } named && KernelBehaviour.Of(named) != KernelBehaviour.Of(Linux))
            lacks.Add($"{named}: this host has {Linux}, whose KVM behaves differently");
        uint highest = machine.KernelOptions.ApicIds?.Max() ?? 0;
        if (highest > 0 && highest >= ValueOf(KvmCapability.MaxVcpuId))
            lacks.Add($"APIC id {highest}: {HostCapability.NameOf(KvmCapability.MaxVcpuId)} is {ValueOf(KvmCapability.MaxVcpuId)}");
        var flags = (SimulatedX2ApicApi)ValueOf(KvmCapability.X2ApicApi);
        if ((flags & SimulatedKernelOptions.WideIds) != SimulatedKernelOptions.WideIds || scenario.Needs.Contains(NeedsSuppressEoi) && (flags & SimulatedX2ApicApi.EnableSuppressEoi) == 0)
            lacks.Add($"flags of {HostCapability.NameOf(KvmCapability.X2ApicApi)}: it is {(int)flags}");
    }

    private static string AnswerOf(string probe) => $"an answer to the probe {probe}";

    private int ValueOf(KvmCapability capability) => Capabilities.GetValueOrDefault(capability);
}
