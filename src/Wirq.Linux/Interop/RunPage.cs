using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>The page that KVM shares with the process that runs a vCPU, with the fields that are used here (<c>struct
/// kvm_run</c>). From offset 32 on, the fields of different exits overlap.</summary>
[CName("struct kvm_run", Partial = true)]
[StructLayout(LayoutKind.Explicit)]
internal struct RunPage
{
    [FieldOffset(0), CName("request_interrupt_window")] public byte RequestInterruptWindow;
    [FieldOffset(1), CName("immediate_exit")] public byte ImmediateExit;
    [FieldOffset(8), CName("exit_reason")] public KvmExitReason ExitReason;
    [FieldOffset(12), CName("ready_for_interrupt_injection")] public byte ReadyForInjection;
    [FieldOffset(13), CName("if_flag")] public byte InterruptFlag;
    [FieldOffset(16), CName("cr8")] public ulong Cr8;
    [FieldOffset(24), CName("apic_base")] public ulong ApicBase;

    [FieldOffset(32), CName("hw.hardware_exit_reason")] public ulong HardwareReason;

    [FieldOffset(32), CName("fail_entry.hardware_entry_failure_reason")] public ulong EntryFailure;
    [FieldOffset(40), CName("fail_entry.cpu")] public uint EntryFailureCpu;

    [FieldOffset(32), CName("io.direction")] public byte PortDirection;
    [FieldOffset(33), CName("io.size")] public byte PortSize;
    [FieldOffset(34), CName("io.port")] public ushort Port;
    [FieldOffset(36), CName("io.count")] public uint PortCount;
    [FieldOffset(40), CName("io.data_offset")] public ulong PortData;

    [FieldOffset(32), CName("debug.arch.exception")] public uint DebugException;
    [FieldOffset(40), CName("debug.arch.pc")] public ulong DebugPc;
    [FieldOffset(48), CName("debug.arch.dr6")] public ulong DebugDr6;
    [FieldOffset(56), CName("debug.arch.dr7")] public ulong DebugDr7;

    [FieldOffset(32), CName("mmio.phys_addr")] public ulong MemoryAddress;
    [FieldOffset(40), CName("mmio.data")] public ulong MemoryData;
    [FieldOffset(48), CName("mmio.len")] public uint MemoryLength;
    [FieldOffset(52), CName("mmio.is_write")] public byte MemoryIsWrite;

    [FieldOffset(32), CName("internal.suberror")] public KvmInternalError InternalError;
    [FieldOffset(36), CName("internal.ndata")] public uint ErrorWords;
    [FieldOffset(40), CName("internal.data")] public ErrorData ErrorData;

    [FieldOffset(32), CName("eoi.vector")] public byte EoiVector;

    [FieldOffset(32), CName("msr.error")] public byte MsrError;
    [FieldOffset(40), CName("msr.reason")] public KvmMsrExits MsrReason;
    [FieldOffset(44), CName("msr.index")] public uint MsrIndex;
    [FieldOffset(48), CName("msr.data")] public ulong MsrData;

    [FieldOffset(32), CName("system_event.type")] public uint SystemEvent;
}

/// <summary>KVM's report about its own failure, word by word.</summary>
[InlineArray(Words)]
internal struct ErrorData
{
    internal const int Words = 16;

    private ulong _first;
}
