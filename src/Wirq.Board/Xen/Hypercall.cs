using Wirq.Linux;

namespace Wirq.Board.Xen;

/// <summary>The number of a hypercall (<c>__HYPERVISOR_*</c>).</summary>
internal enum HypercallNumber : uint
{
    MemoryOp = 12,
    XenVersion = 17,
    ConsoleIo = 18,
    VcpuOp = 24,
    SchedOp = 29,
    EventChannelOp = 32,
    HvmOp = 34,
}

/// <summary>A hypercall as its registers show it.</summary>
/// <remarks>64-bit: RDI, RSI, RDX. 32-bit: EBX, ECX, EDX (Xen, public/arch-x86/xen-x86_64.h and xen-x86_32.h).</remarks>
/// <param name="Number">EAX; may be anything.</param>
/// <param name="First">The first argument; may be anything.</param>
/// <param name="Second">The second.</param>
/// <param name="Third">The third.</param>
internal readonly record struct Hypercall(HypercallNumber Number, ulong First, ulong Second, ulong Third)
{
    internal static Hypercall Of(in KvmRegisters registers, bool is64Bit) => is64Bit
        ? new((HypercallNumber)(uint)registers.Rax, registers.Rdi, registers.Rsi, registers.Rdx)
        : new((HypercallNumber)(uint)registers.Rax, (uint)registers.Rbx, (uint)registers.Rcx, (uint)registers.Rdx);
}

/// <summary>What a hypercall comes to.</summary>
/// <param name="Value">What the guest gets in RAX.</param>
/// <param name="Then">What the vCPU does then.</param>
internal readonly record struct HypercallAnswer(long Value, HypercallThen Then = HypercallThen.Continues)
{
    public static implicit operator HypercallAnswer(Wirq.Xen.XenError error) => new(-(long)error);
}

/// <summary>What a vCPU does after a hypercall.</summary>
internal enum HypercallThen
{
    /// <summary>It runs.</summary>
    Continues,
    /// <summary>It waits for an event or its timeout.</summary>
    Waits,
    /// <summary>The guest has ended.</summary>
    Ends,
}
