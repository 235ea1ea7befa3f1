using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>What CPUID answers for one leaf (<c>struct kvm_cpuid_entry2</c>).</summary>
[CName("struct kvm_cpuid_entry2")]
[StructLayout(LayoutKind.Sequential)]
public struct KvmCpuidLeaf
{
    /// <summary>EAX of the question (<c>function</c>).</summary>
    [CName("function")] public uint Leaf;
    /// <summary>ECX of the question (<c>index</c>).</summary>
    [CName("index")] public uint Subleaf;
    /// <summary>Bit 0: <see cref="Subleaf"/> counts (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>The answer in EAX (<c>eax</c>).</summary>
    [CName("eax")] public uint Eax;
    /// <summary>The answer in EBX (<c>ebx</c>).</summary>
    [CName("ebx")] public uint Ebx;
    /// <summary>The answer in ECX (<c>ecx</c>).</summary>
    [CName("ecx")] public uint Ecx;
    /// <summary>The answer in EDX (<c>edx</c>).</summary>
    [CName("edx")] public uint Edx;
    [CName("padding")] private PadBytes12 _padding;
}
