using System.Text.Json;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Replay;

/// <summary><c>wirq why</c> of dumps, and of several inputs of one incident.</summary>
public sealed class WhyDumpsTests : IDisposable
{
    private const string Reports = "tests/reports/why/";

    private readonly string _folder = Directory.CreateTempSubdirectory("wirq-dumps").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    [Theory]
    [InlineData("hmp-info-lapic.txt", 1, "owed", "qemu-monitor")]
    [InlineData("hmp-info-pic.txt", 4, "not-told", "qemu-monitor")]
    [InlineData("xen-i.txt", 1, "owed", "xen-keys")]
    [InlineData("xen-e.txt", 4, "not-told", "xen-keys")]
    [InlineData("dmesg-dmar.txt", 1, "owed", "kernel-log")]
    [InlineData("dmesg-nobody-cared.txt", 1, "owed", "kernel-log")]
    [InlineData("proc-interrupts.txt", 4, "not-told", "counts")]
    public void A_dump_has_the_exit_code_and_the_JSON_of_a_state(string name, int exit, string verdict, string format)
    {
        Assert.Equal(exit, CommandRun.Of("why", Reports + name).ExitCode);
        CommandRun run = CommandRun.Of("why", Reports + name, "--json");
        Assert.Equal((exit, ""), (run.ExitCode, run.Errors));
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal((verdict, format), (json.RootElement.GetProperty("verdict").GetString(), json.RootElement.GetProperty("format").GetString()));
        Assert.NotEqual(0, json.RootElement.GetProperty("limits").GetArrayLength());
    }

