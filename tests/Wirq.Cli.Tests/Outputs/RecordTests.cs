using System.Diagnostics;
using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Recordings;

namespace Wirq.Cli.Tests.Outputs;

/// <summary>Where <c>--record</c> may write, and what is left of a recording that was cut off.</summary>
public sealed class RecordTests : IDisposable
{
    private const string Log = "tests/Wirq.Traces.Tests/Replay/logs/ioapic-2cpu.log.gz", Scenario = "scenarios/routing/migration-race.yaml";
    private const int BadInput = 2, Unwritten = 5;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-record-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>By its own name, by a link, by another name of it, and through a linked folder.</summary>
    [Theory]
    [InlineData("run", "")]
    [InlineData("replay", "")]
    [InlineData("boot", "")]
    [InlineData("boot", "--module")]
    public void An_input_is_not_overwritten_whatever_it_is_called(string command, string option)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: files with several names");
        string input = Copy(command == "run" ? Scenario : Log, "input.yaml");
        byte[] before = File.ReadAllBytes(input);
        File.CreateSymbolicLink(In("link"), "input.yaml");
        Directory.CreateSymbolicLink(In("folder"), ".");
        Process.Start("ln", [input, In("other")]).WaitForExit();
        string[] reads = option == "" ? [command, input] : [command, Copy(Log, "image"), option, input];
        foreach (string name in new[] { "input.yaml", "link", "folder/input.yaml", "other" })
        {
            CommandRun run = CommandRun.Of([.. reads, "--record", In(name)]);
            Assert.Equal((BadInput, ""), (run.ExitCode, run.Output));
            run.AssertOneLine($"would overwrite {input}");
            Assert.Equal(before, File.ReadAllBytes(input));
        }
        Assert.Empty(Parts());
    }

    [Fact]
    public void A_file_of_a_folder_that_is_run_is_not_overwritten()
    {
        string scenario = Copy(Scenario, "input.yaml"), text = File.ReadAllText(scenario);
        CommandRun run = CommandRun.Of("run", _folder.FullName, "--record", scenario);
        Assert.Equal(BadInput, run.ExitCode);
        run.AssertOneLine("would overwrite");
        Assert.Equal(text, File.ReadAllText(scenario));
    }

    [Fact]
    public void An_input_that_stands_where_the_recording_grows_is_not_overwritten()
    {
        string log = Copy(Log, "a.wirq.part");
        CommandRun run = CommandRun.Of("replay", log, "--record", In("a.wirq"));
        Assert.Equal(BadInput, run.ExitCode);
        run.AssertOneLine("a.wirq.part");
        Assert.Equal(File.ReadAllBytes(Path.Combine(Repository.Root, Log)), File.ReadAllBytes(log));
    }

    [Theory]
    [InlineData(".", "is a folder")]
    [InlineData("none/", "is a folder")]
    [InlineData("none/a.wirq", "there is no folder")]
    [InlineData("taken", "taken.part")]
    [InlineData("circle", "links without end")]
    public void What_cannot_be_a_recording_is_bad_usage(string name, string why)
    {
        Directory.CreateDirectory(In("taken.part"));
        File.CreateSymbolicLink(In("circle"), "circle");
        CommandRun run = CommandRun.Of("replay", Log, "--record", In(name));
        Assert.Equal((BadInput, ""), (run.ExitCode, run.Output));
        run.AssertOneLine(why);
    }

    [Fact]
    public void A_file_that_the_host_refuses_is_a_failure_to_write()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: /proc, where nothing can be made");
        CommandRun run = CommandRun.Of("replay", Log, "--record", "/proc/none");
        Assert.Equal((Unwritten, ""), (run.ExitCode, run.Output));
        run.AssertOneLine("--record /proc/none cannot be written");
    }

    /// <summary>The link is followed as the system does: from where it lies, not from where it was reached.</summary>
    [Fact]
    public void A_recording_replaces_what_a_link_leads_to_and_not_the_link()
    {
        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: links");
        Directory.CreateDirectory(In("deep/links"));
        Directory.CreateSymbolicLink(In("near"), "deep/links");
        File.CreateSymbolicLink(In("deep/links/link"), "../target");
        File.WriteAllText(In("deep/target"), "old");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(In("deep/target"), mode);
        Assert.Equal(0, CommandRun.Of("replay", Log, "--record", In("near/link")).ExitCode);
        Assert.Equal("../target", new FileInfo(In("deep/links/link")).LinkTarget);
        AssertWhole(In("deep/target"));
        Assert.Equal(mode, OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(In("deep/target")));
        Assert.Empty(Parts());
    }

    [Fact]
    public async Task A_pipe_and_a_device_are_written_as_it_comes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: pipes with names");
        string pipe = In("pipe");
        Process.Start("mkfifo", [pipe]).WaitForExit();
        Task<byte[]> read = Task.Run(() => File.ReadAllBytes(pipe), TestContext.Current.CancellationToken);
        Assert.Equal(0, CommandRun.Of("replay", Log, "--record", pipe).ExitCode);
        File.WriteAllBytes(In("copy"), await read);
        AssertWhole(In("copy"));
        Assert.Equal(0, CommandRun.Of("replay", Log, "--record", "/dev/null").ExitCode);
        Assert.Equal(0, CommandRun.Redirected($"3>{In("third")} >/dev/null", "replay", Log, "--record", "/dev/fd/3").ExitCode);
        AssertWhole(In("third"));
        Assert.Empty(Parts());
        Assert.False(File.Exists("/dev/null.part"));
    }

    /// <summary>What was written before through the same number stays, and what comes after stands behind it.</summary>
    [Theory]
    [InlineData("/dev/stdout", "")]
    [InlineData("/dev/fd/1", "")]
    [InlineData("/proc/self/fd/1", "")]
    [InlineData("/proc/thread-self/fd/1", "")]
    [InlineData("link", "")]
    [InlineData("/dev/stderr", ">/dev/null 2>&1")]
    [InlineData("/dev/fd/7", "7>&1 >/dev/null")]
    public void A_descriptor_is_written_from_where_it_stands(string name, string redirections)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: /proc/self/fd");
        File.CreateSymbolicLink(In("link"), "/dev/stdout");
        string file = In("all");
        // The shell's stdout is the file; what the case redirects comes after, and so does stderr, which is another's.
        string script = redirections.Contains("2>&1", StringComparison.Ordinal) ? "\"$@\" 2>&1 >/dev/null"
            : $"\"$@\" {redirections}";
        CommandRun run = CommandRun.Through(["/bin/sh", "-c", $"{{ echo before; {script}; }} >{file}", "sh"],
            "replay", Log, "--record", name == "link" ? In(name) : name);
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        byte[] all = File.ReadAllBytes(file);
        Assert.Equal("before\n"u8, all.AsSpan(0, 7));
        Assert.Equal(0, CommandRun.Of("replay", Log, "--record", In("alone")).ExitCode);
        byte[] alone = File.ReadAllBytes(In("alone"));
        Assert.Equal(alone, all.AsSpan(7, alone.Length));
        string rest = Encoding.UTF8.GetString(all.AsSpan(7 + alone.Length));
        Assert.Equal(redirections == "" ? CommandRun.Of("replay", Log).Output : "", rest);
        Assert.Empty(Parts());
    }

    [Theory]
    [InlineData("/dev/stderr", "2>&-", "")]
    [InlineData("/dev/fd/9", "", "--record /dev/fd/9 cannot be written")]
    public void A_descriptor_that_is_closed_is_a_failure_to_write(string name, string redirections, string said)
    {
        CommandRun run = CommandRun.Redirected(redirections, "replay", Log, "--record", name);
        Assert.Equal((Unwritten, ""), (run.ExitCode, run.Output));
        Assert.StartsWith(said.Length == 0 ? "" : $"wirq: {said}", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_descriptor_that_is_open_for_reading_alone_says_so()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: /proc/self/fdinfo");
        File.WriteAllText(In("read"), "x");
        CommandRun run = CommandRun.Redirected($"3<{In("read")}", "replay", Log, "--record", "/dev/fd/3");
        Assert.Equal((Unwritten, ""), (run.ExitCode, run.Output));
        Assert.Contains("it is not open for writing", run.Errors, StringComparison.Ordinal);
    }

    /// <summary>The answer is not worth less for it, so it is given.</summary>
    [Theory]
    [InlineData("replay", Log, "all laws held")]
    [InlineData("run", Scenario, "1 held")]
    public void A_recording_that_finds_no_room_costs_only_the_code(string command, string input, string answer)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: /dev/full");
        CommandRun run = CommandRun.Of(command, input, "--record", "/dev/full");
        Assert.Equal(Unwritten, run.ExitCode);
        Assert.Contains(answer, run.Output, StringComparison.Ordinal);
        run.AssertOneLine("/dev/full could not be written whole: No space left on device");
    }

    [Fact]
    public void What_was_cut_off_stays_beside_and_can_be_asked_why()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: limits of a process");
        File.WriteAllText(In("a.wirq"), "an older one");
        CommandRun run = CommandRun.Through(Limited.To(blocks: 8), "replay", Log, "--record", In("a.wirq"));
        Assert.Equal(Unwritten, run.ExitCode);
        run.AssertOneLine("File too large");
        Assert.Equal("an older one", File.ReadAllText(In("a.wirq")));
        Assert.Equal(8 * Limited.BlockBytes, new FileInfo(In("a.wirq.part")).Length);
        CommandRun why = CommandRun.Of("why", In("a.wirq.part"));
        Assert.Equal(4, why.ExitCode);
        Assert.Contains("recording is incomplete", why.Output, StringComparison.Ordinal);
        Assert.Contains("cannot be told from this", why.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("\"incomplete\": \"", CommandRun.Of("why", "--json", In("a.wirq.part")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void That_nothing_was_owed_where_a_recording_breaks_off_is_no_all_clear()
    {
        string recording = In("a.wirq");
        Assert.Equal(0, CommandRun.Of("run", Scenario, "--record", recording).ExitCode);
        File.WriteAllBytes(In("cut"), File.ReadAllBytes(recording)[..^1]);
        Assert.Equal(0, CommandRun.Of("why", recording).ExitCode);
        CommandRun why = CommandRun.Of("why", In("cut"));
        Assert.Equal(4, why.ExitCode);
        Assert.Contains("The recording is incomplete", why.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_log_that_cannot_be_read_leaves_an_older_recording_and_what_is_beside_it()
    {
        File.WriteAllText(In("a.wirq"), "an older one");
        File.WriteAllText(In("a.wirq.part"), "cut off");
        Assert.Equal(BadInput, CommandRun.Of("replay", "README.md", "--record", In("a.wirq")).ExitCode);
        Assert.Equal(("an older one", "cut off"), (File.ReadAllText(In("a.wirq")), File.ReadAllText(In("a.wirq.part"))));
        Assert.Equal(BadInput, CommandRun.Of("replay", "README.md", "--record", In("b.wirq")).ExitCode);
        Assert.Equal([In("a.wirq.part")], Parts());
    }

    private static void AssertWhole(string recording)
    {
        using var reader = new RecordingReader(File.OpenRead(recording), recording);
        int count = 0;
        while (reader.TryRead(out _))
            count++;
        Assert.InRange(count, 1, int.MaxValue);
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);

    private string Copy(string file, string name)
    {
        File.Copy(Path.Combine(Repository.Root, file), In(name));
        return In(name);
    }

    private string[] Parts() => Directory.GetFiles(_folder.FullName, "*.part", SearchOption.AllDirectories);
}
