using System.CommandLine;
using System.Text.RegularExpressions;
using Wirq.Cli.Guesses;
using Wirq.Cli.Tests.Docs;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Guesses;

/// <summary>The lines of docs/wrong-guesses.md, each typed in a folder that has the files which they name.</summary>
public sealed partial class WrongGuessTests(GuessFolder folder) : IClassFixture<GuessFolder>
{
    private const string Page = "docs/wrong-guesses.md";

    public static TheoryData<string, string> Guesses => Rows(section => section != "The log");
    public static TheoryData<string, string> Logs => Rows(section => section == "The log");

    [Theory, MemberData(nameof(Guesses))]
    public void A_wrong_guess_is_answered_by_what_to_type(string typed, string answer)
    {
        string[] args = [.. ShellLine.Words(typed).Skip(1).Select(Placed)];
        ParseResult parsed = CommandLine.Build().Parse(Guess.Meant(args));
        string? told = Guess.Before(parsed, args) ?? Guess.After(parsed);
        Assert.NotNull(told);
        Assert.Contains(answer, told.Replace(folder.Path + "/", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', told);
    }

    [Theory, MemberData(nameof(Logs))]
    public void A_log_that_lacks_something_is_answered_by_what_to_record(string typed, string answer)
    {
        CommandRun run = CommandRun.Of([.. ShellLine.Words(typed).Skip(1).Select(Placed)]);
        Assert.True(run.ExitCode is 1 or 4, run.Errors);
        Assert.Contains(answer, WhiteSpace().Replace(run.Output, " "), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "why", "vmcore")]      // before the command runs: one line
    [InlineData(1, "explain", "hang.log")]
    [InlineData(2, "replay", "dmesg.txt")]   // after it has said where it stopped
    [InlineData(2, "why", "hang.log", "4")]
    [InlineData(2, "run", "ioapic-edge-delivers-once")] // a scenario without its folder
    public void The_command_says_it_on_standard_error_and_exits_2(int lines, params string[] args)
    {
        CommandRun run = CommandRun.Of([.. args.Select(Placed)]);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        string[] said = run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(lines, said.Length);
        Assert.Contains("Type: ", said[^1], StringComparison.Ordinal);
    }

    /// <summary>The hint of several arguments is about the one that is wrong, not about the first, and not about an interrupt's
    /// name where a file is meant.</summary>
    [Theory]
    [InlineData("nope.log: no such file", "Type: qemu-system-x86_64", "why", "hang.log", "nope.log")]
    [InlineData("hang.log.g: no such file", "Type: wirq why hang.log", "why", "folder/a.log", "hang.log.g")]
    [InlineData("race.yaml: line 2", "race.yaml: it is a scenario. Type: wirq run race.yaml", "why", "hang.log", "race.yaml")]
    [InlineData("asm.log: line 3", "asm.log: it is of -d in_asm", "why", "hang.log", "asm.log")]
    [InlineData("folder: is a folder", "Type: wirq why folder/a.log", "why", "hang.log", "folder")]
    [InlineData("nope.log: no such file", "Type: qemu-system-x86_64", "why", "monitor.txt", "nope.log")]
    [InlineData("nope.log: no such file", "Type: qemu-system-x86_64", "why", "nope.log", "hang.log")]
    [InlineData("ttyS0: no such source", "is ioapic:4). Type: wirq why hang.log ioapic:4", "why", "hang.log", "ttyS0")]
    public void The_hint_is_about_the_argument_that_is_wrong(string says, string hint, params string[] args)
    {
        CommandRun run = CommandRun.In(folder.Path, args);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        string[] said = run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, said.Length);
        Assert.StartsWith(says, said[0], StringComparison.Ordinal);
        Assert.Contains(hint, said[1], StringComparison.Ordinal);
    }

    /// <summary>As <c>wirq why "$LOG"</c> types it, if LOG is not set.</summary>
    [Theory]
    [InlineData("wirq why --help", "why", "")]
    [InlineData("wirq why --help", "why", "hang.log", "")]
    [InlineData("wirq replay --help", "replay", "")]
    [InlineData("wirq run --help", "run", "")]
    [InlineData("wirq boot --help", "boot", "")]
    [InlineData("wirq scenarios copy --help", "scenarios", "copy", "")]
    [InlineData("wirq examples copy --help", "examples", "copy", "")]
    public void An_empty_argument_is_bad_usage(string type, params string[] args)
    {
        CommandRun run = CommandRun.In(folder.Path, args);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine($"an argument is empty; is a variable of the shell not set? Type: {type}");
    }

    [Fact]
    public void A_log_comes_by_standard_input_from_a_file_and_through_a_pipe_and_loses_nothing_on_the_way()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: a shell");
        string file = CommandRun.Of("why", folder.In("hang.log")).Output;
        Assert.StartsWith("Owed at the end, L511", file, StringComparison.Ordinal);
        Assert.Equal(file, CommandRun.Redirected($"< {folder.In("hang.log")}", "why", "-").Output);
        Assert.Equal(file, CommandRun.Through(["/bin/sh", "-c", $"cat {folder.In("hang.log")} | \"$@\"", "sh"], "why", "-").Output);
    }

    [Theory]
    [InlineData("help", "why")]
    [InlineData("help")]
    [InlineData("version")]
    public void What_has_one_meaning_is_done(params string[] args) => Assert.Empty(CommandLine.Build().Parse(Guess.Meant(args)).Errors);

    [Theory]
    [InlineData("why", "hang.log")]
    [InlineData("why", "hang.log", "ioapic:4@L506", "--json")]
    [InlineData("run", "race.yaml", "--seed", "-3")]
    [InlineData("boot", "kernel.elf", "--append", "-x")]
    [InlineData("--help")]
    [InlineData("why", "--help")]
    public void What_is_right_is_left_alone(params string[] args)
    {
        args = [.. args.Select(Placed)];
        Assert.Null(Guess.Before(CommandLine.Build().Parse(Guess.Meant(args)), args));
    }

    [Fact]
    public void The_list_is_long() => Assert.InRange(Guesses.Count + Logs.Count, 40, 500);

    // The folder of a process belongs to all its tests: the files are named by their whole path instead.
    private string Placed(string word) => folder.Names.Contains(word.Split('/')[0]) || word is "hang" or "guest.log" ? folder.In(word) : word;

    private static TheoryData<string, string> Rows(Func<string, bool> wanted)
    {
        var rows = new TheoryData<string, string>();
        string section = "";
        foreach (string line in File.ReadLines(Repository.PathOf(Page)))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
                section = line[3..];
            else if (Row().Match(line) is { Success: true } row && wanted(section))
                rows.Add(row.Groups["typed"].Value, row.Groups["answer"].Value.Replace("\\|", "|", StringComparison.Ordinal));
        }
        return rows;
    }

    [GeneratedRegex(@"^\| `(?<typed>wirq[^`]*)` \| .* \| `(?<answer>[^`]+)` \|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