    [Theory]
    [InlineData("proc-interrupts.txt", "./tests/reports/why/proc-interrupts.txt", "is given twice")]
    [InlineData("proc-interrupts.txt", "tests/reports/why/no-such", "no such file")]
    [InlineData("proc-interrupts.txt", "no-such.txt", "no such file")]
    public void One_moment_is_not_taken_for_two_and_a_missing_file_for_no_source(string name, string second, string expected)
    {
        CommandRun run = CommandRun.Of("why", Reports + name, second);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(expected, run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_inputs_of_all_kinds_are_answered_together_and_the_worst_counts()
    {
        string[] paths = [Reports + "dmesg-nobody-cared.txt", Reports + "proc-interrupts.txt", Reports + "hmp-info-pic.txt", Reports + "fragment-min.log"];
        CommandRun run = CommandRun.Of(["why", .. paths]);
        Assert.Equal((1, ""), (run.ExitCode, run.Errors));
        foreach (string path in paths)
            Assert.Contains($"== {path}", run.Output.Replace("\n", " ", StringComparison.Ordinal), StringComparison.Ordinal);
        run = CommandRun.Of(["why", .. paths, "--json"]);
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal("owed", json.RootElement.GetProperty("verdict").GetString());
        Assert.Equal(4, json.RootElement.GetProperty("parts").GetArrayLength());
        Assert.Equal("gsi:16", json.RootElement.GetProperty("together")[0].GetProperty("thing").GetString());
        Assert.Equal(4, CommandRun.Of("why", Reports + "proc-interrupts.txt", Reports + "fragment-min.log").ExitCode);
    }

    /// <summary>Names that only dumps have are taken for names, and not for files that are missing.</summary>
    [Fact]
    public void Each_source_that_dumps_list_may_be_asked_about()
    {
        string faults = Write("faults.txt", "[    5.1] DMAR: [INTR-REMAP] Request device [00:1f.0] fault index 0xabc [fault reason 0x22] Present field in the IRTE entry is clear\n"
            + "[    5.2] AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:00:14.0 domain=0x0000 address=0xfffffffdf8000000 flags=0x0008]\n"
            + "[    5.3] DMAR: [INTR-REMAP] Request device [00:1f.3] fault index 0x0 [fault reason 0x25] Blocked a compatibility format interrupt request\n");
        string[] files = [Reports + "xen-e.txt", Reports + "xen-i.txt", faults];
        CommandRun none = CommandRun.Of(["why", .. files, "gsi:4000"]);
        Assert.Equal(2, none.ExitCode);
        const string list = "it tells of ";
        string[] names = [.. none.Errors[(none.Errors.IndexOf(list, StringComparison.Ordinal) + list.Length)..].Split('\n')[0].Replace(" and ", ", ", StringComparison.Ordinal).Split(", ")];
        Assert.Contains(names, name => name.StartsWith("port:", StringComparison.Ordinal));
        Assert.Contains(names, name => name.StartsWith("remapper@", StringComparison.Ordinal));
        // One of each form: irq:N, port:N@dN, remapper@DEVICE, irte:N.
        Assert.All(names.DistinctBy(name => name.Split(':', '@')[0]), name => Assert.Contains(CommandRun.Of(["why", .. files, name]).ExitCode, (int[])[1, 4]));
        Assert.Equal(1, CommandRun.Of("why", faults, names.First(name => name.StartsWith("remapper@", StringComparison.Ordinal))).ExitCode);
        Assert.Contains("no such file", CommandRun.Of("why", "examples/hang.log.gz", Reports + "xen-e.txt", "port:1@d0").Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("why", "a recording, saved state or a dump (wirq why --help names all kinds)")]
    [InlineData("replay", "expected a log of QEMU's trace events, plain or compressed (gzip, xz, zstd)")]
    public void A_file_that_is_not_there_is_answered_by_all_that_the_command_reads(string command, string expected)
    {
        Assert.Contains(expected, CommandRun.Of(command, "no-such.log").Errors, StringComparison.Ordinal);
        Assert.Contains(expected, CommandRun.Of(command, _folder).Errors, StringComparison.Ordinal);
        if (command == "why")
        {
            Assert.Contains("the file is empty; expected lines such as", CommandRun.Of(command, Write("empty", "")).Errors, StringComparison.Ordinal);
            Assert.Contains(expected, CommandRun.Of(command, Write("empty", "")).Errors, StringComparison.Ordinal);
            Assert.Contains(expected, CommandRun.Of(command, Write("other", "hello\n")).Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_log_and_a_dump_that_tell_of_one_pin_are_joined()
    {
        string pic = Write("pic.txt", File.ReadAllText(Repository.PathOf(Reports + "hmp-info-pic.txt")).Replace("pin 11", "pin 4 ", StringComparison.Ordinal).Replace("Remote IRR 11", "Remote IRR 4", StringComparison.Ordinal));
        CommandRun run = CommandRun.Of("why", pic, "examples/hang.log.gz", "--json");
        Assert.Equal(1, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        Assert.Contains(json.RootElement.GetProperty("together").EnumerateArray(), link => link.GetProperty("thing").GetString() == "gsi:4");
    }

    [Theory]
    [InlineData("0x51@cpu0", 1, "Vector 0x51 (81)")]
    [InlineData("0x31", 4, "Vector 0x31 (49)")]
    [InlineData("gsi:11", 4, "ioapic:11: Remote IRR is set")]
    public void One_interrupt_is_asked_for(string asked, int exit, string says)
    {
        CommandRun run = CommandRun.Of("why", Reports + "hmp-info-lapic.txt", Reports + "hmp-info-pic.txt", asked);
        Assert.Equal((exit, ""), (run.ExitCode, run.Errors));
        Assert.Contains(says, run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("irte:38", 1)]
    [InlineData("irte:39", 2)]
    public void A_source_is_asked_for_by_its_name(string asked, int exit) => Assert.Equal(exit, CommandRun.Of("why", Reports + "dmesg-dmar.txt", asked).ExitCode);

    [Fact]
    public void A_file_that_is_missing_among_several_is_named()
    {
        CommandRun run = CommandRun.Of("why", Reports + "hmp-info-pic.txt", Reports + "hmp-info-lapic.txt", "missing.txt");
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.StartsWith("missing.txt: no such file", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_line_is_named_with_what_was_expected()
    {
        string path = Write("pic.txt", "pic1: irr=00 imr=zz isr=00 hprio=0 irq_base=38 rr_sel=0 elcr=0c fnm=0\n");
        CommandRun run = CommandRun.Of("why", path);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine($"{path}: line 1: 'pic1: irr=00 imr=zz isr=00 hprio=0 irq_base=38 rr_sel=0 elcr=0c fnm=0'; expected 2 hexadecimal digits");
    }

    [Fact]
    public void Dumps_of_arm64_are_refused_plainly()
    {
        string path = Write("interrupts.txt", "           CPU0\n 11:       5     GICv3  27 Level     arch_timer\n");
        CommandRun run = CommandRun.Of("why", path);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("another architecture, such as arm64", run.Errors, StringComparison.Ordinal);
    }
}
