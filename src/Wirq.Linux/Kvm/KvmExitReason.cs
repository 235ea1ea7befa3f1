using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>Why a vCPU left the guest (<c>exit_reason</c>; Linux Documentation/virt/kvm/api.rst, 5). Reasons of other
/// architectures, and of features that are never enabled here, have no name here.</summary>
public enum KvmExitReason : uint
{
    /// <summary>The processor reported a reason that KVM does not support (<c>KVM_EXIT_UNKNOWN</c>).</summary>
    [CName("KVM_EXIT_UNKNOWN")] Unknown = 0,
    /// <summary>A port is read or written (<c>KVM_EXIT_IO</c>).</summary>
    [CName("KVM_EXIT_IO")] Port = 2,
    /// <summary>A hypercall that exits at the request of userspace (<c>KVM_EXIT_HYPERCALL</c>).</summary>
    [CName("KVM_EXIT_HYPERCALL")] Hypercall = 3,
    /// <summary>A step or a breakpoint of <see cref="KvmVcpu.SetGuestDebug"/> (<c>KVM_EXIT_DEBUG</c>).</summary>
    [CName("KVM_EXIT_DEBUG")] Debug = 4,
    /// <summary>HLT, if the kernel has no local APIC (<c>KVM_EXIT_HLT</c>).</summary>
    [CName("KVM_EXIT_HLT")] Halt = 5,
    /// <summary>An address is read or written where the machine has no memory (<c>KVM_EXIT_MMIO</c>).</summary>
    [CName("KVM_EXIT_MMIO")] Memory = 6,
    /// <summary>An interrupt can be injected now, as requested (<c>KVM_EXIT_IRQ_WINDOW_OPEN</c>).</summary>
    [CName("KVM_EXIT_IRQ_WINDOW_OPEN")] InterruptWindow = 7,
    /// <summary>A triple fault (<c>KVM_EXIT_SHUTDOWN</c>).</summary>
    [CName("KVM_EXIT_SHUTDOWN")] Shutdown = 8,
    /// <summary>The processor refused the state of the guest (<c>KVM_EXIT_FAIL_ENTRY</c>).</summary>
    [CName("KVM_EXIT_FAIL_ENTRY")] FailEntry = 9,
    /// <summary>A kick, or another signal. Also an entry that only finished an instruction
    /// (<c>KVM_EXIT_INTR</c>).</summary>
    [CName("KVM_EXIT_INTR")] Interrupted = 10,
    /// <summary>CR8 was lowered (<c>KVM_EXIT_SET_TPR</c>).</summary>
    [CName("KVM_EXIT_SET_TPR")] SetTpr = 11,
    /// <summary>The TPR register was accessed, as requested (<c>KVM_EXIT_TPR_ACCESS</c>).</summary>
    [CName("KVM_EXIT_TPR_ACCESS")] TprAccess = 12,
    /// <summary>KVM cannot continue, for example at an instruction that it does not emulate
    /// (<c>KVM_EXIT_INTERNAL_ERROR</c>).</summary>
    [CName("KVM_EXIT_INTERNAL_ERROR")] InternalError = 17,
    /// <summary>Reset or power off by other means than a triple fault (<c>KVM_EXIT_SYSTEM_EVENT</c>).</summary>
    [CName("KVM_EXIT_SYSTEM_EVENT")] SystemEvent = 24,
    /// <summary>The guest ended a level interrupt at its in-kernel local APIC, with a split irqchip
    /// (<c>KVM_EXIT_IOAPIC_EOI</c>).</summary>
    [CName("KVM_EXIT_IOAPIC_EOI")] IoApicEoi = 26,
    /// <summary>An MSR is read (<c>KVM_EXIT_X86_RDMSR</c>).</summary>
    [CName("KVM_EXIT_X86_RDMSR")] ReadMsr = 29,
    /// <summary>An MSR is written (<c>KVM_EXIT_X86_WRMSR</c>).</summary>
    [CName("KVM_EXIT_X86_WRMSR")] WriteMsr = 30,
}

