using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>The result of CPUID for one leaf (<c>struct kvm_cpuid_entry2</c>).</summary>
[CName("struct kvm_cpuid_entry2")]
[StructLayout(LayoutKind.Sequential)]
public struct KvmCpuidLeaf
{
    /// <summary>Input EAX (<c>function</c>).</summary>
    [CName("function")] public uint Leaf;
    /// <summary>Input ECX (<c>index</c>).</summary>
    [CName("index")] public uint Subleaf;
    /// <summary>Bit 0: <see cref="Subleaf"/> is significant (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>Result in EAX (<c>eax</c>).</summary>
    [CName("eax")] public uint Eax;
    /// <summary>Result in EBX (<c>ebx</c>).</summary>
    [CName("ebx")] public uint Ebx;
    /// <summary>Result in ECX (<c>ecx</c>).</summary>
    [CName("ecx")] public uint Ecx;
    /// <summary>Result in EDX (<c>edx</c>).</summary>
    [CName("edx")] public uint Edx;
    [CName("padding")] private PadBytes12 _padding;
}
