using Wirq.Board.Machine;
using Wirq.Tests.Shared.Images;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Board.Tests.Machine;

public sealed class BoardChipsTests
{
    [Theory]
    [InlineData(1500, 1000, 300, 800)]
    [InlineData(1500, 1000, 4000, 4500)]
    [InlineData(1000, 1000, 4000, 1)]
    [InlineData(999, 1000, 300, 1)]
    [InlineData(ulong.MaxValue, 0, 4000, ulong.MaxValue)]
    [InlineData(ulong.MaxValue, 4000, 300, ulong.MaxValue - 3700)]
    public void A_deadline_of_the_guests_TSC_is_as_far_off_by_the_fabrics(ulong deadline, ulong tsc, ulong ours, ulong expected) =>
        Assert.Equal(expected, BoardChips.Carried(deadline, tsc, ours));

    /// <summary>On a KVM that starts the TSC of a vCPU at 0, the TSC of every guest is behind the board's clock. Here a
    /// guest sets it back.</summary>
    [Fact]
    public void A_guest_that_sets_its_TSC_back_waits_for_its_deadline_all_the_same()
    {
        PcRun run = PcRun.Of(GuestImage.Bytes(guest =>
        {
            guest.EnableLocalApic();
            guest.Store(GuestImage.LocalApic + 0x320, 0x40041);
            guest.Asm.mov(ecx, 0x10);
            guest.Asm.xor(eax, eax);
            guest.Asm.xor(edx, edx);
            guest.Asm.wrmsr();
            // Minutes from here; it reads 0 once it has passed.
            guest.Asm.rdtsc();
            guest.Asm.add(edx, 0x40);
            guest.Asm.mov(ebp, edx);
            guest.Asm.mov(ecx, 0x6E0);
            guest.Asm.wrmsr();
            guest.Asm.rdmsr();
            guest.Asm.xor(edx, ebp);
            guest.Asm.mov(al, dl);
            guest.Asm.@out((byte)GuestImage.ExitPort, al);
            guest.Halt();
        }));
        Assert.Equal(new GuestEnd(GuestEndKind.Exit, 1), run.End);
    }
}
