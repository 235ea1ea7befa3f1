using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>Exceptions, interrupts and NMIs of a vCPU that are pending or being delivered (<c>struct
/// kvm_vcpu_events</c>).</summary>
[CName("struct kvm_vcpu_events")]
[StructLayout(LayoutKind.Sequential)]
public struct KvmVcpuEvents
{
    /// <summary>An exception is being delivered (<c>exception.injected</c>).</summary>
    [CName("exception.injected")] public byte ExceptionInjected;
    /// <summary>Its vector (<c>exception.nr</c>).</summary>
    [CName("exception.nr")] public byte ExceptionVector;
    /// <summary>It has an error code (<c>exception.has_error_code</c>).</summary>
    [CName("exception.has_error_code")] public byte ExceptionHasErrorCode;
    /// <summary>An exception is pending (<c>exception.pending</c>).</summary>
    [CName("exception.pending")] public byte ExceptionPending;
    /// <summary>The error code (<c>exception.error_code</c>).</summary>
    [CName("exception.error_code")] public uint ExceptionErrorCode;
    /// <summary>An interrupt is being delivered (<c>interrupt.injected</c>).</summary>
    [CName("interrupt.injected")] public byte InterruptInjected;
    /// <summary>Its vector (<c>interrupt.nr</c>).</summary>
    [CName("interrupt.nr")] public byte InterruptVector;
    /// <summary>It is a software interrupt: INT n (<c>interrupt.soft</c>).</summary>
    [CName("interrupt.soft")] public byte InterruptSoft;
    /// <summary>Interrupts are blocked by STI (2) or MOV SS (1) (<c>interrupt.shadow</c>).</summary>
    [CName("interrupt.shadow")] public byte InterruptShadow;
    /// <summary>An NMI is being delivered (<c>nmi.injected</c>).</summary>
    [CName("nmi.injected")] public byte NmiInjected;
    /// <summary>NMIs that are pending (<c>nmi.pending</c>).</summary>
    [CName("nmi.pending")] public byte NmiPending;
    /// <summary>NMIs are blocked until IRET (<c>nmi.masked</c>).</summary>
    [CName("nmi.masked")] public byte NmiMasked;
    [CName("nmi.pad")] private byte _nmiPad;
    /// <summary>The vector of a SIPI (<c>sipi_vector</c>).</summary>
    [CName("sipi_vector")] public uint SipiVector;
    /// <summary>The optional fields that are valid (<c>flags</c>).</summary>
    [CName("flags")] public KvmVcpuEventFields Flags;
    /// <summary>In system management mode (<c>smi.smm</c>).</summary>
    [CName("smi.smm")] public byte SmiActive;
    /// <summary>An SMI is pending (<c>smi.pending</c>).</summary>
    [CName("smi.pending")] public byte SmiPending;
    /// <summary>The SMI came during an NMI (<c>smi.smm_inside_nmi</c>).</summary>
    [CName("smi.smm_inside_nmi")] public byte SmiInsideNmi;
    /// <summary>An INIT waits for the end of system management mode (<c>smi.latched_init</c>).</summary>
    [CName("smi.latched_init")] public byte LatchedInit;
    /// <summary>A triple fault is pending (<c>triple_fault.pending</c>).</summary>
    [CName("triple_fault.pending")] public byte TripleFaultPending;
    [CName("reserved")] private PadBytes26 _reserved;
    /// <summary>The exception has a payload (<c>exception_has_payload</c>).</summary>
    [CName("exception_has_payload")] public byte ExceptionHasPayload;
    /// <summary>DR6 or CR2 of the exception (<c>exception_payload</c>).</summary>
    [CName("exception_payload")] public ulong ExceptionPayload;
}

/// <summary>The optional fields of <see cref="KvmVcpuEvents"/> that a call sets.</summary>
[Flags]
public enum KvmVcpuEventFields : uint
{
    /// <summary>None of them. The exception, the interrupt and the other NMI fields are always set.</summary>
    None = 0,
    /// <summary><see cref="KvmVcpuEvents.NmiPending"/> (<c>KVM_VCPUEVENT_VALID_NMI_PENDING</c>).</summary>
    [CName("KVM_VCPUEVENT_VALID_NMI_PENDING")] NmiPending = 1,
    /// <summary><see cref="KvmVcpuEvents.SipiVector"/> (<c>KVM_VCPUEVENT_VALID_SIPI_VECTOR</c>).</summary>
    [CName("KVM_VCPUEVENT_VALID_SIPI_VECTOR")] SipiVector = 2,
    /// <summary><see cref="KvmVcpuEvents.InterruptShadow"/> (<c>KVM_VCPUEVENT_VALID_SHADOW</c>).</summary>
    [CName("KVM_VCPUEVENT_VALID_SHADOW")] Shadow = 4,
    /// <summary>The fields of SMM (<c>KVM_VCPUEVENT_VALID_SMM</c>).</summary>
    [CName("KVM_VCPUEVENT_VALID_SMM")] Smm = 8,
}
