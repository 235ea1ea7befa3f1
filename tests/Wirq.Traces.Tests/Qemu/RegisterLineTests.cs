using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Dumps;
using Wirq.Traces.Kvm;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Tests.Qemu;

/// <summary>A line of a CPU's registers is passed over unread. So it must be nothing that is read.</summary>
public sealed class RegisterLineTests
{
    [Theory]
    [InlineData("EAX=000000b5 EBX=0000699a ECX=00000000 EDX=00000000")]
    [InlineData("RAX=ffffffff9b0d5c40 RBX=0000000000000000 RCX=0000000000000001 RDX=000000000000f4ac")]
    [InlineData("EIP=000f7b78 EFL=00000006 [-----P-] CPL=0 II=0 A20=1 SMM=0 HLT=0")]
    [InlineData("ES =0010 00000000 ffffffff 00c09300 DPL=0 DS   [-WA]")]
    [InlineData("CS =0010 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]")]
    [InlineData("GDT=     fffffe0000001000 0000007f")]
    [InlineData("CR0=80050033 CR2=ffff888003a01000 CR3=000000000220a000 CR4=000006f0")]
    [InlineData("CCS=00000004 CCD=00000011 CCO=EFLAGS")]
    public void Registers_are_passed_over(string line) => Assert.True(RegisterLine.Is(Encoding.ASCII.GetBytes(line)));

    [Theory]
    [InlineData("TR =0040 fffffe0000003000 00004087 00008b00 DPL=0 TSS64-busy")]
    [InlineData("CR0=00000011 irq 5: nobody cared")]
    [InlineData("           CPU0       CPU1")]
    [InlineData("EAX 000000b5")]
    [InlineData("EAX")]
    [InlineData("")]
    public void Other_lines_are_not(string line) => Assert.False(RegisterLine.Is(Encoding.ASCII.GetBytes(line)));

    /// <summary>The lines of all kept dumps and logs, as they are and with the mark of a register at each place where it may stand.</summary>
    [Fact]
    public void What_is_passed_over_is_nothing_that_is_read()
    {
        var kinds = new LineKinds();
        int passed = 0;
        foreach (string line in Printed())
        {
            for (int cut = 0; cut <= Math.Min(line.Length, 24); cut++)
            {
                byte[] text = Encoding.Latin1.GetBytes($"EAX={line[cut..]}");
                if (!RegisterLine.Is(text))
                    continue;
                passed++;
                Assert.False(KvmLog.HasRecord(text) || kinds.IsEvent(text) || kinds.IsPrinted(text), Encoding.Latin1.GetString(text));
            }
        }
        Assert.InRange(passed, 100, int.MaxValue);
    }

    private static IEnumerable<string> Printed() =>
    [
        .. new[] { "tests/Wirq.Traces.Tests/Dumps/files", "tests/reports/why" }.SelectMany(folder => Directory.EnumerateFiles(Repository.PathOf(folder), "*.txt"))
            .Order(StringComparer.Ordinal).SelectMany(File.ReadLines),
        // Lines of the kinds that have few letters besides those of registers.
        "CPU0 CPU1", "CPU0       CPU1       CPU2", "SPIV 000001ff", "8259A", "MSI 24 dec=41 ", "HPET 3 ec=fd a", "IRQ: 0 ec:f0",
    ];
}
