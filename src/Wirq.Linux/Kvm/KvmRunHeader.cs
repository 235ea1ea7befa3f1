using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>The beginning of the page that KVM shares with the process that runs a vCPU (<c>struct
/// kvm_run</c>).</summary>
[CName("struct kvm_run", Partial = true)]
[StructLayout(LayoutKind.Explicit)]
internal struct KvmRunHeader
{
    /// <summary>1: leave the guest as soon as it can take an interrupt (<c>request_interrupt_window</c>).</summary>
    [FieldOffset(0), CName("request_interrupt_window")] public byte RequestInterruptWindow;
    /// <summary>1: leave the guest at once after the entry (<c>immediate_exit</c>).</summary>
    [FieldOffset(1), CName("immediate_exit")] public byte ImmediateExit;
    /// <summary>Why the guest was left (<c>exit_reason</c>).</summary>
    [FieldOffset(8), CName("exit_reason")] public uint ExitReason;
    /// <summary>1: an interrupt can be injected now (<c>ready_for_interrupt_injection</c>).</summary>
    [FieldOffset(12), CName("ready_for_interrupt_injection")] public byte ReadyForInjection;
    /// <summary>The guest's RFLAGS.IF (<c>if_flag</c>).</summary>
    [FieldOffset(13), CName("if_flag")] public byte InterruptFlag;
    /// <summary>More state of the vCPU (<c>flags</c>).</summary>
    [FieldOffset(14), CName("flags")] public ushort Flags;
    /// <summary>CR8. Without an in-kernel irqchip, KVM and userspace exchange it here (<c>cr8</c>).</summary>
    [FieldOffset(16), CName("cr8")] public ulong Cr8;
    /// <summary>IA32_APIC_BASE, exchanged in the same way (<c>apic_base</c>).</summary>
    [FieldOffset(24), CName("apic_base")] public ulong ApicBase;
}
