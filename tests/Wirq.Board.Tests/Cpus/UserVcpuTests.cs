using Wirq.Board.Bus;
using Wirq.Board.Cpus;
using Wirq.Board.Memory;
using Wirq.Board.Workarounds;
using Wirq.Linux;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Cpus;

/// <summary>What a vCPU checks between an exit and the next entry. The guest is not entered: the test writes the page
/// that KVM shares.</summary>
public sealed class UserVcpuTests
{
    private const int ExitReasonAt = 8, ReadyAt = 12;
    private const byte Ready = 1, Halt = 5, Shutdown = 8, Vector = 0x41;

    /// <summary>A call to the chips carries out effects that other CPUs left in the queue.</summary>
    [Fact]
    public void An_NMI_that_its_own_call_of_the_chips_brings_does_not_wait_for_another_exit() => Run((vcpu, chips, user) =>
    {
        chips.Asked = () => user.Signals.Nmi();
        Assert.Equal(VcpuNext.Enter, user.BeforeEntry(vcpu));
        Assert.Equal(1, vcpu.Events.NmiPending);
    });

    /// <summary>The bootstrap processor restarts; earlier events are dropped.</summary>
    [Fact]
    public void So_does_an_INIT() => Run((vcpu, chips, user) =>
    {
        vcpu.Registers = vcpu.Registers with { Rip = 0x1234 };
        chips.Asked = user.Signals.Init;
        Assert.Equal(VcpuNext.Enter, user.BeforeEntry(vcpu));
        Assert.Equal(0xFFF0ul, vcpu.Registers.Rip);
    });

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void An_interrupt_that_waits_behind_the_one_that_is_given_has_its_window(int waiting, bool window) => Run((vcpu, chips, user) =>
    {
        chips.Waiting = waiting;
        vcpu.RunPage.AsSpan()[ReadyAt] = Ready;
        user.BeforeEntry(vcpu);
        Assert.Equal((1, Vector), (vcpu.Events.InterruptInjected, vcpu.Events.InterruptVector));
        Assert.Equal((waiting - 1, window), (chips.Waiting, vcpu.RequestInterruptWindow));
    });

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void A_guest_that_halts_with_an_NMI_in_KVM_does_not_sleep(bool nmi, bool halted) => Run((vcpu, _, user) =>
    {
        if (nmi)
            vcpu.Nmi();
        vcpu.RunPage.AsSpan()[ExitReasonAt] = Halt;
        Assert.Equal(VcpuNext.Enter, user.Exited(vcpu, vcpu.Exit));
        Assert.Equal(halted, user.IsHalted);
    });

    /// <summary>Between the reset of its local APIC and the reset of the CPU.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_a_CPU_does_after_its_INIT_has_no_effect(bool init) => Run((vcpu, chips, user) =>
    {
        user.BeforeEntry(vcpu);
        if (init)
            user.Signals.Init();
        vcpu.Cr8 = 5;
        vcpu.RunPage.AsSpan()[ExitReasonAt] = Shutdown;
        Assert.Equal(init ? VcpuNext.Enter : VcpuNext.Stop, user.Exited(vcpu, vcpu.Exit));
        Assert.Equal(init ? 0ul : 5, chips.Cr8);
        user.BeforeEntry(vcpu);
        Assert.Equal(init ? 0ul : 5, vcpu.Cr8);
    });

    private static void Run(Action<KvmVcpu, Chips, UserVcpu> test) => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        UserVcpu.Prepare(vm);
        KvmVcpu vcpu = vm.CreateVcpu(0);
        using var memory = new BoardMemory(BoardMemory.MinBytes);
        var chips = new Chips();
        var user = new UserVcpu(vcpu, 0, chips, chips, new DeviceBus(), memory, WorkaroundSet.None, _ => { });
        test(vcpu, chips, user);
    });

    /// <summary>Chips with the number of interrupts that a test sets. They run an action once, when they are
    /// called.</summary>
    private sealed class Chips : ICpuAccesses, ICpuInterrupts
    {
        internal int Waiting { get; set; }
        internal Action? Asked { get; set; }
        internal ulong Cr8 { get; private set; }

        public bool HasInterrupt(int cpu)
        {
            (Action? asked, Asked) = (Asked, null);
            asked?.Invoke();
            return Waiting > 0;
        }

        public int Take(int cpu)
        {
            Waiting--;
            return Vector;
        }

        public bool TryRead(int cpu, ulong address, int size, out ulong value) => (value = 0) != 0;
        public bool TryWrite(int cpu, ulong address, int size, ulong value) => false;
        public bool TryReadPort(int cpu, ushort port, int size, out uint value) => (value = 0) != 0;
        public bool TryWritePort(int cpu, ushort port, int size, uint value) => false;
        public MsrResult ReadMsr(int cpu, uint msr, out ulong value) => (value = 0) == 0 ? MsrResult.NotOurs : default;
        public MsrResult WriteMsr(int cpu, uint msr, ulong value) => MsrResult.NotOurs;
        public byte ReadCr8(int cpu) => (byte)Cr8;
        public bool TryWriteCr8(int cpu, ulong value) => (Cr8 = value) == value;
        public ApicBase ReadBase(int cpu) => default;
    }
}
