using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Probes;

/// <summary>Can the filter make IA32_APIC_BASE exit?</summary>
internal sealed class ApicBaseProbe() : HostProbe("apic-base-filter",
    "does a write of IA32_APIC_BASE exit when the filter denies it?",
    "a local APIC in userspace must hear of its mode and address")
{
    private static readonly ulong s_value = ApicBase.Reset(bootstrap: false).Bits;
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(500);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        if (system.CheckExtension(KvmCapability.MsrFilter) == 0)
            return Lacks(KvmCapability.MsrFilter);
        using var guest = ProbeGuest.RealMode(system, deadline, KvmIrqChip.None, code =>
        {
            code.Asm.mov(ecx, ApicMsr.Base);
            code.Asm.xor(edx, edx);
            code.Asm.mov(eax, (uint)s_value);
            code.Asm.wrmsr();
            code.Mark(0x10);
            code.Asm.hlt();
        }, vm =>
        {
            vm.EnableUserSpaceMsr(KvmMsrExits.Filter);
            vm.SetMsrFilter(new KvmMsrRange(ApicMsr.Base, 1, KvmMsrAccess.Read | KvmMsrAccess.Write));
        });
        if (guest.Run(s_limit) != KvmExitReason.WriteMsr
            || guest.Vcpu.Exit.Msr is not { Index: ApicMsr.Base, Why: KvmMsrExits.Filter } denied || denied.Value != s_value)
            return Deviates($"no: {guest.Vcpu.Exit.ToString()}");
        guest.Vcpu.Exit.Msr.Accept();
        return guest.RunTo(0x10, s_limit, out string instead) ? Faithful("yes") : Deviates($"then: {instead}");
    }
}
