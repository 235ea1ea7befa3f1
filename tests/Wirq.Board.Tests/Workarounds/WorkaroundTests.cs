using Iced.Intel;
using Wirq.Board.Machine;
using Wirq.Board.Tests.Machine;
using Wirq.Board.Workarounds;
using Wirq.Linux.Probes;
using Wirq.Linux.Tests;
using Wirq.Tests.Shared.Images;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Board.Tests.Workarounds;

/// <summary>What guests may rely on, and what a KVM with deviations provides only with work-arounds. Each test also
/// fails without its work-around on such a KVM.</summary>
public sealed class WorkaroundTests
{
    private static readonly TimeSpan s_moment = TimeSpan.FromSeconds(2);
    private const uint OtherCounter = GuestImage.Counter + 4;

    /// <summary>An interrupt that waits is taken in a window of one instruction.</summary>
    private static readonly byte[] s_window = GuestImage.Bytes(guest =>
    {
        guest.EnableLocalApic();
        for (int turn = 1; turn <= 20; turn++)
        {
            SendSelf(guest, 0x41);
            guest.Asm.sti();
            guest.Asm.nop();
            guest.Asm.cli();
            ExitUnless(guest, GuestImage.Counter, turn);
        }
        guest.Exit(0);
        guest.CountingHandler(0x41);
    });

    /// <summary>What waits behind a handler is taken at its IRET, and not an instruction later; PUSHF and the frame show
    /// RFLAGS as the guest has them.</summary>
    private static readonly byte[] s_return = GuestImage.Bytes(guest =>
    {
        guest.EnableLocalApic();
        for (int turn = 1; turn <= 20; turn++)
        {
            SendSelf(guest, 0x51);
            guest.Asm.sti();
            guest.Asm.nop();
            guest.Asm.cli();
            ExitUnless(guest, OtherCounter, turn);
            ExitUnless(guest, GuestImage.Counter, turn);
        }
        guest.Exit(0);
        guest.Handler(0x51);
        guest.Asm.push(rbx);
        guest.Asm.mov(ebx, OtherCounter);
        guest.Asm.inc(__dword_ptr[rbx]);
        SendSelf(guest, 0x41);
        guest.Asm.pushfq();
        guest.Asm.pop(rax);
        guest.Asm.test(eax, 0x100);
        Label clean = guest.Asm.CreateLabel();
        guest.Asm.je(clean);
        guest.Exit(2);
        guest.Asm.Label(ref clean);
        guest.Store(GuestImage.LocalApic + 0xB0, 0);
        guest.Asm.pop(rbx);
        guest.Asm.iretq();
        guest.Handler(0x41);
        guest.Asm.push(rbx);
        guest.Count();
        guest.Asm.test(__dword_ptr[rsp + 24], 0x100);
        Label untrapped = guest.Asm.CreateLabel();
        guest.Asm.je(untrapped);
        guest.Exit(3);
        guest.Asm.Label(ref untrapped);
        guest.Store(GuestImage.LocalApic + 0xB0, 0);
        guest.Asm.pop(rbx);
        guest.Asm.iretq();
    });

    /// <summary>INT3 and INT n. One whose gate is not present raises #NP first, and the handler of #NP corrects the
    /// gate. <see cref="GateErrorTests"/> has its error code.</summary>
    private static readonly byte[] s_softInterrupt = GuestImage.Bytes(guest =>
    {
        guest.Asm.int3();
        guest.Asm.@int(0x60);
        ExitUnless(guest, GuestImage.Counter, 2);
        guest.Store(GuestImage.Idt + 0x60 * 16 + 4, 0x00100E00);
        guest.Asm.@int(0x60);
        ExitUnless(guest, GuestImage.Counter, 3);
        ExitUnless(guest, OtherCounter, 1);
        guest.Exit(0);
        foreach (byte vector in (byte[])[3, 0x60])
        {
            guest.Handler(vector);
            guest.Asm.push(rbx);
            guest.Count();
            guest.Asm.pop(rbx);
            guest.Asm.iretq();
        }
        guest.Handler(11);
        guest.Asm.push(rbx);
        guest.Asm.mov(ebx, OtherCounter);
        guest.Asm.inc(__dword_ptr[rbx]);
        guest.Store(GuestImage.Idt + 0x60 * 16 + 4, 0x00108E00);
        guest.Asm.pop(rbx);
        guest.Asm.add(rsp, 8);
        guest.Asm.iretq();
    });

    /// <summary>VMCALL comes back.</summary>
    private static readonly byte[] s_vmcall = GuestImage.Bytes(guest =>
    {
        guest.Asm.mov(eax, 1);
        guest.Asm.vmcall();
        guest.Asm.test(rax, rax);
        Label zero = guest.Asm.CreateLabel();
        guest.Asm.je(zero);
        guest.Exit(1);
        guest.Asm.Label(ref zero);
        guest.Asm.mov(eax, 12345);
        guest.Asm.vmcall();
        guest.Asm.cmp(rax, -1000);
        Label refused = guest.Asm.CreateLabel();
        guest.Asm.je(refused);
        guest.Exit(2);
        guest.Asm.Label(ref refused);
        guest.Exit(0);
    });

    public static TheoryData<string> Words => ["step-to-window", "emulate-iret", "deliver-soft-interrupt", "skip-vmcall"];

    [Theory]
    [MemberData(nameof(Words))]
    public void A_guest_has_what_it_may_count_on(string word)
    {
        PcRun run = PcRun.Of(GuestOf(word));
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
        Assert.Empty(run.BrokenLaws);
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void And_without_the_work_around_that_this_host_needs_it_has_not(string word)
    {
        using (KvmHost.Require())
        {
            Assert.SkipUnless(PatientProbes.Report.Workarounds.Any(each => each.Name == word), $"this host needs no {word}");
            PcRun run = PcRun.Of(GuestOf(word), patience: s_moment,
                workarounds: [.. PatientProbes.Report.Workarounds.Where(each => each.Name != word)]);
            Assert.NotEqual(new GuestEnd(GuestEndKind.Exit, 1), run.End);
        }
    }

    [Fact]
    public void Every_work_around_that_a_probe_switches_on_is_built()
    {
        Assert.False(WorkaroundSet.None.WantsKicks);
        Assert.True(WorkaroundSet.For(HostWorkaround.All).WantsKicks);
        Assert.Throws<ArgumentException>(() => WorkaroundSet.For([new HostWorkaround("pray", "weather", "prays")]));
    }

    private static byte[] GuestOf(string word) => word switch
    {
        "step-to-window" => s_window,
        "emulate-iret" => s_return,
        "deliver-soft-interrupt" => s_softInterrupt,
        _ => s_vmcall,
    };

    private static void SendSelf(GuestImage guest, uint vector) => guest.Store(GuestImage.LocalApic + 0x300, 0x44000 | vector);

    private static void ExitUnless(GuestImage guest, uint counter, int count)
    {
        Label right = guest.Asm.CreateLabel();
        guest.Asm.mov(ebx, counter);
        guest.Asm.cmp(__dword_ptr[rbx], count);
        guest.Asm.je(right);
        guest.Exit(1);
        guest.Asm.Label(ref right);
    }
}
