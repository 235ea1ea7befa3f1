using Wirq.Board.Machine;
using Wirq.Board.Tests.Machine;
using Wirq.Board.Xen;
using Wirq.Linux.Probes;
using Wirq.Tests.Shared.Images;
using Wirq.Xen;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Board.Tests.Xen;

/// <summary>A guest on KVM that finds Xen: it makes hypercalls, sends itself events, and hears of them.</summary>
public sealed class XenGuestTests
{
    private const int Rounds = 3;

    public static TheoryData<Callback, CallbackPolicy, int> Kinds => new()
    {
        { Callback.Vector, CallbackPolicy.Ack, Rounds },
        { Callback.Global, CallbackPolicy.Ack, Rounds },
        { Callback.Line, CallbackPolicy.Ack, Rounds },
        { Callback.Line, CallbackPolicy.Poll, Rounds },
        // The control: who does not ask hears nothing.
        { Callback.None, CallbackPolicy.Ack, 0 },
        { Callback.None, CallbackPolicy.Poll, 0 },
    };

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Each_event_that_it_sends_is_one_upcall(Callback callback, CallbackPolicy policy, int upcalls)
    {
        PcRun run = Run(guest =>
        {
            guest.Begin();
            guest.Ask(callback);
            for (int round = 0; round < Rounds; round++)
            {
                guest.SendEvent();
                guest.Listen();
                // Only a handler takes the event: whoever hears nothing must not hear the first one three times.
                guest.Store(XenGuest.SharedInfo, 0);
            }
            guest.ExitWithCount();
            guest.Handlers();
        }, new XenGuestOptions { Callback = policy });
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, upcalls * 2 + 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    /// <summary>Nobody has looked at the flag between its clearing and the EOI, so the line is still up then.</summary>
    [Theory]
    [InlineData(CallbackPolicy.Ack, 1)]
    [InlineData(CallbackPolicy.Poll, 2)]
    public void A_handler_that_ends_at_once_hears_an_event_twice_if_the_line_is_polled(CallbackPolicy policy, int upcalls)
    {
        PcRun run = Run(guest =>
        {
            guest.Begin();
            guest.Ask(Callback.Line);
            guest.SendEvent();
            guest.Listen();
            guest.ExitWithCount();
            guest.Handlers(leaves: false);
        }, new XenGuestOptions { Callback = policy });
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, upcalls * 2 + 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    /// <summary>The facts of Xen: only the global vector looks at the flag and not at who set it.</summary>
    [Theory]
    [InlineData(Callback.Vector, 0)]
    [InlineData(Callback.Global, 1)]
    [InlineData(Callback.Line, 0)]
    public void A_flag_that_the_guest_sets_itself_is_an_upcall_by_the_global_vector_only(Callback callback, int upcalls)
    {
        PcRun run = Run(guest =>
        {
            guest.Begin();
            guest.Ask(callback);
            guest.Store(XenGuest.SharedInfo, 1);
            guest.Listen();
            guest.ExitWithCount();
            guest.Handlers();
        });
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, upcalls * 2 + 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    [Theory]
    [InlineData(Callback.Vector)]
    [InlineData(Callback.Global)]
    [InlineData(Callback.Line)]
    public void An_upcall_wakes_a_vCPU_that_has_halted(Callback callback)
    {
        PcRun run = Run(guest =>
        {
            guest.Begin();
            guest.Ask(callback);
            guest.StartOther();
            guest.AwaitCount(1);
            guest.ExitWithCount();
            guest.Handlers();
        }, cpus: 2);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 3), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    /// <summary>Without work-arounds: one of them kicks vCPUs all the time, and would hide that nobody else does.</summary>
    [Fact]
    public void An_event_of_another_vCPU_ends_a_poll()
    {
        PcRun run = Run(guest =>
        {
            guest.Begin();
            guest.StartOther();
            guest.Store(XenGuest.Arguments + 0x40, 2);
            guest.Pass(XenGuest.Arguments + 0x40, 0, 1, 0, 0, 0);
            guest.MustCall(107, XenGuest.SchedOp, XenGuest.Poll);
            // The event is there.
            guest.Asm.mov(ebx, XenGuest.SharedInfo + 0x800);
            guest.Asm.mov(al, __byte_ptr[rbx]);
            guest.Asm.@out((byte)GuestImage.ExitPort, al);
            guest.Halt();
        }, cpus: 2, workarounds: []);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, (1 << 2) * 2 + 1), run.End);
    }

    [Fact]
    public void A_timeout_ends_a_poll()
    {
        PcRun run = Run(guest =>
        {
            guest.Begin();
            guest.Store(XenGuest.Arguments + 0x40, 2);
            // A second of the board's clock.
            guest.Pass(XenGuest.Arguments + 0x40, 0, 1, 0, 1_000_000_000, 0);
            guest.MustCall(107, XenGuest.SchedOp, XenGuest.Poll);
            guest.Exit(0);
        }, workarounds: []);
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
    }

    [Theory]
    [InlineData(0, GuestEndKind.PowerOff)]
    [InlineData(1, GuestEndKind.Reset)]
    [InlineData(3, GuestEndKind.Crash)]
    public void It_shuts_down(uint reason, GuestEndKind kind)
    {
        PcRun run = Run(guest =>
        {
            guest.Begin();
            guest.Pass(reason);
            guest.Call(XenGuest.SchedOp, 2);
            guest.Exit(108);
        });
        Assert.Equal(kind, run.End.Kind);
    }

    [Theory]
    [InlineData(false, 0x40000000, 0x40000000)]
    [InlineData(true, 0x40000100, 0x40000200)]
    public void It_finds_the_page_by_CPUID(bool viridian, uint leaf, uint msr)
    {
        PcRun run = Run(guest =>
        {
            Iced.Intel.Label wrong = guest.Asm.CreateLabel();
            guest.Asm.mov(eax, leaf);
            guest.Asm.cpuid();
            guest.Asm.cmp(ebx, 0x566E6558); // "XenV"
            guest.Asm.jne(wrong);
            guest.Asm.mov(eax, leaf + 2);
            guest.Asm.cpuid();
            guest.Asm.cmp(ebx, msr);
            guest.Asm.jne(wrong);
            guest.MakePage(msr);
            guest.Asm.mov(ebx, XenGuest.Page);
            guest.Asm.mov(al, __byte_ptr[rbx]);
            guest.Asm.@out((byte)GuestImage.ExitPort, al);
            guest.Halt();
            guest.Asm.Label(ref wrong);
            guest.Exit(109);
        }, new XenGuestOptions { Viridian = viridian });
        // The first byte of a stub: MOV to EAX.
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 0xB8 * 2 + 1), run.End);
    }

    /// <summary>Bits 11:0 name a page of which there is only the first; and there is no RAM at the hole.</summary>
    [Theory]
    [InlineData(XenGuest.Page + 1)]
    [InlineData(0xE0000000)]
    public void A_page_of_hypercalls_that_cannot_be_is_a_fault(uint page)
    {
        PcRun run = Run(guest =>
        {
            guest.MakePage(page: page);
            guest.Exit(0);
            guest.Handler(13);
            guest.Exit(20);
        });
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 20 * 2 + 1), run.End);
    }

    [Fact]
    public void Without_the_option_there_is_no_Xen()
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.Asm.mov(eax, 0x40000000);
            guest.Asm.cpuid();
            guest.Asm.cmp(ebx, 0x566E6558);
            guest.Asm.sete(al);
            guest.Asm.@out((byte)GuestImage.ExitPort, al);
            guest.Halt();
        }));
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
    }

    private static PcRun Run(Action<GuestImage> write, XenGuestOptions? xen = null, int cpus = 1,
        IReadOnlyList<HostWorkaround>? workarounds = null) =>
        PcRun.Of(GuestImage.Bytes(write), cpus: cpus, xen: xen ?? new XenGuestOptions(), workarounds: workarounds);
}

