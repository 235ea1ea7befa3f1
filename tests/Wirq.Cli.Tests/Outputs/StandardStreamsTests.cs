using System.Diagnostics;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Outputs;

/// <summary>Standard output and standard error that are full, closed, or not read.</summary>
public sealed class StandardStreamsTests : IDisposable
{
    private const int Unwritten = 5, BadInput = 2;
    // The log has an owed interrupt. The exit code for that must not be confused with that of the output.
    private const string Log = "tests/Wirq.Traces.Tests/Why/logs/no-eoi.log.gz", Scenario = "scenarios/routing/migration-race.yaml";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-streams-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("run", Scenario)]
    [InlineData("run", "--json", Scenario)]
    [InlineData("replay", Log)]
    [InlineData("replay", "--json", Log)]
    [InlineData("why", Log)]
    [InlineData("why", "--json", Log)]
    [InlineData("host", "--device", "/dev/no-such-kvm")]
    [InlineData("host", "--json", "--device", "/dev/no-such-kvm")]
    [InlineData("--help")]
    [InlineData("--version")]
    public void An_answer_that_finds_no_room_is_a_line_and_a_code(params string[] arguments)
    {
        CommandRun run = CommandRun.Redirected(">/dev/full", arguments);
        Assert.Equal(Unwritten, run.ExitCode);
        run.AssertOneLine("standard output cannot be written: No space left on device");
    }

    /// <summary>The numbers of streams that are closed go to files of the runtime's: with input and output closed, output's is
    /// the writing end of a pipe that it talks to itself through.</summary>
    [Theory]
    [InlineData(">&-")]
    [InlineData("<&- >&-")]
    public void An_output_that_is_closed_is_a_line_and_a_code(string redirections)
    {
        foreach (string[] arguments in new string[][] { ["run", Scenario], ["why", "--json", Log], ["--help"] })
        {
            CommandRun run = CommandRun.Redirected(redirections, arguments);
            Assert.Equal(Unwritten, run.ExitCode);
            run.AssertOneLine("standard output cannot be written: it is closed");
        }
    }

    /// <summary>As <c>wirq why LOG | head -1</c>, but the reader has closed the pipe before the first word.</summary>
    [Fact]
    public void An_output_whose_reader_has_gone_is_no_failure()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: pipes with names");
        string log = Path.Combine(_folder.FullName, "log");
        Process.Start("mkfifo", [log]).WaitForExit();
        using var process = Process.Start(new ProcessStartInfo(WirqProgram.Words[0], [.. WirqProgram.Words[1..], "why", log])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        })!;
        process.StandardOutput.Close();
        using (var pipe = new FileStream(log, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            pipe.Write(File.ReadAllBytes(Path.Combine(Repository.Root, Log)));
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((CommandRun.Of("why", Log).ExitCode, ""), (process.ExitCode, errors));
    }

    [Theory]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    [InlineData("2>&- <&-")]
    public void Words_that_cannot_be_written_change_no_code_and_no_answer(string redirections)
    {
        Assert.Equal(BadInput, CommandRun.Redirected(redirections, "why", "no-such-file").ExitCode);
        Assert.Equal(BadInput, CommandRun.Redirected(redirections, "fly").ExitCode);
        CommandRun whole = CommandRun.Of("why", Log), run = CommandRun.Redirected(redirections, "why", Log);
        Assert.Equal((1, whole.Output), (run.ExitCode, run.Output));
    }

    [Fact]
    public void Without_any_stream_there_is_still_a_code()
    {
        Assert.Equal(Unwritten, CommandRun.Redirected("<&- >&- 2>&-", "run", Scenario).ExitCode);
        Assert.Equal(BadInput, CommandRun.Redirected("<&- >&- 2>&-", "run", "no-such-file").ExitCode);
    }

    [Fact]
    public void Bad_usage_stays_bad_usage_where_the_help_finds_no_room()
    {
        CommandRun run = CommandRun.Redirected(">/dev/full", "run", "--seed", "x");
        Assert.Equal(BadInput, run.ExitCode);
        run.AssertOneLine("--seed");
    }

    /// <summary>A limit of a file's size, unlike a full disk, comes with a signal that kills.</summary>
    [Fact]
    public void An_output_at_its_limit_is_a_line_and_a_code()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: limits of a process");
        string file = Path.Combine(_folder.FullName, "answer");
        CommandRun run = CommandRun.Through(Limited.To(blocks: 4, $"exec \"$@\" >{file}"), "run", "scenarios/routing", "--json");
        Assert.Equal(Unwritten, run.ExitCode);
        run.AssertOneLine("File too large");
        Assert.Equal(4 * Limited.BlockBytes, new FileInfo(file).Length);
    }
}
