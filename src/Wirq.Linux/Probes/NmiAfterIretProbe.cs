using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Probes;

/// <summary>Is an NMI that arrived during an NMI handler taken right after its IRET?</summary>
internal sealed class NmiAfterIretProbe() : HostProbe("nmi-after-iret",
    "is an NMI that came inside an NMI's handler taken right after IRET?",
    "guests that count NMIs, or look where one came, see the difference")
{
    private const byte Nmi = 2;
    private const uint Instructions = 20_000;
    private static readonly TimeSpan s_limit = TimeSpan.FromMilliseconds(500);

    private protected override (ProbeOutcome, string) Ask(KvmSystem system, ProbeDeadline deadline)
    {
        using var guest = ProbeGuest.LongMode(system, deadline, KvmIrqChip.None, Write);
        guest.Expect(0x13, s_limit, "the guest does not begin");
        Send(guest);
        guest.Expect(0x10, s_limit, "an NMI is not taken");
        Send(guest);
        if (!guest.RunTo(0x12, s_limit, out string instead))
            return Deviates(instead.Contains("0x11", StringComparison.Ordinal)
                ? $"no: not within {Instructions} turns of a loop" : $"the second NMI is not taken: {instead}");
        guest.Vcpu.Complete();
        KvmRegisters registers = guest.Vcpu.Registers;
        ulong turns = registers.Rdi - registers.Rsi;
        return turns == 0 ? Faithful("yes") : Deviates($"no: {turns} turns of a loop later");
    }

    private static void Send(ProbeGuest guest)
    {
        guest.Vcpu.Complete();
        guest.Vcpu.Nmi();
    }

    private static void Write(GuestCode code)
    {
        Iced.Intel.Label again = code.Asm.CreateLabel(), second = code.Asm.CreateLabel();
        code.Asm.xor(ebx, ebx);
        code.Asm.xor(ecx, ecx);
        code.Mark(0x13);
        code.Asm.Label(ref again);
        code.Asm.inc(ebx);
        code.Asm.cmp(ebx, Instructions);
        code.Asm.jb(again);
        code.Mark(0x11);
        code.Asm.hlt();
        code.Handler(Nmi);
        code.Asm.inc(ecx);
        code.Asm.cmp(ecx, 1);
        code.Asm.jne(second);
        code.Asm.mov(esi, ebx);
        code.Mark(0x10);
        code.Asm.iretq();
        code.Asm.Label(ref second);
        code.Asm.mov(edi, ebx);
        code.Mark(0x12);
        code.Asm.hlt();
    }
}