/// <summary>The cause of an internal error of KVM (<c>suberror</c>).</summary>
public enum KvmInternalError : uint
{
    /// <summary>It does not emulate the instruction (<c>KVM_INTERNAL_ERROR_EMULATION</c>).</summary>
    [CName("KVM_INTERNAL_ERROR_EMULATION")] Emulation = 1,
    /// <summary>Two exceptions at the same time (<c>KVM_INTERNAL_ERROR_SIMUL_EX</c>).</summary>
    [CName("KVM_INTERNAL_ERROR_SIMUL_EX")] SimultaneousExceptions = 2,
    /// <summary>The delivery of an interrupt or exception was interrupted by an exit that is not possible there
    /// (<c>KVM_INTERNAL_ERROR_DELIVERY_EV</c>).</summary>
    [CName("KVM_INTERNAL_ERROR_DELIVERY_EV")] EventDelivery = 3,
    /// <summary>The processor left the guest for a reason that KVM does not support
    /// (<c>KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON</c>).</summary>
    [CName("KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON")] UnexpectedExit = 4,
}

/// <summary>Why an access to an MSR exits, and which accesses must exit (<c>KVM_MSR_EXIT_REASON_*</c>).</summary>
[Flags]
public enum KvmMsrExits : uint
{
    /// <summary>None: the access raises #GP in the guest.</summary>
    None = 0,
    /// <summary>KVM has the MSR and refuses the access. This is also the reason for x2APIC registers if KVM has no
    /// local APIC (<c>KVM_MSR_EXIT_REASON_INVAL</c>).</summary>
    [CName("KVM_MSR_EXIT_REASON_INVAL")] Invalid = 1,
    /// <summary>KVM does not have the MSR (<c>KVM_MSR_EXIT_REASON_UNKNOWN</c>).</summary>
    [CName("KVM_MSR_EXIT_REASON_UNKNOWN")] Unknown = 2,
    /// <summary>The filter denies the access (<c>KVM_MSR_EXIT_REASON_FILTER</c>).</summary>
    [CName("KVM_MSR_EXIT_REASON_FILTER")] Filter = 4,
}

/// <summary>Accesses to an MSR (<c>KVM_MSR_FILTER_*</c>).</summary>
[Flags]
public enum KvmMsrAccess : uint
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>RDMSR (<c>KVM_MSR_FILTER_READ</c>).</summary>
    [CName("KVM_MSR_FILTER_READ")] Read = 1,
    /// <summary>WRMSR (<c>KVM_MSR_FILTER_WRITE</c>).</summary>
    [CName("KVM_MSR_FILTER_WRITE")] Write = 2,
}

/// <summary>How a guest is debugged from outside (<c>KVM_GUESTDBG_*</c>).</summary>
[Flags]
public enum KvmGuestDebug : uint
{
    /// <summary>Debugging is disabled.</summary>
    None = 0,
    /// <summary>Debugging is enabled (<c>KVM_GUESTDBG_ENABLE</c>).</summary>
    [CName("KVM_GUESTDBG_ENABLE")] Enable = 1,
    /// <summary>Every instruction exits (<c>KVM_GUESTDBG_SINGLESTEP</c>).</summary>
    [CName("KVM_GUESTDBG_SINGLESTEP")] SingleStep = 2,
    /// <summary>INT3 exits (<c>KVM_GUESTDBG_USE_SW_BP</c>).</summary>
    [CName("KVM_GUESTDBG_USE_SW_BP")] Breakpoints = 0x10000,
    /// <summary>No interrupt is injected while debugging (<c>KVM_GUESTDBG_BLOCKIRQ</c>).</summary>
    [CName("KVM_GUESTDBG_BLOCKIRQ")] BlockInterrupts = 0x100000,
}
