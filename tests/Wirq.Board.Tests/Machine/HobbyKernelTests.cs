using System.Text.RegularExpressions;
using Wirq.Board.Devices;
using Wirq.Board.Machine;
using Wirq.Linux.Tests;

namespace Wirq.Board.Tests.Machine;

/// <summary>Small kernels that others wrote, with all chips Wirq's: xv6 (MP tables, I/OAPIC, local APICs) and Fiwix (8259s and PIT
/// through LINT0). They come from the folder in <c>WIRQ_HOBBY_KERNELS</c>, which <c>bench/hobby.sh</c> makes.</summary>
public sealed partial class HobbyKernelTests(ITestOutputHelper output)
{
    private const string Variable = "WIRQ_HOBBY_KERNELS", Long = "WIRQ_LONG";
    private const byte Xv6Timer = 0x20, Xv6Com1 = 0x24, FiwixTimer = 0x20, FiwixCom1 = 0x24;

    private static bool IsLong => Environment.GetEnvironmentVariable(Long) is not (null or "");

    private static readonly Conversation s_xv6 = new("", "$ ", "") { Wiring = SerialWiring.Direct };

    // xv6 reads the id of its local APIC dozens of times to take or release a lock, and an idle CPU does nothing else. So what a run
    // costs are its locks: `ls` takes them for each character, `wc` and `cat` for each block, `forktest` for each page of its processes.
    private static readonly Conversation s_short = s_xv6 with
    {
        Lines = "echo hello there\nwc README\ncat README | grep xv6 | wc\nbye\n",
        Until = "exec bye failed",
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Xv6_comes_to_its_shell_and_answers(int cpus)
    {
        Assert.SkipUnless(cpus < 3 || IsLong, $"takes minutes: set {Long}=1");
        (PcRun run, IReadOnlyList<TakenVector> taken) = Run("xv6", s_short, cpus, TimeSpan.FromMinutes(5));
        Assert.Equal(cpus, CpuLine().Count(run.Console));
        Assert.Contains("\nhello there\n", run.Console, StringComparison.Ordinal);
        Assert.Matches("\n[1-9][0-9]* [0-9]+ [0-9]+ README\n", run.Console);
        Assert.Matches("\n[1-9][0-9]* [0-9]+ [0-9]+ \n", run.Console);
        // Every CPU has its timer, and the shell got its lines by interrupts.
        Assert.Equal(Enumerable.Range(0, cpus), taken.Where(each => each.Vector == Xv6Timer).Select(each => each.Cpu).Distinct().Order());
        Assert.Equal([0], taken.Where(each => each.Vector == Xv6Com1).Select(each => each.Cpu).Distinct());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Xv6_forks_until_it_has_no_more_processes(int cpus)
    {
        Assert.SkipUnless(cpus == 1 || IsLong, $"takes minutes: set {Long}=1");
        (PcRun run, IReadOnlyList<TakenVector> taken) = Run("xv6", s_xv6 with { Lines = "forktest\n", Until = "fork test OK" }, cpus, TimeSpan.FromMinutes(10));
        Assert.Equal(cpus, taken.Where(each => each.Vector == Xv6Timer).Select(each => each.Cpu).Distinct().Count());
        Assert.Contains("fork test\n", run.Console, StringComparison.Ordinal);
    }

    [Fact]
    public void Xv6_passes_its_usertests_which_takes_minutes()
    {
        Assert.SkipUnless(IsLong, $"takes minutes: set {Long}=1");
        (PcRun run, _) = Run("xv6", s_xv6 with { Lines = "usertests\n", Until = "ALL TESTS PASSED" }, cpus: 1, TimeSpan.FromMinutes(60));
        Assert.DoesNotContain("FAILED", run.Console, StringComparison.Ordinal);
    }

    [Fact]
    public void Fiwix_comes_to_its_first_process_and_answers_and_counts_what_the_board_counts()
    {
        string image = Image("fiwix");
        (PcRun run, IReadOnlyList<TakenVector> taken) = Run("fiwix", new Conversation("echo hello there\nfork 20\ncat /proc/interrupts\nbye\n", "# ", "no such word")
        {
            Arguments = "console=/dev/ttyS0 root=/dev/ram0 rootfstype=ext2",
            // It prints what it finds before it opens its console, where it sets OUT2.
            Wiring = SerialWiring.Direct,
            Module = File.ReadAllBytes(image + ".initrd"),
        }, cpus: 1, TimeSpan.FromMinutes(3));
        Assert.Contains("\nhello there", run.Console.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("all forks came back", run.Console, StringComparison.Ordinal);
        // The board counts on until the end of the run, so it has more, but not many more.
        foreach ((int irq, byte vector) in ((int, byte)[])[(0, FiwixTimer), (4, FiwixCom1)])
        {
            Match row = Assert.Single(CountRow().Matches(run.Console), match => match.Groups[1].Value == $"{irq}");
            long counted = long.Parse(row.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture);
            Assert.InRange(taken.Where(each => each.Vector == vector).Sum(each => each.Count), counted, counted + Math.Max(200, counted / 2));
        }
    }

    private (PcRun Run, IReadOnlyList<TakenVector> Taken) Run(string name, Conversation conversation, int cpus, TimeSpan patience)
    {
        string image = Image(name);
        KvmHost.Require().Dispose();
        (PcRun run, IReadOnlyList<TakenVector> taken) = conversation.With(image, cpus, patience);
        output.WriteLine(run.Console);
        output.WriteLine($"{run.End}, {run.Events} events, taken: {string.Join(", ", taken.Select(each => $"cpu{each.Cpu} 0x{each.Vector:x} {each.Count}"))}");
        // Both kernels use page tables of 32-bit mode.
        Assert.SkipWhen(run.End.Kind is GuestEndKind.TripleFault or GuestEndKind.HostCannot && PatientProbes.Report.Workarounds.Count > 0,
            $"this host's KVM emulates kernel code, and does not run this kernel: {run.End}");
        Assert.Equal(GuestEndKind.Text, run.End.Kind);
        Assert.Empty(run.BrokenLaws);
        return (run, taken);
    }

    private static string Image(string name)
    {
        string? folder = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipUnless(folder is not (null or ""), $"needs images of small kernels: make a folder with bench/hobby.sh and name it in {Variable}");
        string image = Path.Combine(folder, name);
        Assert.SkipUnless(File.Exists(image), $"{Variable} names {folder}, which has no {name}");
        return image;
    }

    [GeneratedRegex("^cpu[0-9]+: starting", RegexOptions.Multiline)]
    private static partial Regex CpuLine();

    [GeneratedRegex(@"^ *([0-9]+): +([0-9]+)", RegexOptions.Multiline)]
    private static partial Regex CountRow();
}
