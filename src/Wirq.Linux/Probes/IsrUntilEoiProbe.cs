using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Probes;

/// <summary>With a split irqchip: does the in-kernel local APIC keep ISR until the guest's EOI?</summary>
internal sealed class IsrUntilEoiProbe() : HostProbe("isr-until-eoi",
    "does the in-kernel local APIC keep ISR from delivery to the guest's EOI?",
    "priority among handlers, and acknowledges, hang on ISR")
{
    private const byte Vector = 0x51;
    private const uint EoiAddress = (uint)ApicBase.DefaultPage + (uint)ApicRegister.Eoi;
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(500);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        if (system.CheckExtension(KvmCapability.SplitIrqChip) == 0)
            return Lacks(KvmCapability.SplitIrqChip);
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.Split, code =>
        {
            Iced.Intel.Label again = code.Asm.CreateLabel();
            code.Asm.mov(ebx, EoiAddress);
            code.Asm.sti();
            code.Asm.Label(ref again);
            code.Asm.hlt();
            code.Asm.jmp(again);
            code.Handler(Vector);
            code.Mark(0x10);
            code.Asm.mov(__dword_ptr[rbx], 0);
            code.Mark(0x11);
            code.Asm.iretq();
        });
        if (!guest.Vm.SignalMsi(new Msi(MsiAddress.For(0), MsiData.For(Vector))))
            throw new ProbeException("a message to vCPU 0 is refused");
        guest.Expect(0x10, s_limit, "the handler is not entered");
        guest.Vcpu.GetLapic(out LapicState inside);
        guest.Expect(0x11, s_limit, "the handler does not go on after its EOI");
        guest.Vcpu.GetLapic(out LapicState after);
        bool held = inside.Has(ApicRegister.InService, Vector), let = !after.Has(ApicRegister.InService, Vector);
        return (held, let) switch
        {
            (true, true) => Faithful("yes"),
            (false, _) => Deviates("no: ISR is clear at the first instructions of the handler, before any EOI"),
            _ => Deviates("ISR is still set after the EOI"),
        };
    }
}
