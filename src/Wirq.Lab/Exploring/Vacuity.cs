using Wirq.Lab.Kernels;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Laws;
using Wirq.Xen;

namespace Wirq.Lab.Exploring;

/// <summary>What a world should have exercised and did not: what holds there proves nothing of it.</summary>
/// <param name="Laws">Laws that never judged.</param>
/// <param name="Steps">Steps that never ran.</param>
/// <param name="Kinds">Kinds of transitions that were never made.</param>
internal sealed record Vacuity(IReadOnlyList<string> Laws, IReadOnlyList<string> Steps, IReadOnlyList<string> Kinds)
{
    /// <summary>Whether there is nothing of it.</summary>
    public bool IsEmpty => Laws.Count == 0 && Steps.Count == 0 && Kinds.Count == 0;

    /// <summary>In words; empty if there is nothing.</summary>
    public IReadOnlyList<string> Reasons =>
    [
        .. Laws.Select(law => $"{law} never judged anything"), .. Steps.Select(step => $"never ran: {step}"),
        .. Kinds.Select(kind => $"no transition of the kind {kind} was made"),
    ];

    /// <summary>Compares what a complete search covered with what the scenario can be expected to cover.</summary>
    internal static Vacuity Of(Scenario scenario, Coverage coverage) => new(
        [.. LawsOf(scenario).Where(law => coverage.Laws.GetValueOrDefault(law) == 0)],
        [.. StepsOf(scenario).Where(step => !coverage.Steps.Contains(step)).Select(step => $"{step.Text} (line {step.At.Line})")],
        [.. KindsOf(scenario).Where(kind => coverage.Kinds[(int)kind] == 0).Select(kind => kind.ToString())]);

    /// <summary>The laws that the scenario names, or else those that have something to judge on such a machine.</summary>
    private static IEnumerable<string> LawsOf(Scenario scenario)
    {
        if (scenario.Laws is { } named)
            return named;
        MachineSpec machine = scenario.Machine;
        bool hasLine = machine.Devices.Any(device => device.Gsi >= 0), hasLevel = machine.Devices.Any(device => device.Gsi >= 0 && device.Kind != SourceKind.Edge);
        bool isShared = machine.Devices.Where(device => device.Gsi >= 0).GroupBy(device => device.Gsi).Any(line => line.Count() > 1);
        bool hasPin = hasLine && machine.Fabric.IoApics.Count > 0;
        bool masks = scenario.AllSteps().Any(step => step is CpuStep { Command: MaskCommand { Masked: true } } or DeviceStep { Action: DeviceAction.Mask });
        bool isHot = machine.OwnsLocalApics && machine.Devices.Any(device => device.HasEventFd);
        return LawSet.Names.Where(name => name switch
        {
            nameof(NoLostEdge) => machine.Devices.Any(device => device.Gsi < 0 || device.Kind == SourceKind.Edge),
            nameof(LevelRedelivered) or nameof(RemoteIrrMatches) => hasLevel && hasPin,
            nameof(AckReachesAllSharers) or nameof(NoPhantom) => hasLevel,
            nameof(FreshRoute) => hasPin,
            nameof(SharersIndependent) => isShared,
            nameof(MaskedIsSilent) => masks,
            nameof(FaultAtDelivery) or nameof(InvalidateIsExact) => machine.Remapping is not null,
            nameof(HotStaysInKernel) => isHot,
            nameof(NothingLostAcrossUpdate) => scenario.AllSteps().Any(step => step is RestoreStep or UpdateStep { Part: UpdatePart.Restore, Fails: false }),
            nameof(OneshotHeld) => machine.Host is { Oneshot.Count: > 0 },
            nameof(UpcallMatchesLine) => scenario.AllSteps().Any(step => step is CpuStep { Command: XenCommand { Action: XenAction.SetCallback } set }
                && new CallbackVia(set.Arguments.Via).Kind == CallbackKind.Gsi),
            nameof(PermittedBeforeMapped) => scenario.AllSteps().Any(step => step is DomainStep { Command.Action: XenAction.Pass or XenAction.MapPirq }),
            _ => false,
        });
    }

    private static IEnumerable<TransitionKind> KindsOf(Scenario scenario)
    {
        MachineSpec machine = scenario.Machine;
        yield return TransitionKind.Effect;
        yield return TransitionKind.Rest;
        if (scenario.Scripts().Any(script => script.Steps.Count > 0))
            yield return TransitionKind.Script;
        if (scenario.Handlers.Count > 0)
            yield return TransitionKind.Cpu;
        if (scenario.AllSteps().Any(step => step is TimeStep))
            yield return TransitionKind.Time;
        if (machine.Host is not null)
        {
            yield return TransitionKind.Host;
            yield return TransitionKind.HostLine;
        }
        if (machine.Guest is { } guest && guest.Drivers.Any(driver => driver.Request.HasThread))
            yield return TransitionKind.GuestThread;
        if (machine.Kernel == KernelModel.None)
            yield break;
        yield return TransitionKind.Answer;
        if (!machine.Devices.Any(device => device.HasEventFd))
            yield break;
        yield return TransitionKind.Fetch;
        yield return TransitionKind.Readable;
    }

    /// <summary>Every step of scripts and handlers, those of repetitions included.</summary>
    internal static IEnumerable<Step> StepsOf(Scenario scenario) => scenario.AllSteps().Distinct(ReferenceEqualityComparer.Instance).Cast<Step>();
}
