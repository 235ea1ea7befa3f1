using System.Text.Json;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Cli.Tests.Explore;

/// <summary>The verdicts of <c>wirq explore</c>, its exit codes, and its JSON.</summary>
public sealed class ExploreVerdictTests : IDisposable
{
    private readonly ExploreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, int, string, string[]> Worlds => new()
    {
        { WorldTexts.Sharers, 0, "proved", ["as last-writer-wins, by SharersIndependent: caught in 7 steps", "2 historic designs: 2 caught"] },
        { ExploreFolder.Missed, 1, "proved", ["as last-writer-wins, by RemoteIrrMatches: MISSED", "2 historic designs: 1 caught, 1 missed"] },
        { ExploreFolder.Violated, 1, "violated", ["expectations: ", "a: a sends its message", "expect events"] },
        { ExploreFolder.Vacuous, 1, "vacuous", ["vacuous: LevelRedelivered never judged anything", "vacuous: never ran: cpu0 serves disk (line 3)",
            "vacuous: no transition of the kind Cpu was made"] },
        { WorldTexts.Deadlock, 1, "violated", ["deadlock: nothing can happen, and GSI 0, which disk holds, is owed an interrupt"] },
        { WorldTexts.Livelock, 1, "violated", ["livelock: the world goes round forever", "from here on it repeats forever:"] },
    };

    [Theory, MemberData(nameof(Worlds))]
    public void A_verdict_has_its_exit_code_and_its_reasons(string world, int status, string verdict, string[] says)
    {
        string file = _folder.Write("w.yaml", world);
        CommandRun run = ExploreFolder.Explore(file);
        Assert.Equal((status, ""), (run.ExitCode, run.Errors));
        Assert.StartsWith($"{verdict} ", run.Output, StringComparison.Ordinal);
        string joined = string.Join(' ', run.Output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
        Assert.All(says, text => Assert.Contains(text, joined, StringComparison.Ordinal));
        Assert.Contains($"1 world: 1 {verdict}", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"explored [1-9][0-9,]* states, [1-9][0-9,]* transitions?, depth [0-9]+, .*a state was missed by its hash with probability [0-9.]+e-[0-9]+", joined);
    }

    [Theory, MemberData(nameof(Worlds))]
    public void The_JSON_has_the_members_that_programs_rely_on(string world, int status, string verdict, string[] says)
    {
        Assert.NotEmpty(says);
        string file = _folder.Write("w.yaml", world);
        CommandRun run = ExploreFolder.Explore(file, "--json");
        Assert.Equal((status, ""), (run.ExitCode, run.Errors));
        JsonElement one = ExploreFolder.WorldOf(run.Output);
        Assert.Equal((file, verdict), (one.GetProperty("file").GetString(), one.GetProperty("verdict").GetString()));
        Assert.InRange(one.GetProperty("states").GetInt64(), 2, 10_000);
        Assert.InRange(one.GetProperty("statesPerSecond").GetDouble(), 1, 1e8);
        // A few states pay for whole tables.
        Assert.InRange(one.GetProperty("bytesPerState").GetDouble(), 24, 100_000);
        Assert.All(one.GetProperty("controls").EnumerateArray(), control =>
        {
            Assert.NotEmpty(control.GetProperty("name").GetString()!);
            Assert.NotEmpty(control.GetProperty("law").GetString()!);
            Assert.Equal(control.GetProperty("caught").GetBoolean(), control.GetProperty("steps").GetInt32() is > 0 and <= 12);
        });
        Assert.Equal(world.Contains("historic", StringComparison.Ordinal) ? 2 : 0, one.GetProperty("controls").GetArrayLength());
        Assert.Equal(verdict == "violated", one.TryGetProperty("story", out _));
        Assert.Equal(verdict == "vacuous", one.GetProperty("vacuous").GetArrayLength() > 0);
    }

    [Fact]
    public void Verdict_counts_and_stories_do_not_depend_on_workers()
    {
        string file = _folder.Write("w.yaml", WorldTexts.Sharers);
        string[] runs = [.. new[] { "1", "2", "5" }.Select(workers => Countable(ExploreFolder.Explore(file, "--json", "--workers", workers).Output))];
        Assert.All(runs, run => Assert.Equal(runs[0], run));
        Assert.Contains("SharersIndependent", runs[0], StringComparison.Ordinal);
    }

    private static string Countable(string json)
    {
        string[] timed = ["milliseconds", "statesPerSecond", "transitionsPerSecond", "frontierBytes"];
        JsonElement world = ExploreFolder.WorldOf(json);
        return string.Join('\n', world.EnumerateObject().Where(one => !timed.Contains(one.Name)).Select(one => $"{one.Name}: {one.Value.GetRawText()}"));
    }

    [Fact]
    public void The_worst_of_several_worlds_counts_and_a_bad_file_keeps_none_from_it()
    {
        _folder.Write("a.yaml", WorldTexts.Sharers);
        string bad = _folder.Write("b.yaml", "name: x\nmachine: {devices: {disk: {gsi: twelve}}}\n");
        CommandRun run = ExploreFolder.Explore(_folder["."], "--json");
        Assert.Equal(2, run.ExitCode);
        run.AssertOneLine("b.yaml:2:");
        Assert.Equal("proved", ExploreFolder.WorldOf(run.Output).GetProperty("verdict").GetString());
        using var json = JsonDocument.Parse(run.Output);
        Assert.EndsWith("b.yaml", Assert.Single(json.RootElement.GetProperty("unread").EnumerateArray()).GetProperty("file").GetString(), StringComparison.Ordinal);
        _folder.Write("c.yaml", ExploreFolder.Vacuous);
        Assert.Equal(1, ExploreFolder.Explore(_folder["."]).ExitCode);
        // Even where nothing can be explored, a program gets its JSON.
        CommandRun none = ExploreFolder.Explore(bad, "--json");
        Assert.Equal(2, none.ExitCode);
        Assert.Empty(ExploreFolder.WorldsOf(none.Output));
    }

    [Fact]
    public void Another_design_is_explored_in_place_of_the_world()
    {
        CommandRun run = ExploreFolder.Explore(_folder.Write("w.yaml", WorldTexts.Sharers), "--design", "last-writer-wins");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("violated two sharers", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("historic design", run.Output, StringComparison.Ordinal);
    }
}
