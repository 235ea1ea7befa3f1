using System.Diagnostics;
using System.Text.Json;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Cli.Tests.Explore;

/// <summary>The story of what <c>wirq explore</c> finds: on a screen, played back, and walked by hand.</summary>
public sealed class ExploreStoryTests : IDisposable
{
    private readonly ExploreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string, string> Stories => new()
    {
        { ExploreFolder.Violated, "", "should be 1" },
        { WorldTexts.Deadlock, "", "nothing can happen, and GSI 0" },
        { WorldTexts.Livelock, "", "the world can go round forever" },
        { WorldTexts.Sharers, "last-writer-wins", "SharersIndependent" },
    };

    [Theory, MemberData(nameof(Stories))]
    public void What_is_recorded_fails_alike_in_a_run(string world, string design, string why)
    {
        string file = _folder.Write("w.yaml", world), order = _folder["order"], lines = _folder["lines.wirq"];
        CommandRun found = ExploreFolder.Explore(file, "--json", "--record", order);
        Assert.Equal((design.Length > 0 ? 0 : 1, ""), (found.ExitCode, found.Errors));
        JsonElement of = ExploreFolder.WorldOf(found.Output);
        JsonElement story = design.Length > 0 ? of.GetProperty("controls")[0].GetProperty("story") : of.GetProperty("story");
        int transitions = story.GetProperty("steps").EnumerateArray().Sum(step => step.GetProperty("transitions").GetInt32());
        string[] written = [.. File.ReadAllLines(order).Select(line => line.Split('#')[0].Trim()).Where(line => line.Length > 0)];
        Assert.Equal("wirq order 1", written[0]);
        Assert.Equal(transitions, written.Skip(1).Count(line => !line.Contains(':', StringComparison.Ordinal)));
        Assert.Equal(design.Length > 0, written.Contains($"design: {design}"));
        CommandRun played = CommandRun.Of("run", file, "--order", order, "--record", lines);
        Assert.Equal((1, ""), (played.ExitCode, played.Errors));
        Assert.Contains(why, Joined(played.Output), StringComparison.Ordinal);
        Assert.Contains("1 scenario: 1 failed", played.Output, StringComparison.Ordinal);
        // The recording of the play is one as of any other run.
        Assert.InRange(CommandRun.Of("why", lines).ExitCode, 0, 4);
    }

    [Fact]
    public void Where_there_is_no_story_none_is_recorded()
    {
        CommandRun run = ExploreFolder.Explore(_folder.Write("w.yaml", ExploreFolder.Vacuous), "--record", _folder["order"]);
        Assert.Equal(1, run.ExitCode);
        run.AssertOneLine("there is no story to record");
        Assert.Equal(["w.yaml"], _folder.Names);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(40)]
    [InlineData(200)]
    public void No_line_is_longer_than_COLUMNS(int columns)
    {
        string[] files = [.. new[] { WorldTexts.Sharers, ExploreFolder.Violated, ExploreFolder.Vacuous, WorldTexts.Livelock }
            .Select((world, i) => _folder.Write($"{i}.yaml", world.Replace("name: ", "name: a world whose name is so long that it does not fit a line of sixty columns, ", StringComparison.Ordinal)))];
        CommandRun run = CommandRun.Through(["env", $"COLUMNS={columns}"], ["explore", "-v", .. files]);
        Assert.Equal((1, ""), (run.ExitCode, run.Errors));
        Assert.All(run.Output.Split('\n'), line => Assert.InRange(line.Length, 0, columns));
        // And nothing is left out for that.
        string joined = Joined(run.Output);
        Assert.All((string[])["does not fit a line of sixty columns, two sharers", "from here on it repeats forever:", "judgements: ", "4 worlds: 1 proved, 1 vacuous, 2 violated"],
            text => Assert.Contains(text, joined, StringComparison.Ordinal));
    }

    [Fact]
    public void A_world_is_walked_forwards_and_back()
    {
        string file = _folder.Write("w.yaml", WorldTexts.Deadlock);
        (int status, string[] lines) = Step(file, "1\n1\nb\nx\nb\nb\ns\nq\n");
        Assert.Equal(0, status);
        Assert.Equal(["step 0", "step 1", "step 2", "step 1", "step 0"], StepsOf(lines));
        Assert.Contains(lines, line => line.EndsWith("expected 1 to 1, b, s or q", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith("this is the start", StringComparison.Ordinal));
        // To the end of the only way: the input ends there, in a deadlock.
        (status, lines) = Step(file, string.Concat(Enumerable.Repeat("1\n", 100)));
        Assert.Equal(1, status);
        Assert.Contains(lines, line => line.Contains("nothing can happen, and GSI 0, which disk holds, is owed an interrupt", StringComparison.Ordinal));
    }

    private static string[] StepsOf(string[] lines) => [.. lines.Select(line => line[(line.LastIndexOf('>') + 1)..].Trim())
        .Where(line => line.StartsWith("step ", StringComparison.Ordinal)).Select(line => line.Split(',')[0])];

    private static (int Status, string[] Lines) Step(string file, string input)
    {
        string[] words = [.. WirqProgram.Words, "explore", file, "--step"];
        using var process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = Repository.Root })!;
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        string output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        return (process.ExitCode, output.ReplaceLineEndings("\n").Split('\n'));
    }

    private static string Joined(string text) => string.Join(' ', text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
