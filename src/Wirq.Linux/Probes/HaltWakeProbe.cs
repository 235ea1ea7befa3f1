using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Probes;

/// <summary>Without an irqchip: does HLT exit, and does an interrupt from userspace wake the guest?</summary>
internal sealed class HaltWakeProbe() : HostProbe("halt-wake",
    "without an irqchip, does HLT exit and KVM_INTERRUPT wake the guest?",
    "it is how `user` delivers every interrupt")
{
    private const byte Vector = 0x40;
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(500);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.None, code =>
        {
            Iced.Intel.Label again = code.Asm.CreateLabel();
            code.Asm.sti();
            code.Asm.Label(ref again);
            code.Asm.hlt();
            code.Mark(0x11);
            code.Asm.jmp(again);
            code.Handler(Vector);
            code.Mark(0x10);
            code.Asm.iretq();
        });
        if (guest.Run(s_limit) != KvmExitReason.Halt)
            return Deviates($"HLT does not exit: {guest.Vcpu.Exit.ToString()}");
        if (!guest.Vcpu.TryInterrupt(Vector))
            return Deviates("at HLT with RFLAGS.IF set KVM is not ready for an interrupt");
        if (!guest.RunTo(0x10, s_limit, out string instead))
            return Deviates($"the handler is not entered: {instead}");
        return guest.RunTo(0x11, s_limit, out instead) ? Faithful("yes") : Deviates($"IRET does not come back: {instead}");
    }
}
