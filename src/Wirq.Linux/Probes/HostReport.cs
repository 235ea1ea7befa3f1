using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux.Probes;

/// <summary>The features of the host's KVM, and the conclusions from them.</summary>
public sealed record HostReport
{
    private const string Modules = "/sys/module";
    private static readonly string[] s_none = [];

    /// <summary>Why there is no KVM; null if there is one.</summary>
    public string? Absent { get; private init; }

    /// <summary>Modules of the kernel that implement it: <c>kvm_intel</c>. Empty if they are built in.</summary>
    public IReadOnlyList<string> Providers { get; private init; } = s_none;

    /// <summary>The version of its interface; 0 without KVM.</summary>
    public int ApiVersion { get; private init; }

    /// <summary>Its capabilities.</summary>
    public IReadOnlyList<HostCapability> Capabilities { get; private init; } = [];

    /// <summary>The results of the probes.</summary>
    public IReadOnlyList<ProbeResult> Probes { get; private init; } = [];

    /// <summary>The verdict on each delivery configuration.</summary>
    public IReadOnlyList<HostConfiguration> Configurations { get; private init; } = [];

    /// <summary>The work-arounds that the probes switch on.</summary>
    public IReadOnlyList<HostWorkaround> Workarounds { get; private init; } = [];

    /// <summary>The recommended configuration. It is `user`, which depends least on the host, if that is sound. Else it
    /// is the first that is sound, else the first that runs, else the first whose verdict is not known. Null if there
    /// is none.</summary>
    public DeliveryConfiguration? Follows =>
        (Configurations.FirstOrDefault(each => each.Verdict == ConfigurationVerdict.Sound)
            ?? Configurations.FirstOrDefault(each => each.Verdict == ConfigurationVerdict.Deviates)
            ?? Configurations.FirstOrDefault(each => each.Verdict == ConfigurationVerdict.NotKnown))?.Configuration;

    /// <summary>Tests the host.</summary>
    /// <param name="bound">How long each probe may take; <see cref="HostProbe.DefaultBound"/> if omitted.</param>
    /// <param name="asking">Called before each probe with its name, the number of probes and how many are done.</param>
    /// <param name="device">KVM's device, if it is not the usual one.</param>
    public static HostReport Read(TimeSpan? bound = null, Action<string, int, int>? asking = null, string? device = null)
    {
        if (!HostPlatform.IsSupported)
            return new() { Absent = "the host is not Linux on x86-64" };
        try
        {
            using KvmSystem system = device is null ? KvmSystem.Open() : KvmSystem.Open(device);
            return Read(system, bound, asking);
        }
        catch (Exception absent) when (absent is KernelException or NotSupportedException)
        {
            return new() { Absent = absent.Message };
        }
    }

    private static HostReport Read(KvmSystem system, TimeSpan? bound, Action<string, int, int>? asking)
    {
        IReadOnlyList<HostCapability> capabilities = HostCapability.Read(system);
        var probes = new List<ProbeResult>();
        foreach (HostProbe probe in HostProbe.All)
        {
            asking?.Invoke(probe.Name, probes.Count, HostProbe.All.Count);
            probes.Add(probe.Run(system, bound));
        }
        return new()
        {
            Providers = FindProviders(),
            ApiVersion = system.ApiVersion,
            Capabilities = capabilities,
            Probes = probes,
            Configurations = HostConfiguration.Of(capabilities, probes),
            Workarounds = HostWorkaround.For(probes),
        };
    }

    private static string[] FindProviders()
    {
        try
        {
            return [.. Directory.EnumerateDirectories(Modules, "kvm_*").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        }
        catch (Exception hidden) when (hidden is IOException or UnauthorizedAccessException)
        {
            return s_none;
        }
    }
}
