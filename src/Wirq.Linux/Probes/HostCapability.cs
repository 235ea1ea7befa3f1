using System.Reflection;
using Wirq.Linux.Interop;

namespace Wirq.Linux.Probes;

/// <summary>The meaning of a capability's value.</summary>
public enum CapabilityKind : byte
{
    /// <summary>0 for no, any other value for yes.</summary>
    Flag,
    /// <summary>A limit.</summary>
    Limit,
    /// <summary>Bits, one for each feature.</summary>
    Bits,
}

/// <summary>The value of a capability on the host's KVM.</summary>
/// <param name="Capability">The capability.</param>
/// <param name="Name">Its name in the header: <c>KVM_CAP_IRQFD</c>.</param>
/// <param name="Value">The result of KVM_CHECK_EXTENSION.</param>
/// <param name="Kind">The meaning of the value.</param>
public sealed record HostCapability(KvmCapability Capability, string Name, int Value, CapabilityKind Kind)
{
    private static readonly Dictionary<KvmCapability, string> s_names =
        typeof(KvmCapability).GetFields(BindingFlags.Public | BindingFlags.Static).ToDictionary(
            field => (KvmCapability)field.GetRawConstantValue()!, field => field.GetCustomAttribute<CNameAttribute>()!.Name);

    /// <summary>The name of a capability in the header.</summary>
    public static string NameOf(KvmCapability capability) =>
        s_names.TryGetValue(capability, out string? name) ? name : $"capability {(uint)capability}";

    /// <summary>The value as text: <c>yes</c>, <c>4096</c>, <c>0x7</c>.</summary>
    public string Text => Kind switch
    {
        CapabilityKind.Limit => $"{Value}",
        CapabilityKind.Bits => $"0x{Value:x}",
        _ => Value == 0 ? "no" : "yes",
    };

    /// <summary>Checks all capabilities.</summary>
    internal static IReadOnlyList<HostCapability> Read(KvmSystem system) =>
        [.. Enum.GetValues<KvmCapability>().Select(each =>
            new HostCapability(each, NameOf(each), system.CheckExtension(each), KindOf(each)))];

    private static CapabilityKind KindOf(KvmCapability capability) => capability switch
    {
        KvmCapability.RecommendedVcpus or KvmCapability.MaxVcpus or KvmCapability.MaxVcpuId or KvmCapability.IrqRouting
            or KvmCapability.NestedState => CapabilityKind.Limit,
        KvmCapability.X2ApicApi or KvmCapability.SyncRegisters or KvmCapability.XenHvm or KvmCapability.ExitHypercall =>
            CapabilityKind.Bits,
        _ => CapabilityKind.Flag,
    };
}
