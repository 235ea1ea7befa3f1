using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>A capability of KVM (Linux Documentation/virt/kvm/api.rst). <see cref="KvmSystem.CheckExtension"/> returns
/// 0 if the kernel does not have it; else 1, or a limit or flags as documented for each.</summary>
public enum KvmCapability : uint
{
    /// <summary>In-kernel interrupt controllers (<c>KVM_CAP_IRQCHIP</c>).</summary>
    [CName("KVM_CAP_IRQCHIP")] IrqChip = 0,
    /// <summary>Accesses to the TPR register can exit (<c>KVM_CAP_VAPIC</c>).</summary>
    [CName("KVM_CAP_VAPIC")] Vapic = 6,
    /// <summary>How many vCPUs are recommended (<c>KVM_CAP_NR_VCPUS</c>).</summary>
    [CName("KVM_CAP_NR_VCPUS")] RecommendedVcpus = 9,
    /// <summary>MP state (<c>KVM_CAP_MP_STATE</c>).</summary>
    [CName("KVM_CAP_MP_STATE")] MpState = 14,
    /// <summary>NMIs from userspace (<c>KVM_CAP_USER_NMI</c>).</summary>
    [CName("KVM_CAP_USER_NMI")] UserNmi = 22,
    /// <summary>Stepping and breakpoints (<c>KVM_CAP_SET_GUEST_DEBUG</c>).</summary>
    [CName("KVM_CAP_SET_GUEST_DEBUG")] SetGuestDebug = 23,
    /// <summary>How many routes the table holds (<c>KVM_CAP_IRQ_ROUTING</c>).</summary>
    [CName("KVM_CAP_IRQ_ROUTING")] IrqRouting = 25,
    /// <summary>Lines whose calls return a result (<c>KVM_CAP_IRQ_INJECT_STATUS</c>).</summary>
    [CName("KVM_CAP_IRQ_INJECT_STATUS")] IrqInjectStatus = 26,
    /// <summary>Eventfds that raise a GSI (<c>KVM_CAP_IRQFD</c>).</summary>
    [CName("KVM_CAP_IRQFD")] Irqfd = 32,
    /// <summary>The in-kernel 8254 (<c>KVM_CAP_PIT2</c>).</summary>
    [CName("KVM_CAP_PIT2")] Pit2 = 33,
    /// <summary>Eventfds that the guest's writes signal (<c>KVM_CAP_IOEVENTFD</c>).</summary>
    [CName("KVM_CAP_IOEVENTFD")] Ioeventfd = 36,
    /// <summary>Xen's interfaces (<c>KVM_CAP_XEN_HVM</c>): flags.</summary>
    [CName("KVM_CAP_XEN_HVM")] XenHvm = 38,
    /// <summary>What a vCPU has pending (<c>KVM_CAP_VCPU_EVENTS</c>).</summary>
    [CName("KVM_CAP_VCPU_EVENTS")] VcpuEvents = 41,
    /// <summary>Hyper-V's interfaces (<c>KVM_CAP_HYPERV</c>).</summary>
    [CName("KVM_CAP_HYPERV")] HyperV = 44,
    /// <summary>Interrupt shadows in <see cref="KvmVcpuEvents"/> (<c>KVM_CAP_INTR_SHADOW</c>).</summary>
    [CName("KVM_CAP_INTR_SHADOW")] InterruptShadow = 49,
    /// <summary>How many vCPUs a machine can have (<c>KVM_CAP_MAX_VCPUS</c>).</summary>
    [CName("KVM_CAP_MAX_VCPUS")] MaxVcpus = 66,
    /// <summary>TSC-deadline mode of the in-kernel local APIC's timer (<c>KVM_CAP_TSC_DEADLINE_TIMER</c>).</summary>
    [CName("KVM_CAP_TSC_DEADLINE_TIMER")] TscDeadlineTimer = 72,
    /// <summary>Registers in the run page: flags (<c>KVM_CAP_SYNC_REGS</c>).</summary>
    [CName("KVM_CAP_SYNC_REGS")] SyncRegisters = 74,
    /// <summary>Messages that do not use the route table (<c>KVM_CAP_SIGNAL_MSI</c>).</summary>
    [CName("KVM_CAP_SIGNAL_MSI")] SignalMsi = 77,
    /// <summary>Guest memory that cannot be written (<c>KVM_CAP_READONLY_MEM</c>).</summary>
    [CName("KVM_CAP_READONLY_MEM")] ReadOnlyMemory = 81,
    /// <summary>Irqfds with a resample eventfd (<c>KVM_CAP_IRQFD_RESAMPLE</c>).</summary>
    [CName("KVM_CAP_IRQFD_RESAMPLE")] IrqfdResample = 82,
    /// <summary>System management mode (<c>KVM_CAP_X86_SMM</c>).</summary>
    [CName("KVM_CAP_X86_SMM")] Smm = 117,
    /// <summary>Local APICs in the kernel, the rest outside (<c>KVM_CAP_SPLIT_IRQCHIP</c>).</summary>
    [CName("KVM_CAP_SPLIT_IRQCHIP")] SplitIrqChip = 121,
    /// <summary>The highest vCPU id plus one (<c>KVM_CAP_MAX_VCPU_ID</c>).</summary>
    [CName("KVM_CAP_MAX_VCPU_ID")] MaxVcpuId = 128,
    /// <summary>32-bit APIC ids: <see cref="X2ApicApi"/> flags (<c>KVM_CAP_X2APIC_API</c>).</summary>
    [CName("KVM_CAP_X2APIC_API")] X2ApicApi = 129,
    /// <summary>Device ids in messages (<c>KVM_CAP_MSI_DEVID</c>).</summary>
    [CName("KVM_CAP_MSI_DEVID")] MsiDeviceId = 131,
    /// <summary>Entering a vCPU only to leave it at once (<c>KVM_CAP_IMMEDIATE_EXIT</c>).</summary>
    [CName("KVM_CAP_IMMEDIATE_EXIT")] ImmediateExit = 136,
    /// <summary>State of nested guests: its size in bytes (<c>KVM_CAP_NESTED_STATE</c>).</summary>
    [CName("KVM_CAP_NESTED_STATE")] NestedState = 157,
    /// <summary>MSRs that exit to userspace (<c>KVM_CAP_X86_USER_SPACE_MSR</c>).</summary>
    [CName("KVM_CAP_X86_USER_SPACE_MSR")] UserSpaceMsr = 188,
    /// <summary>A filter that selects those MSRs (<c>KVM_CAP_X86_MSR_FILTER</c>).</summary>
    [CName("KVM_CAP_X86_MSR_FILTER")] MsrFilter = 189,
    /// <summary>Hypercalls that can exit: one bit for each (<c>KVM_CAP_EXIT_HYPERCALL</c>).</summary>
    [CName("KVM_CAP_EXIT_HYPERCALL")] ExitHypercall = 201,
    /// <summary>The clock of the in-kernel local APIC's timer can be set
    /// (<c>KVM_CAP_X86_APIC_BUS_CYCLES_NS</c>).</summary>
    [CName("KVM_CAP_X86_APIC_BUS_CYCLES_NS", Recent = true)] ApicBusCycles = 237,
}

