using Wirq.Linux.Probes;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Linux.Tests.Running;

/// <summary>Guests of a few instructions.</summary>
internal static class TestGuest
{
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    internal static ProbeGuest RealMode(KvmSystem system, Action<GuestCode> write, KvmIrqChip chip = KvmIrqChip.None,
        Action<KvmVm>? prepare = null) =>
        ProbeGuest.RealMode(system, ProbeDeadline.In(TimeSpan.FromSeconds(9)), chip, write, prepare);

    internal static ProbeGuest LongMode(KvmSystem system, Action<GuestCode> write, KvmIrqChip chip = KvmIrqChip.None,
        Action<KvmVm>? prepare = null) =>
        ProbeGuest.LongMode(system, ProbeDeadline.In(TimeSpan.FromSeconds(9)), chip, write, prepare);

    /// <summary>Goes round, and never exits.</summary>
    internal static void Busy(GuestCode code)
    {
        Iced.Intel.Label again = code.Asm.CreateLabel();
        code.Asm.Label(ref again);
        code.Asm.inc(ebx);
        code.Asm.jmp(again);
    }

    /// <summary>Goes round, with an exit in each turn.</summary>
    internal static void Chatty(GuestCode code)
    {
        Iced.Intel.Label again = code.Asm.CreateLabel();
        code.Asm.Label(ref again);
        code.Asm.@in(al, 0x60);
        code.Asm.inc(ebx);
        code.Asm.@out(0x61, al);
        code.Asm.jmp(again);
    }

    /// <summary>Halts again and again, interrupts let in.</summary>
    internal static void Halting(GuestCode code)
    {
        Iced.Intel.Label again = code.Asm.CreateLabel();
        code.Asm.sti();
        code.Asm.Label(ref again);
        code.Asm.hlt();
        code.Asm.jmp(again);
        code.Handler(0x40);
        code.Asm.inc(ebx);
        code.Mark(0x62);
        code.Asm.iretq();
    }

    /// <summary>Tries a hypercall again and again: a peculiar KVM never comes back from the first.</summary>
    internal static void Hypercalls(GuestCode code)
    {
        Iced.Intel.Label again = code.Asm.CreateLabel();
        code.Asm.Label(ref again);
        code.Asm.mov(eax, 0x7FFFFFFF);
        code.Asm.vmcall();
        code.Asm.jmp(again);
    }
}

/// <summary>Serves exits as a test wants.</summary>
internal sealed class TestHandler : IVcpuHandler
{
    internal delegate VcpuNext ExitServer(KvmVcpu vcpu, KvmExit exit);

    internal Func<KvmVcpu, VcpuNext> Before { get; init; } = _ => VcpuNext.Enter;
    internal ExitServer Served { get; init; } = (_, _) => VcpuNext.Enter;

    public VcpuNext BeforeEntry(KvmVcpu vcpu) => Before(vcpu);

    public VcpuNext Exited(KvmVcpu vcpu, KvmExit exit) => Served(vcpu, exit);
}
