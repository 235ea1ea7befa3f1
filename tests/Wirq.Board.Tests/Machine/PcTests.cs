using Wirq.Board.Devices.Pci;
using Wirq.Board.Loading;
using Wirq.Board.Machine;
using Wirq.Linux;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;
using Wirq.Tests.Shared.Images;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Board.Tests.Machine;

/// <summary>Guests of a few instructions on a PC, in every configuration.</summary>
public sealed class PcTests
{
    public static TheoryData<DeliveryConfiguration> Configurations =>
        [DeliveryConfiguration.User, DeliveryConfiguration.Split, DeliveryConfiguration.Kernel];

    [Theory]
    [MemberData(nameof(Configurations))]
    public void A_guest_speaks_and_ends_with_a_code(DeliveryConfiguration configuration)
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.Say("hello\n");
            guest.Exit(21);
        }), configuration);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 43), run.End);
        Assert.Equal("hello\n", run.Console);
        Assert.Empty(run.BrokenLaws);
    }

    /// <summary>If the second start paused the vCPU, the guest would never end.</summary>
    [Fact]
    public async Task A_second_start_is_refused_and_the_guest_goes_on()
    {
        using KvmSystem system = KvmHost.Require();
        var said = new ManualResetEventSlim();
        bool go = false;
        using var pc = new Pc(system, new PcOptions
        {
            MemoryBytes = 64 << 20,
            // The vCPU waits here until it was started again.
            Console = value =>
            {
                said.Set();
                Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref go), TimeSpan.FromSeconds(60)));
            },
            Board = new BoardOptions { Workarounds = PatientProbes.Report.Workarounds },
        });
        pc.Load(MultibootImage.Parse("test", GuestImage.Bytes(guest =>
        {
            guest.Say("x");
            guest.Exit(21);
        })), "test");
        pc.Board.Start();
        Assert.True(said.Wait(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        // Where it would pause the vCPU first, it waits for it.
        await Task.Run(() => Assert.Throws<InvalidOperationException>(pc.Board.Start), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Volatile.Write(ref go, true);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 43), pc.Board.Wait(TimeSpan.FromSeconds(20)));
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void The_local_APICs_timer_ticks(DeliveryConfiguration configuration)
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.EnableLocalApic();
            guest.Store(GuestImage.LocalApic + 0x3E0, 0xB);
            guest.Store(GuestImage.LocalApic + 0x320, 0x20041);
            guest.Store(GuestImage.LocalApic + 0x380, 200_000);
            guest.AwaitCount(20);
            guest.Exit(0);
            guest.CountingHandler(0x41);
        }), configuration);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void An_edge_of_a_device_comes_by_the_IO_APIC(DeliveryConfiguration configuration)
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.EnableLocalApic();
            guest.StoreIoApic(0x10 + 14 * 2, 0x52);
            for (int edge = 1; edge <= 3; edge++)
            {
                guest.Out(0x2000 + 14, 1);
                guest.AwaitCount(edge);
                guest.Out(0x2000 + 14, 0);
            }
            guest.Exit(0);
            guest.CountingHandler(0x52);
        }), configuration);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void The_timer_of_old_comes_by_the_8259_in_virtual_wire_mode(DeliveryConfiguration configuration)
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.EnableLocalApic();
            guest.Store(GuestImage.LocalApic + 0x350, 0x700);
            foreach ((byte port, byte value) in ((byte, byte)[])[(0x20, 0x11), (0x21, 0x60), (0x21, 4), (0x21, 1), (0x21, 0xFE)])
                guest.Out(port, value);
            foreach ((byte port, byte value) in ((byte, byte)[])[(0x43, 0x34), (0x40, 0), (0x40, 0x10)])
                guest.Out(port, value);
            guest.AwaitCount(5);
            guest.Exit(0);
            guest.CountingHandlerOf8259(0x60);
        }), configuration);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void A_CPU_starts_another_by_INIT_and_SIPI(DeliveryConfiguration configuration)
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.EnableLocalApic();
            // At 0x8000, in real mode: inc dword [0x9000]; hlt; jmp short to itself.
            guest.Store(0x8000, 0x0006FF66);
            guest.Store(0x8004, 0xFDEBF490);
            guest.Store(GuestImage.LocalApic + 0x310, 1 << 24);
            guest.Store(GuestImage.LocalApic + 0x300, 0x4500);
            guest.Store(GuestImage.LocalApic + 0x310, 1 << 24);
            guest.Store(GuestImage.LocalApic + 0x300, 0x4608);
            Iced.Intel.Label again = guest.Asm.CreateLabel();
            guest.Asm.Label(ref again);
            guest.Asm.@in(al, 0x80);
            guest.Asm.mov(ebx, 0x9000);
            guest.Asm.cmp(__dword_ptr[rbx], 1);
            guest.Asm.jne(again);
            guest.Exit(0);
        }), configuration, cpus: 2);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void A_level_line_interrupts_until_its_device_is_served(DeliveryConfiguration configuration)
    {
        SkipWithoutInService(configuration);
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.EnableLocalApic();
            guest.StoreIoApic(0x10 + 20 * 2, 0x8052);
            guest.Out(0x2000 + 20, 1);
            guest.AwaitCount(3);
            // One that came while it was served would be the fourth.
            guest.Asm.sti();
            for (int read = 0; read < 50; read++)
                guest.Asm.@in(al, 0x80);
            guest.Asm.cli();
            guest.Asm.mov(ebx, GuestImage.Counter);
            guest.Asm.mov(al, __byte_ptr[rbx]);
            guest.Asm.@out((byte)GuestImage.ExitPort, al);
            guest.Halt();
            guest.Handler(0x52);
            guest.Asm.push(rax);
            guest.Asm.push(rbx);
            guest.Asm.push(rdx);
            guest.Count();
            Iced.Intel.Label wants = guest.Asm.CreateLabel();
            guest.Asm.cmp(__dword_ptr[rbx], 3);
            guest.Asm.jb(wants);
            guest.Out(0x2000 + 20, 0);
            guest.Asm.Label(ref wants);
            guest.Store(GuestImage.LocalApic + 0xB0, 0);
            guest.Asm.pop(rdx);
            guest.Asm.pop(rbx);
            guest.Asm.pop(rax);
            guest.Asm.iretq();
        }), configuration);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 3 * 2 + 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void The_test_function_interrupts_by_a_message(DeliveryConfiguration configuration)
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.EnableLocalApic();
            (uint capability, uint memory) = PlacePciFunction(guest);
            guest.OutWord(0xCF8, 0x80000800 + capability + 4);
            guest.OutWord(0xCFC, GuestImage.LocalApic);
            guest.OutWord(0xCF8, 0x80000800 + capability + 12);
            guest.OutWord(0xCFC, 0x53);
            guest.OutWord(0xCF8, 0x80000800 + capability);
            guest.OutWord(0xCFC, 0x00010000);
            for (int message = 1; message <= 4; message++)
            {
                guest.Store(memory + 8, 0);
                guest.AwaitCount(message);
            }
            guest.Exit(0);
            guest.CountingHandler(0x53);
        }), configuration);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void The_test_function_interrupts_by_its_pin_and_hears_the_acknowledge(DeliveryConfiguration configuration)
    {
        SkipWithoutInService(configuration);
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.EnableLocalApic();
            (_, uint memory) = PlacePciFunction(guest);
            guest.StoreIoApic(0x10 + 17 * 2, 0x8054);
            guest.Store(memory + 4, 1);
            guest.AwaitCount(1);
            guest.Asm.mov(ebx, memory + 0xC);
            guest.Asm.mov(eax, __dword_ptr[rbx]);
            guest.Asm.@out((byte)GuestImage.ExitPort, al);
            guest.Halt();
            guest.Handler(0x54);
            guest.Asm.push(rbx);
            guest.Store(memory + 4, 0);
            guest.Asm.pop(rbx);
            guest.Asm.push(rbx);
            guest.Count();
            guest.Store(GuestImage.LocalApic + 0xB0, 0);
            guest.Asm.pop(rbx);
            guest.Asm.iretq();
        }), configuration);
        // An in-kernel I/OAPIC reports acknowledges only by an eventfd.
        int heard = configuration == DeliveryConfiguration.Kernel ? 0 : 1;
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, heard * 2 + 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    /// <summary>The chips to which the line of the device belongs are already disposed of.</summary>
    [Theory]
    [MemberData(nameof(Configurations))]
    public void It_ends_while_a_device_holds_its_line(DeliveryConfiguration configuration)
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.EnableLocalApic();
            // OUT2, and an interrupt for as long as the transmitter is empty.
            guest.Out(GuestImage.Com1 + 4, 8);
            guest.Out(GuestImage.Com1 + 1, 2);
            guest.Exit(0);
        }), configuration);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
    }

    /// <summary>Neither a chip's register nor a timer has set the time of the chips before.</summary>
    [Theory]
    [MemberData(nameof(Configurations))]
    public void What_a_port_of_a_device_does_to_a_line_bears_its_time(DeliveryConfiguration configuration)
    {
        long rose = 0;
        var end = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.Out(0x2000 + 20, 1);
            guest.Exit(0);
        }), configuration, heard: e => rose = e.Kind == Events.EventKind.LineChanged && e.A != 0 ? e.Time : rose).End;
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), end);
        Assert.InRange(rose, 1, long.MaxValue);
    }

    [Fact]
    public void A_triple_fault_ends_it_and_says_where_it_stood()
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.Asm.mov(__word_ptr[rsp - 16], 0);
            guest.Asm.lidt(__[rsp - 16]);
            guest.Asm.ud2();
        }));
        Assert.Equal(GuestEndKind.TripleFault, run.End.Kind);
        Assert.Contains("cpu0: it stands at", run.End.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reset_ends_it()
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.Asm.mov(al, 0xFE);
            guest.Asm.@out(0x64, al);
            guest.Halt();
        }));
        Assert.Equal(GuestEndKind.Reset, run.End.Kind);
    }

    /// <summary>There is no firmware at the reset vector, so KVM cannot fetch there. This is not a failure of the
    /// host.</summary>
    [Theory]
    [InlineData(DeliveryConfiguration.User)]
    [InlineData(DeliveryConfiguration.Split)]
    [InlineData(DeliveryConfiguration.Kernel)]
    public void An_INIT_of_the_first_CPU_is_a_reset(DeliveryConfiguration configuration)
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.EnableLocalApic();
            guest.Store(GuestImage.LocalApic + 0x310, 0);
            guest.Store(GuestImage.LocalApic + 0x300, 0x4500);
            guest.Halt();
        }), configuration: configuration);
        Assert.Equal(new GuestEnd(GuestEndKind.Reset, Detail: "cpu0 was sent INIT: it stands at the reset vector, where this board has no firmware"), run.End);
    }

    [Fact]
    public void A_guest_that_jumps_where_no_memory_is_ends_by_itself()
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.Asm.mov(eax, 0xD0000000);
            guest.Asm.jmp(rax);
        }));
        Assert.Equal(new GuestEnd(GuestEndKind.NoCode, Detail: "cpu0: it stands at 8:d0000000"), run.End);
    }

    [Fact]
    public void Where_there_is_no_time_no_CPU_begins()
    {
        using KvmSystem system = KvmHost.Require();
        using Pc pc = Spinning(system);
        Assert.Null(pc.Board.Run(TimeSpan.Zero));
        Assert.All(pc.Board.Threads, thread => Assert.Equal(VcpuThreadState.Created, thread.State));
    }

    [Fact]
    public void Once_the_end_has_come_no_CPU_begins()
    {
        using KvmSystem system = KvmHost.Require();
        using Pc pc = Spinning(system);
        var end = new GuestEnd(GuestEndKind.Stopped, 143);
        pc.Board.End(end);
        Assert.Equal(end, pc.Board.Run(Timeout.InfiniteTimeSpan));
        Assert.All(pc.Board.Threads, thread => Assert.Equal(VcpuThreadState.Created, thread.State));
    }

    private static Pc Spinning(KvmSystem system)
    {
        var pc = new Pc(system, new PcOptions { MemoryBytes = 16 << 20, Board = new BoardOptions { Cpus = 3 } });
        pc.Load(MultibootImage.Parse("test", GuestImage.Bytes(guest => guest.Halt())), "");
        return pc;
    }

    [Fact]
    public void A_guest_that_runs_for_ever_is_stopped_at_any_moment()
    {
        byte[] image = GuestImage.Bytes(guest =>
        {
            Iced.Intel.Label again = guest.Asm.CreateLabel();
            guest.Asm.Label(ref again);
            guest.Asm.jmp(again);
        });
        for (int millisecond = 0; millisecond < 40; millisecond += 8)
            Assert.Equal(GuestEndKind.Timeout, PcRun.Of(image, patience: TimeSpan.FromMilliseconds(millisecond)).End.Kind);
    }

    [Fact]
    public void A_broken_law_is_told_with_what_came_before()
    {
        using var watch = new BoardWatch("test");
        var fabric = new Fabric(FabricOptions.Pc());
        Action<Events.Event> observe = watch.Begin(fabric);
        observe(new(Events.EventKind.EntryWritten, 0, 4, 0x41, 0x10000));
        // No CPU signals EOI for it.
        observe(new(Events.EventKind.RemoteIrrSet, 0, 4, 0x41));
        observe(new(Events.EventKind.Rest));
        Assert.Contains(watch.Laws, law => law.Break is not null);
        Assert.Equal([Events.EventKind.EntryWritten, Events.EventKind.RemoteIrrSet], watch.Story.Select(e => e.Kind));
    }

    /// <summary>Gives the test function its memory, and lets it interrupt.</summary>
    private static (uint Capability, uint Memory) PlacePciFunction(GuestImage guest)
    {
        const uint memory = 0xE0000000;
        guest.OutWord(0xCF8, 0x80000810);
        guest.OutWord(0xCFC, memory);
        guest.OutWord(0xCF8, 0x80000804);
        guest.OutWord(0xCFC, 0x6);
        return (PciTestFunction.MsiOffset, memory);
    }

    private static void SkipWithoutInService(DeliveryConfiguration configuration)
    {
        using KvmSystem present = KvmHost.Require();
        Assert.SkipUnless(configuration == DeliveryConfiguration.User || PcRun.IsFaithful("isr-until-eoi"),
            "this KVM ends interrupts as it injects them (wirq host, probe isr-until-eoi): a level line interrupts without end");
    }
}
