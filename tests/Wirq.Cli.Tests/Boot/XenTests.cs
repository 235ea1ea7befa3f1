using Wirq.Tests.Shared.Images;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Cli.Tests.Boot;

/// <summary><c>wirq boot --xen</c>, as a user runs it.</summary>
public sealed class XenTests
{
    private const uint Page = 0x10B000, Argument = 0x10D000;

    /// <summary>The guest writes to Xen's console and shuts down.</summary>
    [Theory]
    [InlineData(0, 0, "the guest shut down")]
    [InlineData(3, 1, "the guest says that it has crashed")]
    public void The_guest_speaks_to_Xen_and_shuts_down(uint reason, int status, string said)
    {
        KvmPresence.Require();
        using TemporaryImage image = GuestImage.Write(guest =>
        {
            guest.Asm.mov(ecx, 0x40000000);
            guest.Asm.mov(eax, Page);
            guest.Asm.mov(edx, 0);
            guest.Asm.wrmsr();
            guest.Store(Argument, BitConverter.ToUInt32("xen\n"u8));
            guest.Asm.mov(edi, 0);
            guest.Asm.mov(esi, 4);
            guest.Asm.mov(edx, Argument);
            guest.Asm.mov(ebx, Page + 18 * 32);
            guest.Asm.call(rbx);
            guest.Store(Argument, reason);
            guest.Asm.mov(edi, 2);
            guest.Asm.mov(esi, Argument);
            guest.Asm.mov(ebx, Page + 29 * 32);
            guest.Asm.call(rbx);
            guest.Halt();
        });
        CommandRun run = CommandRun.Of("boot", image.Path, "--xen", "--timeout", "20");
        Assert.Equal((status, "xen\n"), (run.ExitCode, run.Output));
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--irqchip user", "--xen", "--irqchip", "split")]
    [InlineData("--irqchip user", "--xen", "--irqchip", "kernel")]
    [InlineData("give --xen too", "--fep")]
    [InlineData("give --xen too", "--viridian")]
    [InlineData("give --xen too", "--callback", "poll")]
    public void What_makes_no_sense_is_bad_usage(string said, params string[] options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "wirq boot needs Linux");
        CommandRun run = CommandRun.Of(["boot", "none.elf", .. options]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(said, run.Errors, StringComparison.Ordinal);
    }
}
