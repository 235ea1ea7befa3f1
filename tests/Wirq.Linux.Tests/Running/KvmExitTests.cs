using Wirq.Linux.Probes;
using Wirq.Tests.Shared;
using static Iced.Intel.AssemblerRegisters;
using static Wirq.Linux.Tests.Running.TestGuest;

namespace Wirq.Linux.Tests.Running;

/// <summary>Exits as they are read and answered.</summary>
public class KvmExitTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_port_is_written_and_read_in_both_modes(bool longMode) => KvmHost.Run(system =>
    {
        void Write(GuestCode code)
        {
            code.Asm.mov(al, 0x5A);
            code.Asm.@out(0x80, al);
            code.Asm.@in(ax, 0x81);
            code.Asm.@out(0x82, eax);
            code.Asm.hlt();
        }
        using ProbeGuest guest = longMode ? LongMode(system, Write) : RealMode(system, Write);
        Assert.Equal(KvmExitReason.Port, guest.Run(Limit));
        KvmPortExit port = guest.Vcpu.Exit.Port;
        Assert.Equal((true, 0x80, 1, 1, 0x5Au), (port.IsWrite, port.Port, port.Size, port.Count, port[0]));
        Assert.Equal("out port 0x80, 1 byte: 0x5a", guest.Vcpu.Exit.ToString());
        Assert.Equal(KvmExitReason.Port, guest.Run(Limit));
        port = guest.Vcpu.Exit.Port;
        Assert.Equal((false, 0x81, 2), (port.IsWrite, port.Port, port.Size));
        port.Answer(0x11234);
        Assert.Equal(KvmExitReason.Port, guest.Run(Limit));
        Assert.Equal(0x1234u, guest.Vcpu.Exit.Port[0]);
        Assert.Equal(KvmExitReason.Halt, guest.Run(Limit));
    });

    [Fact]
    public void A_repeated_write_hands_over_every_item_in_order() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, code =>
        {
            code.Asm.mov(si, 0x500);
            code.Asm.mov(cx, 4);
            code.Asm.mov(dx, 0x90);
            code.Asm.cld();
            code.Asm.rep.outsw();
            code.Asm.hlt();
        });
        (guest.Word(0x500), guest.Word(0x504)) = (0x22221111, 0x44443333);
        var items = new List<uint>();
        while (guest.Run(Limit) == KvmExitReason.Port)
        {
            KvmPortExit port = guest.Vcpu.Exit.Port;
            Assert.Equal((true, 0x90, 2), (port.IsWrite, port.Port, port.Size));
            for (int item = 0; item < port.Count; item++)
                items.Add(port[item]);
        }
        Assert.Equal(KvmExitReason.Halt, guest.Vcpu.Exit.Reason);
        Assert.Equal([0x1111, 0x2222, 0x3333, 0x4444], items);
    });

    [Fact]
    public void A_repeated_read_takes_every_item() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, code =>
        {
            code.Asm.mov(di, 0x500);
            code.Asm.mov(cx, 4);
            code.Asm.mov(dx, 0x90);
            code.Asm.cld();
            code.Asm.rep.insb();
            code.Asm.hlt();
        });
        uint next = 0xA0;
        while (guest.Run(Limit) == KvmExitReason.Port)
        {
            KvmPortExit port = guest.Vcpu.Exit.Port;
            for (int item = 0; item < port.Count; item++)
                port.Answer(item, next++);
        }
        Assert.Equal(0xA3A2A1A0u, guest.Word(0x500));
    });

    [Theory]
    [InlineData(1, 0x88ul)]
    [InlineData(2, 0x7788ul)]
    [InlineData(4, 0x55667788ul)]
    [InlineData(8, 0x1122334455667788ul)]
    public void Memory_is_read_and_written_in_every_width(int width, ulong value) => KvmHost.Run(system =>
    {
        using ProbeGuest guest = LongMode(system, code =>
        {
            code.Asm.mov(ebx, 0xFEC00010);
            switch (width)
            {
                case 1:
                    code.Asm.mov(al, __byte_ptr[rbx]);
                    code.Asm.mov(__byte_ptr[rbx], al);
                    break;
                case 2:
                    code.Asm.mov(ax, __word_ptr[rbx]);
                    code.Asm.mov(__word_ptr[rbx], ax);
                    break;
                case 4:
                    code.Asm.mov(eax, __dword_ptr[rbx]);
                    code.Asm.mov(__dword_ptr[rbx], eax);
                    break;
                default:
                    code.Asm.mov(rax, __qword_ptr[rbx]);
                    code.Asm.mov(__qword_ptr[rbx], rax);
                    break;
            }
            code.Asm.hlt();
        });
        Assert.Equal(KvmExitReason.Memory, guest.Run(Limit));
        KvmMemoryExit memory = guest.Vcpu.Exit.Memory;
        Assert.Equal((0xFEC00010ul, width, false), (memory.Address, memory.Length, memory.IsWrite));
        memory.Answer(0x1122334455667788);
        Assert.Equal(KvmExitReason.Memory, guest.Run(Limit));
        memory = guest.Vcpu.Exit.Memory;
        Assert.Equal((true, width, value), (memory.IsWrite, memory.Length, memory.Value));
        Assert.Equal(KvmExitReason.Halt, guest.Run(Limit));
    });

    [Fact]
    public void An_unknown_MSR_is_answered_and_refused() => KvmHost.Run(system =>
    {
        Assert.SkipUnless(system.CheckExtension(KvmCapability.UserSpaceMsr) != 0, "needs KVM_CAP_X86_USER_SPACE_MSR");
        using ProbeGuest guest = LongMode(system, code =>
        {
            code.Asm.mov(ecx, 0x40000000);
            code.Asm.rdmsr();
            code.Asm.wrmsr();
            code.Asm.rdmsr();
            code.Mark(0x11);
            code.Handler(13);
            code.Mark(0x10);
        }, prepare: vm => vm.EnableUserSpaceMsr(KvmMsrExits.Unknown | KvmMsrExits.Invalid));
        Assert.Equal(KvmExitReason.ReadMsr, guest.Run(Limit));
        Assert.Equal((0x40000000u, false), (guest.Vcpu.Exit.Msr.Index, guest.Vcpu.Exit.Msr.IsWrite));
        guest.Vcpu.Exit.Msr.Answer(0x1234567890);
        Assert.Equal(KvmExitReason.WriteMsr, guest.Run(Limit));
        Assert.Equal(0x1234567890ul, guest.Vcpu.Exit.Msr.Value);
        guest.Vcpu.Exit.Msr.Accept();
        Assert.Equal(KvmExitReason.ReadMsr, guest.Run(Limit));
        guest.Vcpu.Exit.Msr.Fault();
        guest.Expect(0x10, Limit, "no #GP");
    });

    [Fact]
    public void An_EOI_of_a_level_vector_tells_its_vector() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = LongMode(system, code =>
        {
            Iced.Intel.Label again = code.Asm.CreateLabel();
            code.Asm.mov(ebx, 0xFEE000B0);
            code.Asm.sti();
            code.Asm.Label(ref again);
            code.Mark(0x11);
            code.Asm.jmp(again);
            code.Handler(0x51);
            code.Asm.mov(__dword_ptr[rbx], 0);
            code.Asm.iretq();
        }, KvmIrqChip.Split);
        var message = new Msi(MsiAddress.For(0), MsiData.For(0x51, level: true));
        guest.Vm.SetGsiRouting([new KvmRoutingEntry(7, message)]);
        Assert.True(guest.Vm.SignalMsi(message));
        // Whether it comes in time is the probe's affair.
        int others = 0;
        while (guest.Run(Limit) == KvmExitReason.Port && others < 100)
            others++;
        Assert.Equal(KvmExitReason.IoApicEoi, guest.Vcpu.Exit.Reason);
        Assert.Equal(0x51, guest.Vcpu.Exit.EoiVector);
        Assert.Equal("EOI of vector 0x51", guest.Vcpu.Exit.ToString());
    });

    [Fact]
    public void A_step_tells_where_the_guest_stands() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = LongMode(system, code =>
        {
            code.Asm.nop();
            code.Asm.nop();
            code.Asm.hlt();
        });
        guest.Vcpu.SetGuestDebug(KvmGuestDebug.SingleStep);
        Assert.Equal(KvmExitReason.Debug, guest.Run(Limit));
        Assert.Equal((1u, (ulong)ProbeGuest.Code + 1), (guest.Vcpu.Exit.Debug.Exception, guest.Vcpu.Exit.Debug.Pc));
        guest.Vcpu.SetGuestDebug(KvmGuestDebug.None);
        Assert.Equal(KvmExitReason.Halt, guest.Run(Limit));
    });

    [Fact]
    public void A_triple_fault_is_a_shutdown() => KvmHost.Run(system =>
    {
        // No handler is present, so #UD ends in a triple fault.
        using ProbeGuest guest = LongMode(system, code => code.Asm.ud2());
        Assert.Equal(KvmExitReason.Shutdown, guest.Run(Limit));
        Assert.Equal("triple fault", guest.Vcpu.Exit.ToString());
    });

    [Fact]
    public void Registers_show_what_was_answered_once_the_instruction_is_completed() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, Chatty);
        Assert.Equal(KvmExitReason.Port, guest.Run(Limit));
        Assert.True(guest.Vcpu.Exit.IsUnfinished);
        guest.Vcpu.Exit.Port.Answer(0x77);
        Assert.Equal(0ul, guest.Vcpu.Registers.Rax);
        Assert.Equal(KvmExitReason.Interrupted, guest.Vcpu.Complete());
        Assert.False(guest.Vcpu.Exit.IsUnfinished);
        KvmRegisters registers = guest.Vcpu.Registers;
        Assert.Equal((0x77ul, 0ul, 2ul), (registers.Rax, registers.Rbx, registers.Rip));
    });

    [Fact]
    public void Exits_allocate_nothing() => KvmHost.Run(system =>
    {
        using ProbeGuest guest = RealMode(system, Chatty);
        Assert.Equal(0, Allocations.Of(1000, () =>
        {
            if (guest.Vcpu.Run() == KvmExitReason.Port && guest.Vcpu.Exit.Port is { IsWrite: false } port)
                port.Answer(1);
        }));
    });
}