/// <summary>What <see cref="KvmCapability.X2ApicApi"/> enables (Linux Documentation/virt/kvm/api.rst, 7.7).</summary>
[Flags]
public enum X2ApicApi : ulong
{
    /// <summary>8-bit ids; the default.</summary>
    None = 0,
    /// <summary>Destination bits 31:8 are in address bits 63:40 of messages, and ids in LAPIC state have 32 bits
    /// (<c>KVM_X2APIC_API_USE_32BIT_IDS</c>).</summary>
    [CName("KVM_X2APIC_API_USE_32BIT_IDS")] Use32BitIds = 1,
    /// <summary>0xFF is an ordinary id for local APICs in x2APIC mode, not a broadcast
    /// (<c>KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK</c>).</summary>
    [CName("KVM_X2APIC_API_DISABLE_BROADCAST_QUIRK")] DisableBroadcastQuirk = 2,
    /// <summary>A guest can suppress EOI broadcasts, and then no EOI is reported; only with a split irqchip
    /// (<c>KVM_X2APIC_ENABLE_SUPPRESS_EOI_BROADCAST</c>).</summary>
    [CName("KVM_X2APIC_ENABLE_SUPPRESS_EOI_BROADCAST", Recent = true)] EnableSuppressEoiBroadcast = 4,
    /// <summary>Suppression of EOI broadcasts is not advertised to the guest
    /// (<c>KVM_X2APIC_DISABLE_SUPPRESS_EOI_BROADCAST</c>).</summary>
    [CName("KVM_X2APIC_DISABLE_SUPPRESS_EOI_BROADCAST", Recent = true)] DisableSuppressEoiBroadcast = 8,
}

/// <summary>The interrupt controllers of a machine that are in the kernel.</summary>
public enum KvmIrqChip : byte
{
    /// <summary>None; all are in userspace.</summary>
    None,
    /// <summary>The local APICs. The I/OAPIC and the 8259 pair are in userspace.</summary>
    Split,
    /// <summary>All.</summary>
    Full,
}

/// <summary>What a vCPU does or waits for (<c>mp_state</c>).</summary>
public enum KvmMpState : uint
{
    /// <summary>It runs (<c>KVM_MP_STATE_RUNNABLE</c>).</summary>
    [CName("KVM_MP_STATE_RUNNABLE")] Runnable = 0,
    /// <summary>It waits for INIT. All vCPUs except vCPU 0 begin in this state
    /// (<c>KVM_MP_STATE_UNINITIALIZED</c>).</summary>
    [CName("KVM_MP_STATE_UNINITIALIZED")] Uninitialized = 1,
    /// <summary>It waits for SIPI (<c>KVM_MP_STATE_INIT_RECEIVED</c>).</summary>
    [CName("KVM_MP_STATE_INIT_RECEIVED")] InitReceived = 2,
    /// <summary>It waits for an interrupt (<c>KVM_MP_STATE_HALTED</c>).</summary>
    [CName("KVM_MP_STATE_HALTED")] Halted = 3,
    /// <summary>It has received SIPI (<c>KVM_MP_STATE_SIPI_RECEIVED</c>).</summary>
    [CName("KVM_MP_STATE_SIPI_RECEIVED")] SipiReceived = 4,
}
