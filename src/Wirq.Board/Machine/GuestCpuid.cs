using Wirq.Linux;

namespace Wirq.Board.Machine;

/// <summary>The CPUID of a guest: what KVM supports, and the interrupt features of this machine.</summary>
internal static class GuestCpuid
{
    private const uint Features = 1, Topology = 0xB, TopologyOfV2 = 0x1F, AddressSizes = 0x80000008, KvmFeatures = 0x40000001;
    // CPUID.01H:ECX and EDX (Intel SDM vol. 2, CPUID).
    private const uint X2Apic = 1 << 21, TscDeadline = 1 << 24, Hypervisor = 1u << 31, Apic = 1 << 9, HyperThreading = 1 << 28;
    // Features of KVM that depend on its local APIC: PV EOI, unhalt, IPIs, poll control, yield, asynchronous page
    // faults by interrupt, extended destinations (Linux Documentation/virt/kvm/x86/cpuid.rst).
    private const uint OfKernelApic = 1 << 6 | 1 << 7 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 15;

    /// <summary>The leaves of one CPU.</summary>
    /// <param name="supported">What KVM supports.</param>
    /// <param name="id">Its APIC id.</param>
    /// <param name="cpus">The number of CPUs.</param>
    /// <param name="x2Apic">Whether x2APIC mode exists.</param>
    /// <param name="kernelApic">Whether the local APIC is in KVM.</param>
    internal static KvmCpuidLeaf[] Of(ReadOnlySpan<KvmCpuidLeaf> supported, int id, int cpus, bool x2Apic, bool kernelApic)
    {
        KvmCpuidLeaf[] leaves = supported.ToArray();
        foreach (ref KvmCpuidLeaf leaf in leaves.AsSpan())
        {
            switch (leaf.Leaf)
            {
                case Features:
                    leaf.Ebx = new CpuidApicWord(leaf.Ebx).For(id, cpus).Bits;
                    leaf.Ecx = Set(Set(leaf.Ecx | Hypervisor, X2Apic, x2Apic), TscDeadline, true);
                    leaf.Edx = Set(leaf.Edx | Apic, HyperThreading, cpus > 1);
                    break;
                case Topology or TopologyOfV2:
                    leaf.Edx = (uint)id;
                    break;
                case KvmFeatures when !kernelApic:
                    leaf.Eax &= ~OfKernelApic;
                    break;
            }
        }
        return leaves;
    }

    /// <summary>Physical address bits.</summary>
    internal static int AddressBitsOf(ReadOnlySpan<KvmCpuidLeaf> supported)
    {
        const int fewest = 36, most = 52;
        foreach (ref readonly KvmCpuidLeaf leaf in supported)
        {
            if (leaf.Leaf == AddressSizes)
                return Math.Clamp((int)(byte)leaf.Eax, fewest, most);
        }
        return fewest;
    }

    private static uint Set(uint word, uint bit, bool on) => on ? word | bit : word & ~bit;
}

/// <summary>CPUID.01H:EBX.</summary>
/// <remarks><code>
///  31       24 23       16 15      8 7      0
/// +-----------+-----------+---------+--------+
/// |  APIC id  | CPU count | CLFLUSH | brand  |
/// +-----------+-----------+---------+--------+
/// </code></remarks>
internal readonly record struct CpuidApicWord(uint Bits)
{
    private const int IdShift = 24, CountShift = 16;

    internal CpuidApicWord For(int id, int cpus) =>
        new((ushort)Bits | (uint)(byte)id << IdShift | (uint)Math.Min(cpus, byte.MaxValue) << CountShift);
}
