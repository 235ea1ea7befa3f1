using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>The header before the rows of a route table (<c>struct kvm_irq_routing</c>).</summary>
[CName("struct kvm_irq_routing")]
[StructLayout(LayoutKind.Sequential)]
internal struct RoutingHeader
{
    /// <summary>Rows that follow (<c>nr</c>).</summary>
    [CName("nr")] public uint Count;
    /// <summary>Zero (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
}

/// <summary>Binds an eventfd to a GSI (<c>struct kvm_irqfd</c>).</summary>
[CName("struct kvm_irqfd")]
[StructLayout(LayoutKind.Sequential)]
internal struct Irqfd
{
    /// <summary>Unbinds the eventfd (<c>KVM_IRQFD_FLAG_DEASSIGN</c>).</summary>
    [CName("KVM_IRQFD_FLAG_DEASSIGN")] internal const uint Deassign = 1;
    /// <summary>There is a resample eventfd (<c>KVM_IRQFD_FLAG_RESAMPLE</c>).</summary>
    [CName("KVM_IRQFD_FLAG_RESAMPLE")] internal const uint Resample = 2;

    /// <summary>The eventfd (<c>fd</c>).</summary>
    [CName("fd")] public int Trigger;
    /// <summary>The GSI (<c>gsi</c>).</summary>
    [CName("gsi")] public int Gsi;
    /// <summary>The flags above (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>Signalled at the EOI (<c>resamplefd</c>).</summary>
    [CName("resamplefd")] public int ResampleFd;
    [CName("pad")] private PadBytes16 _pad;
}

/// <summary>A message to inject (<c>struct kvm_msi</c>).</summary>
[CName("struct kvm_msi")]
[StructLayout(LayoutKind.Sequential)]
internal struct MsiRequest
{
    private const int HighShift = 32;

    /// <summary>Address bits 31:0 (<c>address_lo</c>).</summary>
    [CName("address_lo")] public uint AddressLow;
    /// <summary>Address bits 63:32 (<c>address_hi</c>).</summary>
    [CName("address_hi")] public uint AddressHigh;
    /// <summary>Data (<c>data</c>).</summary>
    [CName("data")] public uint Data;
    /// <summary>Zero: <see cref="Device"/> has a meaning on other architectures only (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>Zero (<c>devid</c>).</summary>
    [CName("devid")] public uint Device;
    [CName("pad")] private PadBytes12 _pad;

    /// <summary>The request for a message.</summary>
    internal static MsiRequest For(Msi message) => new()
    {
        AddressLow = (uint)message.Address.Bits,
        AddressHigh = (uint)(message.Address.Bits >> HighShift),
        Data = message.Data.Bits,
    };
}

/// <summary>A capability to enable (<c>struct kvm_enable_cap</c>).</summary>
[CName("struct kvm_enable_cap")]
[StructLayout(LayoutKind.Sequential)]
internal struct EnableCapability
{
    /// <summary>Which (<c>cap</c>).</summary>
    [CName("cap")] public KvmCapability Capability;
    /// <summary>Zero (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>First argument of the capability (<c>args</c>).</summary>
    [CName("args[0]")] public ulong Argument0;
    /// <summary>Second argument (<c>args</c>).</summary>
    [CName("args[1]")] public ulong Argument1;
    /// <summary>Third argument (<c>args</c>).</summary>
    [CName("args[2]")] public ulong Argument2;
    /// <summary>Fourth argument (<c>args</c>).</summary>
    [CName("args[3]")] public ulong Argument3;
    [CName("pad")] private PadBytes64 _pad;
}

/// <summary>The level of a line (<c>struct kvm_irq_level</c>).</summary>
[CName("struct kvm_irq_level")]
[StructLayout(LayoutKind.Sequential)]
internal struct IrqLevel
{
    /// <summary>The GSI; after <c>KVM_IRQ_LINE_STATUS</c>, the result (<c>irq</c>, <c>status</c>).</summary>
    [CName("irq")] public int GsiOrStatus;
    /// <summary>1 high, 0 low (<c>level</c>).</summary>
    [CName("level")] public uint Level;
}