/// <summary>A second CPU.</summary>
internal static class OtherCpu
{
    /// <summary>Starts the second CPU, which sends an event to port 2 by a hypercall in real mode, some 20 ms later: the
    /// first one waits by then.</summary>
    internal static void StartOther(this GuestImage guest)
    {
        const uint argument = XenGuest.Arguments + 0x80, code = 0x8000;
        guest.Store(argument, 2);
        // mov cx, 2000; in al, 0x80; loop to in
        // mov eax, 32; mov ebx, 4; mov ecx, argument; out 0xEC, eax; hlt; jmp to hlt
        ReadOnlySpan<byte> bytes =
        [
            0xB9, 0xD0, 0x07, 0xE4, 0x80, 0xE2, 0xFC,
            0x66, 0xB8, 32, 0, 0, 0, 0x66, 0xBB, 4, 0, 0, 0, 0x66, 0xB9, (byte)(argument & 0xFF), (byte)(argument >> 8 & 0xFF),
            (byte)(argument >> 16 & 0xFF), 0, 0x66, 0xE7, 0xEC, 0xF4, 0xEB, 0xFD, 0x90,
        ];
        for (int at = 0; at < bytes.Length; at += sizeof(uint))
            guest.Store(code + (uint)at, BitConverter.ToUInt32(bytes[at..]));
        guest.Store(GuestImage.LocalApic + 0x310, 1 << 24);
        guest.Store(GuestImage.LocalApic + 0x300, 0x4500);
        guest.Store(GuestImage.LocalApic + 0x310, 1 << 24);
        guest.Store(GuestImage.LocalApic + 0x300, 0x4600 | code >> 12);
    }
}
