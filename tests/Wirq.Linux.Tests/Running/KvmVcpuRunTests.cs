using System.Diagnostics;
using Wirq.Linux.Probes;
using Wirq.Routing;
using static Iced.Intel.AssemblerRegisters;
using static Wirq.Linux.Tests.Running.TestGuest;

namespace Wirq.Linux.Tests.Running;

/// <summary>Kicks, injection, events, MSRs, INIT and SIPI.</summary>
public class KvmVcpuRunTests
{
    [Fact]
    public void A_kick_before_the_entry_is_not_lost() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, Chatty);
        guest.Vcpu.Kick();
        Assert.Equal(KvmExitReason.Interrupted, guest.Vcpu.Run());
        // Used up.
        Assert.Equal(KvmExitReason.Port, guest.Vcpu.Run());
    });

    [Theory]
    [InlineData("busy")]
    [InlineData("hypercalls")]
    [InlineData("halted in the kernel")]
    public void A_kick_brings_any_guest_out(string kind) => KvmHost.Run(system =>
    {
        using ProbeGuest guest = kind switch
        {
            "busy" => LongMode(system, Busy),
            "hypercalls" => LongMode(system, Hypercalls),
            _ => LongMode(system, Halting, KvmIrqChip.Split),
        };
        for (int round = 0; round < 20; round++)
        {
            using var kicker = new Timer(_ => guest.Vcpu.Kick(), null, 2, Timeout.Infinite);
            var watch = Stopwatch.StartNew();
            Assert.Equal(KvmExitReason.Interrupted, guest.Vcpu.Run());
            Assert.InRange(watch.ElapsedMilliseconds, 0, 2000);
        }
    });

    [Fact]
    public void Without_the_signal_nobody_comes_out() => KvmHost.Run(system =>
    {
        // The control of the test above: immediate_exit alone is looked at at the entry.
        using ProbeGuest guest = LongMode(system, Busy);
        Task<KvmExitReason> run = Task.Run(guest.Vcpu.Run);
        Assert.True(KvmHost.Soon(() => guest.Vcpu.IsInside));
        Thread.Sleep(20);
        guest.Vcpu.RunPage.AsSpan()[1] = 1;
        Thread.Sleep(50);
        Assert.False(run.IsCompleted);
        guest.Vcpu.Kick();
        Assert.True(run.Wait(Limit));
        Assert.Equal(KvmExitReason.Interrupted, run.Result);
    });

    [Fact]
    public void An_interrupt_waits_until_KVM_is_ready_and_wakes_a_halted_guest() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = LongMode(system, Halting);
        Assert.False(guest.Vcpu.TryInterrupt(0x40));
        Assert.True(guest.Vcpu.RequestInterruptWindow);
        guest.Vcpu.RequestInterruptWindow = false;
        for (uint round = 1; round <= 20; round++)
        {
            Assert.Equal(KvmExitReason.Halt, guest.Run(Limit));
            Assert.True(guest.Vcpu.InterruptFlag);
            Assert.True(guest.Vcpu.TryInterrupt(0x40));
            // A second one would take the place of the first.
            Assert.False(guest.Vcpu.TryInterrupt(0x41));
            guest.Vcpu.RequestInterruptWindow = false;
            guest.Expect(0x62, Limit, "no handler");
            guest.Vcpu.Complete();
            Assert.Equal(round, (uint)guest.Vcpu.Registers.Rbx);
        }
    });

    [Fact]
    public void An_NMI_is_taken_whatever_the_interrupt_flag() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = LongMode(system, code =>
        {
            Busy(code);
            code.Handler(2);
            code.Mark(0x10);
            code.Asm.hlt();
        });
        guest.Vcpu.Nmi();
        guest.Expect(0x10, Limit, "no NMI");
        guest.Vcpu.Complete();
        Assert.Equal(1, guest.Vcpu.Events.NmiMasked);
    });

    [Fact]
    public void Events_come_back_as_they_were_set() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = LongMode(system, Busy);
        guest.Vcpu.Events = new KvmVcpuEvents
        {
            InterruptInjected = 1, InterruptVector = 0x33, NmiPending = 1, Flags = KvmVcpuEventFields.NmiPending,
        };
        KvmVcpuEvents events = guest.Vcpu.Events;
        Assert.Equal((1, 0x33, 1), (events.InterruptInjected, events.InterruptVector, events.NmiPending));
    });

    [Fact]
    public void INIT_and_SIPI_begin_at_the_page_of_the_vector() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        using Mapping memory = Mapping.Anonymous(0x10000);
        vm.MapMemory(0, 0, memory);
        KvmVcpu vcpu = vm.CreateVcpu(0);
        VcpuReset reset = VcpuReset.Capture(vcpu);
        // out 0x10, al at page 8.
        new byte[] { 0xE6, 0x10 }.CopyTo(memory.AsSpan(0x8000, 2));
        for (int round = 0; round < 2; round++)
        {
            reset.Init(vcpu);
            Assert.Equal((0xFFF0ul, 0xFFFF0000ul), (vcpu.Registers.Rip, vcpu.SystemRegisters.Cs.Base));
            VcpuReset.StartUp(vcpu, 8);
            Assert.Equal(KvmExitReason.Port, vcpu.Run());
            Assert.Equal(0x10, vcpu.Exit.Port.Port);
            vcpu.Complete();
            Assert.Equal((2ul, 0x8000ul), (vcpu.Registers.Rip, vcpu.SystemRegisters.Cs.Base));
        }
    });

    [Fact]
    public void An_MSR_comes_back_as_it_was_written_and_one_that_is_none_is_named() => KvmHost.Run(system =>
    {
        const uint sysenterEip = 0x176, nowhere = 0x40001234;
        using ProbeGuest guest = LongMode(system, Busy);
        guest.Vcpu.WriteMsr(sysenterEip, 0x123456);
        Assert.Equal(0x123456ul, guest.Vcpu.ReadMsr(sysenterEip));
        Assert.False(guest.Vcpu.TryReadMsr(nowhere, out _));
        KernelException error = Assert.Throws<KernelException>(() => guest.Vcpu.WriteMsr(nowhere, 1));
        Assert.Equal("KVM_SET_MSRS", error.Call);
        Assert.Contains("0x40001234", error.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void A_filter_denies_and_allows_again() => KvmHost.Run(system =>
    {
        Assert.SkipUnless(system.CheckExtension(KvmCapability.MsrFilter) != 0, "needs KVM_CAP_X86_MSR_FILTER");
        using ProbeGuest guest = LongMode(system, code =>
        {
            Iced.Intel.Label again = code.Asm.CreateLabel();
            code.Asm.mov(ecx, 0x176);
            code.Asm.Label(ref again);
            code.Asm.rdmsr();
            code.Mark(0x10);
            code.Asm.jmp(again);
        }, prepare: vm => vm.EnableUserSpaceMsr(KvmMsrExits.Filter));
        guest.Expect(0x10, Limit, "not begun");
        guest.Vm.SetMsrFilter(new KvmMsrRange(0x170, 16, KvmMsrAccess.Read));
        Assert.Equal(KvmExitReason.ReadMsr, guest.Run(Limit));
        Assert.Equal(KvmMsrExits.Filter, guest.Vcpu.Exit.Msr.Why);
        guest.Vcpu.Exit.Msr.Answer(1);
        guest.Expect(0x10, Limit, "not gone on");
        guest.Vm.SetMsrFilter();
        guest.Expect(0x10, Limit, "still denied");
        Assert.Throws<ArgumentOutOfRangeException>(() => guest.Vm.SetMsrFilter(new KvmMsrRange(0, 20_000, KvmMsrAccess.Read)));
    });

    [Fact]
    public void A_disposed_vCPU_neither_runs_nor_is_kicked() => KvmHost.Run(system =>
    {
        using KvmVm vm = system.CreateVm();
        KvmVcpu vcpu = vm.CreateVcpu(0);
        vcpu.Dispose();
        Assert.Throws<ObjectDisposedException>(() => vcpu.Run());
        Assert.Throws<ObjectDisposedException>(vcpu.Kick);
        Assert.Throws<ObjectDisposedException>(() => vcpu.Complete());
    });
}
