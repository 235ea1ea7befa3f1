using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Probes;

/// <summary>Does stepping exit after IRETQ?</summary>
internal sealed class StepOverIretProbe() : HostProbe("step-over-iret",
    "does stepping a guest exit after IRETQ?",
    "where it does not, whoever steps has to emulate IRETQ")
{
    private const int MostSteps = 16, NopsBehind = 3;
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(300);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        if (system.CheckExtension(KvmCapability.SetGuestDebug) == 0)
            return Lacks(KvmCapability.SetGuestDebug);
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.None, code =>
        {
            Iced.Intel.Label behind = code.Asm.CreateLabel();
            code.Asm.mov(rbx, rsp);
            code.Asm.push(Mode64.DataSelector);
            code.Asm.push(rbx);
            code.Asm.push(2);
            code.Asm.push(Mode64.CodeSelector);
            code.Asm.lea(rax, __[behind]);
            code.Asm.mov(ebp, eax);
            code.Asm.push(rax);
            code.Asm.iretq();
            code.Asm.Label(ref behind);
            for (int count = 0; count < NopsBehind; count++)
                code.Asm.nop();
            code.Mark(0x10);
            code.Asm.hlt();
        });
        guest.Vcpu.SetGuestDebug(KvmGuestDebug.SingleStep);
        ulong last = 0;
        for (int step = 0; step < MostSteps; step++)
        {
            KvmExitReason reason = guest.Run(s_limit);
            ulong behind = guest.Vcpu.Registers.Rbp;
            if (reason != KvmExitReason.Debug)
                return Deviates($"after 0x{last:x}: {guest.Vcpu.Exit.ToString()}");
            last = guest.Vcpu.Exit.Debug.Pc;
            if (behind != 0 && last == behind)
                return Faithful("yes");
            if (behind != 0 && last > behind)
                return Deviates("no: what stands behind it runs before the next exit");
        }
        return Deviates($"it does not come there in {MostSteps} steps");
    }
}
