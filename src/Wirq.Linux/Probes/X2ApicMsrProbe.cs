using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Probes;

/// <summary>Without an irqchip: do accesses to x2APIC registers exit, and can they be answered and refused?</summary>
internal sealed class X2ApicMsrProbe() : HostProbe("x2apic-msr",
    "without an irqchip, do x2APIC registers exit, and is the answer heard?",
    "a local APIC in userspace has x2APIC mode by it")
{
    private const uint IdRegister = ApicMsr.FirstX2Apic + (uint)ApicRegister.Id / LocalApics.RegisterStride,
        EoiRegister = ApicMsr.FirstX2Apic + (uint)ApicRegister.Eoi / LocalApics.RegisterStride, Answer = 0x12345678;
    private const byte GeneralProtection = 13;
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(500);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        if (system.CheckExtension(KvmCapability.UserSpaceMsr) == 0)
            return Lacks(KvmCapability.UserSpaceMsr);
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.None, Write,
            vm => vm.EnableUserSpaceMsr(KvmMsrExits.Invalid | KvmMsrExits.Unknown | KvmMsrExits.Filter));
        if (guest.Run(s_limit) != KvmExitReason.ReadMsr || guest.Vcpu.Exit.Msr.Index != IdRegister)
            return Deviates($"RDMSR 0x{IdRegister:x} does not exit: {guest.Vcpu.Exit.ToString()}");
        string why = guest.Vcpu.Exit.Msr.Why.ToString();
        guest.Vcpu.Exit.Msr.Answer(Answer);
        if (guest.Run(s_limit) != KvmExitReason.WriteMsr || guest.Vcpu.Exit.Msr is not { Index: EoiRegister, Value: Answer })
            return Deviates($"WRMSR 0x{EoiRegister:x} of what was read does not exit so: {guest.Vcpu.Exit.ToString()}");
        guest.Vcpu.Exit.Msr.Accept();
        if (guest.Run(s_limit) != KvmExitReason.WriteMsr)
            return Deviates($"the second WRMSR does not exit: {guest.Vcpu.Exit.ToString()}");
        guest.Vcpu.Exit.Msr.Fault();
        return guest.RunTo(0x10, s_limit, out string instead)
            ? Faithful($"yes, for the reason {why.ToLowerInvariant()}")
            : Deviates($"a refused WRMSR does not give #GP: {instead}");
    }

    private static void Write(GuestCode code)
    {
        code.Asm.mov(ecx, IdRegister);
        code.Asm.rdmsr();
        code.Asm.mov(ecx, EoiRegister);
        code.Asm.xor(edx, edx);
        code.Asm.wrmsr();
        code.Asm.wrmsr();
        code.Mark(0x11);
        code.Asm.hlt();
        code.Handler(GeneralProtection);
        code.Mark(0x10);
        code.Asm.hlt();
    }
}
