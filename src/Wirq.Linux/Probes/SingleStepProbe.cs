namespace Wirq.Linux.Probes;

/// <summary>Does stepping exit after each instruction?</summary>
internal sealed class SingleStepProbe() : HostProbe("single-step",
    "does stepping a guest exit after each instruction?",
    "a KVM that injects only now and then can be stepped to the window")
{
    private const int Steps = 6;
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(300);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        if (system.CheckExtension(KvmCapability.SetGuestDebug) == 0)
            return Lacks(KvmCapability.SetGuestDebug);
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.None, code =>
        {
            // Each instruction is one byte.
            for (int count = 0; count < Steps; count++)
                code.Asm.nop();
            code.Mark(0x10);
            code.Asm.hlt();
        });
        guest.Vcpu.SetGuestDebug(KvmGuestDebug.SingleStep);
        for (int step = 1; step <= Steps; step++)
        {
            if (guest.Run(s_limit) != KvmExitReason.Debug)
                return Deviates($"step {step} does not: {guest.Vcpu.Exit.ToString()}");
            if (guest.Vcpu.Exit.Debug.Pc != (ulong)(ProbeGuest.Code + step))
                return Deviates($"step {step} is at 0x{guest.Vcpu.Exit.Debug.Pc:x}, not 0x{ProbeGuest.Code + step:x}");
        }
        return Faithful("yes");
    }
}
