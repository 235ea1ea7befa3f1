using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Probes;

/// <summary>Does a guest run in real mode and in 64-bit mode?</summary>
internal sealed class GuestRunsProbe() : HostProbe("guest-runs",
    "does a guest run, in real and in 64-bit mode, and exit at a port and at memory?",
    "without it nothing else does")
{
    private const uint Nowhere = (uint)IoApicOptions.DefaultAddress, Pattern = 0x5A17C0DE;
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(500);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        using (var guest = ProbeGuest.RealMode(system, deadline, KvmIrqChip.None, code =>
        {
            code.Asm.mov(al, 0x5A);
            code.Mark(0x10);
            code.Asm.hlt();
        }))
        {
            if (!guest.RunTo(0x10, s_limit, out string instead))
                return Deviates($"in real mode OUT does not exit: {instead}");
            if (guest.Vcpu.Exit.Port[0] != 0x5A)
                return Deviates($"OUT of 0x5a exits with 0x{guest.Vcpu.Exit.Port[0]:x}");
        }
        using (var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.None, code =>
        {
            code.Asm.mov(ebx, Nowhere);
            code.Asm.mov(eax, __dword_ptr[rbx]);
            code.Asm.mov(__dword_ptr[rbx], eax);
            code.Asm.hlt();
        }))
        {
            if (guest.Run(s_limit) != KvmExitReason.Memory)
                return Deviates($"in 64-bit mode a read of 0x{Nowhere:x} does not exit: {guest.Vcpu.Exit.ToString()}");
            guest.Vcpu.Exit.Memory.Answer(Pattern);
            if (guest.Run(s_limit) != KvmExitReason.Memory || guest.Vcpu.Exit.Memory is not { IsWrite: true, Value: Pattern })
                return Deviates($"what was answered is not what is written: {guest.Vcpu.Exit.ToString()}");
        }
        return Faithful("yes, in both modes");
    }
}
