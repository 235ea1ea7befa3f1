namespace Wirq.Linux.Probes;

/// <summary>What Wirq does about a deviation of the host while a guest runs.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Probe">The probe that enables it. Nothing else enables it.</param>
/// <param name="What">What it does.</param>
public sealed record HostWorkaround(string Name, string Probe, string What)
{
    /// <summary>All work-arounds.</summary>
    public static IReadOnlyList<HostWorkaround> All { get; } =
    [
        new("step-to-window", "interrupt-window", "steps the guest while an interrupt waits to be injectable"),
        new("emulate-iret", "step-over-iret", "emulates IRETQ while it steps"),
        new("skip-vmcall", "vmcall", "kicks now and then, and answers a VMCALL that the guest stands at"),
        new("deliver-soft-interrupt", "soft-interrupt", "delivers INT3 and INT n where KVM gives them up"),
    ];

    /// <summary>The work-arounds that probes enable.</summary>
    internal static IReadOnlyList<HostWorkaround> For(IReadOnlyList<ProbeResult> probes) => [.. All.Where(each =>
        probes.Any(result => result.Probe.Name == each.Probe && result.Outcome == ProbeOutcome.Deviates))];
}