/// <summary>A vector to inject (<c>struct kvm_interrupt</c>).</summary>
[CName("struct kvm_interrupt")]
[StructLayout(LayoutKind.Sequential)]
internal struct InterruptRequest
{
    /// <summary>The vector (<c>irq</c>).</summary>
    [CName("irq")] public uint Vector;
}

/// <summary>What a vCPU waits for (<c>struct kvm_mp_state</c>).</summary>
[CName("struct kvm_mp_state")]
[StructLayout(LayoutKind.Sequential)]
internal struct MpStateWord
{
    /// <summary>The state (<c>mp_state</c>).</summary>
    [CName("mp_state")] public KvmMpState State;
}

/// <summary>A range of guest memory (<c>struct kvm_userspace_memory_region</c>).</summary>
[CName("struct kvm_userspace_memory_region")]
[StructLayout(LayoutKind.Sequential)]
internal struct MemoryRegion
{
    /// <summary>The guest's writes exit (<c>KVM_MEM_READONLY</c>).</summary>
    [CName("KVM_MEM_READONLY")] internal const uint ReadOnly = 2;

    /// <summary>The number of the range in the machine (<c>slot</c>).</summary>
    [CName("slot")] public int Slot;
    /// <summary>The flag above (<c>flags</c>).</summary>
    [CName("flags")] public uint Flags;
    /// <summary>Guest-physical address (<c>guest_phys_addr</c>).</summary>
    [CName("guest_phys_addr")] public ulong GuestAddress;
    /// <summary>Bytes; zero removes the range (<c>memory_size</c>).</summary>
    [CName("memory_size")] public ulong Length;
    /// <summary>Address in this process (<c>userspace_addr</c>).</summary>
    [CName("userspace_addr")] public ulong HostAddress;
}

/// <summary>The state of one chip of the in-kernel set (<c>struct kvm_irqchip</c>).</summary>
[CName("struct kvm_irqchip")]
[StructLayout(LayoutKind.Explicit, Size = 520)]
internal struct IrqChipData
{
    /// <summary>The master 8259 (<c>KVM_IRQCHIP_PIC_MASTER</c>).</summary>
    [CName("KVM_IRQCHIP_PIC_MASTER")] internal const uint Master = 0;
    /// <summary>The slave 8259 (<c>KVM_IRQCHIP_PIC_SLAVE</c>).</summary>
    [CName("KVM_IRQCHIP_PIC_SLAVE")] internal const uint Slave = 1;
    /// <summary>The I/OAPIC (<c>KVM_IRQCHIP_IOAPIC</c>).</summary>
    [CName("KVM_IRQCHIP_IOAPIC")] internal const uint IoApicChip = 2;

    /// <summary>Which chip (<c>chip_id</c>).</summary>
    [FieldOffset(0), CName("chip_id")] public uint Chip;
    /// <summary>Zero (<c>pad</c>).</summary>
    [FieldOffset(4), CName("pad")] public uint Pad;
    /// <summary>The state of an 8259 (<c>chip.pic</c>).</summary>
    [FieldOffset(8), CName("chip.pic")] public KvmPicState Pic;
    /// <summary>The state of the I/OAPIC (<c>chip.ioapic</c>).</summary>
    [FieldOffset(8), CName("chip.ioapic")] public KvmIoApicState IoApic;
}

/// <summary>The header before the leaves of CPUID (<c>struct kvm_cpuid2</c>).</summary>
[CName("struct kvm_cpuid2")]
[StructLayout(LayoutKind.Sequential)]
internal struct CpuidHeader
{
    /// <summary>The number of leaves that follow. On entry, the number that there is room for (<c>nent</c>).</summary>
    [CName("nent")] public uint Count;
    /// <summary>Zero (<c>padding</c>).</summary>
    [CName("padding")] public uint Padding;
}
