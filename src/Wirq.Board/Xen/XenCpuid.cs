using System.Buffers.Binary;
using Wirq.Linux;

namespace Wirq.Board.Xen;

/// <summary>The leaves by which CPUID shows a hypervisor.</summary>
/// <remarks><code>
/// +0 last leaf, "XenVMMXenVMM"   +1 version   +2 pages of hypercalls, MSR, features   +3 time   +4 features of HVM
/// </code>Xen, public/arch-x86/cpuid.h. The first leaf is 0x40000000, or 0x40000100 if Hyper-V's are there (Hypervisor
/// Top Level Functional Specification, 2.4).</remarks>
internal static class XenCpuid
{
    /// <summary>The first leaf of a hypervisor.</summary>
    internal const uint First = 0x40000000;
    /// <summary>The version that the board shows: 4.21.</summary>
    internal const uint Version = 4 << 16 | 21;

    private const uint BehindHyperV = 0x100, LastOfAny = 0x4000FFFF, LastOfXen = 4, LastOfHyperV = 6;
    private const uint PlainMsr = 0x40000000, MsrBehindHyperV = 0x40000200;
    private const uint HasVcpuId = 1 << 3, HasDomain = 1 << 4, HasUpcallVector = 1 << 6;

    /// <summary>The MSR of the page of hypercalls.</summary>
    internal static uint MsrOf(bool viridian) => viridian ? MsrBehindHyperV : PlainMsr;

    /// <summary>Replaces the leaves of another hypervisor.</summary>
    /// <param name="leaves">The leaves of a CPU.</param>
    /// <param name="vcpu">The CPU.</param>
    /// <param name="domain">The id of the guest.</param>
    /// <param name="tscKhz">The guest's TSC, kHz.</param>
    /// <param name="viridian">Whether Hyper-V's leaves come first.</param>
    internal static KvmCpuidLeaf[] Of(ReadOnlySpan<KvmCpuidLeaf> leaves, int vcpu, ushort domain, uint tscKhz, bool viridian)
    {
        var all = new List<KvmCpuidLeaf>();
        foreach (KvmCpuidLeaf leaf in leaves)
        {
            if (leaf.Leaf is < First or > LastOfAny)
                all.Add(leaf);
        }
        uint first = First;
        if (viridian)
        {
            all.Add(Named(First, First + LastOfHyperV, "Microsoft Hv"u8));
            all.Add(new KvmCpuidLeaf { Leaf = First + 1, Eax = BinaryPrimitives.ReadUInt32LittleEndian("Hv#1"u8) });
            for (uint leaf = 2; leaf <= LastOfHyperV; leaf++)
                all.Add(new KvmCpuidLeaf { Leaf = First + leaf });
            first += BehindHyperV;
        }
        all.Add(Named(first, first + LastOfXen, "XenVMMXenVMM"u8));
        all.Add(new KvmCpuidLeaf { Leaf = first + 1, Eax = Version });
        all.Add(new KvmCpuidLeaf { Leaf = first + 2, Eax = 1, Ebx = MsrOf(viridian) });
        all.Add(new KvmCpuidLeaf { Leaf = first + 3, Ecx = tscKhz });
        all.Add(new KvmCpuidLeaf { Leaf = first + 4, Eax = HasVcpuId | HasDomain | HasUpcallVector, Ebx = (uint)vcpu, Ecx = domain });
        return [.. all];
    }

    private static KvmCpuidLeaf Named(uint leaf, uint last, ReadOnlySpan<byte> name) => new()
    {
        Leaf = leaf,
        Eax = last,
        Ebx = BinaryPrimitives.ReadUInt32LittleEndian(name),
        Ecx = BinaryPrimitives.ReadUInt32LittleEndian(name[4..]),
        Edx = BinaryPrimitives.ReadUInt32LittleEndian(name[8..]),
    };
}
