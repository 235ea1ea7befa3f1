namespace Wirq.Linux.Probes;

/// <summary>Where the interrupt controllers of a machine are.</summary>
public enum DeliveryConfiguration : byte
{
    /// <summary>All are in userspace; KVM only injects.</summary>
    User,
    /// <summary>The local APICs are in KVM.</summary>
    Split,
    /// <summary>All are in KVM. For comparison.</summary>
    Kernel,
}

/// <summary>The words for delivery configurations.</summary>
internal static class DeliveryWords
{
    internal static string Word(this DeliveryConfiguration configuration) => configuration switch
    {
        DeliveryConfiguration.User => "user",
        DeliveryConfiguration.Split => "split",
        _ => "kernel",
    };
}

/// <summary>How well a delivery configuration works on the host.</summary>
public enum ConfigurationVerdict : byte
{
    /// <summary>It works as the manuals say.</summary>
    Sound,
    /// <summary>It runs, with deviations.</summary>
    Deviates,
    /// <summary>The host does not have it.</summary>
    Lacking,
    /// <summary>A probe for it could not be carried out, and no other probe is against it.</summary>
    NotKnown,
}

/// <summary>A delivery configuration on this host.</summary>
/// <param name="Configuration">The configuration.</param>
/// <param name="Verdict">The verdict.</param>
/// <param name="Because">The names of the probes and capabilities that are against it.</param>
public sealed record HostConfiguration(DeliveryConfiguration Configuration, ConfigurationVerdict Verdict,
    IReadOnlyList<string> Because)
{
    private static readonly (DeliveryConfiguration Configuration, KvmCapability[] Needs, string[] Probes)[] s_table =
    [
        (DeliveryConfiguration.User, [], ["guest-runs", "halt-wake"]),
        (DeliveryConfiguration.Split, [KvmCapability.SplitIrqChip, KvmCapability.SignalMsi], ["guest-runs", "isr-until-eoi", "eoi-exit"]),
        (DeliveryConfiguration.Kernel, [KvmCapability.IrqChip], ["guest-runs", "isr-until-eoi"]),
    ];

    /// <summary>The verdicts that follow from capabilities and probes. A probe with a work-around is against
    /// none.</summary>
    internal static IReadOnlyList<HostConfiguration> Of(IReadOnlyList<HostCapability> capabilities,
        IReadOnlyList<ProbeResult> probes) => [.. s_table.Select(row =>
    {
        string[] lacks = [.. capabilities.Where(each => row.Needs.Contains(each.Capability) && each.Value == 0).Select(each => each.Name)];
        string[] against = [.. probes.Where(each => row.Probes.Contains(each.Probe.Name) && each.Outcome != ProbeOutcome.Faithful)
            .Select(each => each.Probe.Name)];
        ProbeOutcome[] answers = [.. probes.Where(each => against.Contains(each.Probe.Name)).Select(each => each.Outcome)];
        bool runsNone = probes.Any(each => each is { Probe.Name: "guest-runs", Outcome: ProbeOutcome.Deviates or ProbeOutcome.Lacks });
        ConfigurationVerdict verdict = lacks.Length > 0 || runsNone ? ConfigurationVerdict.Lacking
            : answers.Any(answer => answer != ProbeOutcome.Failed) ? ConfigurationVerdict.Deviates
            : answers.Length > 0 ? ConfigurationVerdict.NotKnown : ConfigurationVerdict.Sound;
        return new HostConfiguration(row.Configuration, verdict, [.. lacks, .. against]);
    })];
}
