using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Probes;

/// <summary>Does VMCALL at CPL 0 return?</summary>
internal sealed class VmcallProbe() : HostProbe("vmcall",
    "does VMCALL at CPL 0 come back to the guest?",
    "where it does not, a guest that tries a hypercall hangs inside KVM_RUN")
{
    private const uint NoSuchCall = 0x7FFFFFFF;
    private const byte InvalidOpcode = 6;
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(200);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.None, code =>
        {
            code.Asm.mov(eax, NoSuchCall);
            code.Asm.vmcall();
            code.Mark(0x10);
            code.Asm.hlt();
            code.Handler(InvalidOpcode);
            code.Mark(0x11);
            code.Asm.hlt();
        });
        switch (guest.Run(s_limit))
        {
            case KvmExitReason.Interrupted:
                return Deviates($"not within {s_limit.TotalMilliseconds:0} ms: KVM_RUN goes round until a signal comes");
            case KvmExitReason.Port when guest.Vcpu.Exit.Port.Port == 0x11:
                return Deviates("it raises #UD");
            case KvmExitReason.Port:
                guest.Vcpu.Complete();
                return Faithful($"yes, with {(long)guest.Vcpu.Registers.Rax}");
            default:
                return Deviates(guest.Vcpu.Exit.ToString());
        }
    }
}
