using System.Diagnostics;
using Wirq.Linux;

namespace Wirq.Board.Workarounds;

/// <summary>Answers a VMCALL or VMMCALL at CPL 0 at which a KVM hangs (probe <c>vmcall</c>): the vCPU is kicked
/// regularly, and if it is at such an instruction, the instruction is emulated here.</summary>
/// <remarks>The result is that of a KVM without a local APIC and without features: -ENOSYS, except 0 for a poll for
/// interrupts and for IPIs, which reach no local APIC (Linux arch/x86/kvm/x86.c, kvm_emulate_hypercall; lapic.c,
/// kvm_pv_send_ipi).</remarks>
internal sealed class SkipVmcall : Workaround
{
    internal const string Word = "skip-vmcall";
    private const ulong PollInterrupts = 1, SendIpi = 10;
    private const long NotImplemented = -1000;
    private const int Length = 3;

    private long _lastLook;

    /// <summary>The period of the kicks.</summary>
    internal static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    internal override string Name => Word;

    internal override WorkaroundResult BeforeEntry(GuestView view, bool interruptWaits, Action finish)
    {
        // In this state only a kick makes the vCPU exit.
        if (view.Vcpu.Exit.Reason != KvmExitReason.Interrupted || Stopwatch.GetElapsedTime(_lastLook) < Period / 2)
            return WorkaroundResult.GoOn;
        _lastLook = Stopwatch.GetTimestamp();
        KvmRegisters registers = view.Vcpu.Registers;
        Span<byte> buffer = stackalloc byte[Length];
        ReadOnlySpan<byte> code = view.ReadCode(view.Vcpu.SystemRegisters, registers.Rip, buffer);
        if (code is not [0x0F, 0x01, 0xC1 or 0xD9])
            return WorkaroundResult.GoOn;
        registers.Rax = registers.Rax is PollInterrupts or SendIpi ? 0 : unchecked((ulong)NotImplemented);
        registers.Rip += Length;
        view.Vcpu.Registers = registers;
        return WorkaroundResult.GoOn;
    }
}
