using System.Diagnostics;
using System.Text.Json;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Cli.Tests.Explore;

/// <summary>Searches that share nothing, and their merge.</summary>
public sealed class ExploreSwarmTests : IDisposable
{
    private readonly ExploreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Members_of_a_swarm_differ_and_their_merge_is_their_sum()
    {
        string file = _folder.Write("w.yaml", WorldTexts.Sharers);
        string[] members = [.. Enumerable.Range(1, 3).Select(member => Member(file, member))];
        JsonElement[] worlds = [.. members.Select(member => ExploreFolder.WorldOf(File.ReadAllText(member)))];
        Assert.Equal(3, worlds.Select(world => world.GetProperty("kinds").GetRawText()).Distinct().Count());
        CommandRun merged = ExploreFolder.Explore(["--merge", .. members]);
        // Random walks catch both designs, and prove nothing.
        Assert.Equal((4, ""), (merged.ExitCode, merged.Errors));
        JsonElement all = ExploreFolder.WorldOf(merged.Output);
        Assert.Equal(("bound reached", 3), (all.GetProperty("verdict").GetString(), all.GetProperty("members").GetInt32()));
        Assert.Equal(worlds.Sum(world => world.GetProperty("transitions").GetInt64()), all.GetProperty("transitions").GetInt64());
        Assert.Equal(worlds.Max(world => world.GetProperty("states").GetInt64()), all.GetProperty("states").GetInt64());
        Assert.Equal(2, all.GetProperty("controls").GetArrayLength());
        Assert.All(all.GetProperty("controls").EnumerateArray(), control => Assert.True(control.GetProperty("caught").GetBoolean()));
        // A merge of merges is the merge of all.
        string two = _folder.Write("two", ExploreFolder.Explore("--merge", members[0], members[1]).Output);
        Assert.Equal(merged.Output, ExploreFolder.Explore("--merge", two, members[2]).Output);
        // What was searched again is the same for the same seed.
        Assert.Equal(worlds[0].GetProperty("kinds").GetRawText(), ExploreFolder.WorldOf(File.ReadAllText(Member(file, 1))).GetProperty("kinds").GetRawText());
    }

    /// <summary>As docs/explorer.md shows it.</summary>
    [Fact]
    public void GNU_parallel_spreads_a_swarm()
    {
        string file = _folder.Write("w.yaml", WorldTexts.Sharers);
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: a shell");
        Assert.SkipUnless(Parallel("--version", out string said) == 0 && said.StartsWith("GNU parallel", StringComparison.Ordinal), "needs GNU parallel, which is not installed");
        string wirq = string.Join(' ', WirqProgram.Words.Select(word => $"'{word}'"));
        int status = Parallel($"-j 2 \"{wirq} explore '{file}' --swarm {{}}/3 --max-states 500 --json > '{_folder["."]}/{{}}.json' || test \\$? -eq 4\" ::: 1 2 3", out said);
        Assert.True(status == 0, said);
        JsonElement all = ExploreFolder.WorldOf(ExploreFolder.Explore("--merge", _folder["1.json"], _folder["2.json"], _folder["3.json"]).Output);
        Assert.Equal(3, all.GetProperty("members").GetInt32());
    }

    private static int Parallel(string arguments, out string said)
    {
        // Of a program that is not there, the shell says so, with 127.
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"parallel --will-cite {arguments} 2>&1"]) { RedirectStandardOutput = true })!;
        said = shell.StandardOutput.ReadToEnd();
        Assert.True(shell.WaitForExit(TimeSpan.FromMinutes(2)));
        return shell.ExitCode;
    }

    private string Member(string file, int member)
    {
        CommandRun run = ExploreFolder.Explore(file, "--json", "--swarm", $"{member}/3", "--max-states", "2000", "--time", "1m");
        Assert.Equal((4, ""), (run.ExitCode, run.Errors));
        return _folder.Write($"{member}.json", run.Output);
    }

    [Fact]
    public void A_proof_of_one_member_is_a_proof_and_a_violation_of_one_is_a_violation()
    {
        string proved = Explored("p", WorldTexts.Sharers), bounded = Explored("b", WorldTexts.Sharers, "--max-states", "50"),
            violated = Explored("v", ExploreFolder.Violated), part = Explored("w", ExploreFolder.Violated, "--max-states", "2");
        Assert.Equal((0, "proved"), Merged(bounded, proved));
        Assert.Equal((0, "proved"), Merged(proved, bounded));
        Assert.Equal((1, "violated"), Merged(part, violated));
        JsonElement told = ExploreFolder.WorldOf(ExploreFolder.Explore("--merge", part, violated).Output);
        Assert.Equal("expectations", told.GetProperty("story").GetProperty("violates").GetString());
        Assert.False(told.TryGetProperty("bound", out _));
    }

    /// <summary>What a member says against the others is not lost, whichever comes first.</summary>
    [Fact]
    public void Neither_a_missed_design_nor_an_unread_file_is_lost()
    {
        string open = Explored("o", ExploreFolder.Missed, "--max-states", "50"), missed = Explored("m", ExploreFolder.Missed);
        Assert.Equal(1, ExploreFolder.Explore("--merge", open, missed).ExitCode);
        Assert.Equal(1, ExploreFolder.Explore("--merge", missed, open).ExitCode);
        _folder.Write("w.yaml", WorldTexts.Sharers);
        string bad = _folder.Write("bad.yaml", "name: [");
        string unread = _folder.Write("u.json", ExploreFolder.Explore(_folder["w.yaml"], bad, "--json").Output);
        CommandRun merged = ExploreFolder.Explore("--merge", unread, unread);
        Assert.Equal(2, merged.ExitCode);
        Assert.Equal(bad, Assert.Single(JsonDocument.Parse(merged.Output).RootElement.GetProperty("unread").EnumerateArray()).GetProperty("file").GetString());
    }

    [Theory]
    [InlineData("", "m:1:1: it is no JSON")]
    [InlineData("[1, 2]", "m: has no worlds")]
    [InlineData("{\"worlds\": {\"a\": 1}}", "m: has no worlds")]
    [InlineData("{\"worlds\": [\n{\"file\": \"a\", \"file\": \"b\"}]}", "m: Duplicate property 'file'")]
    [InlineData("{\"worlds\": [{\"file\": \"a\", \"verdict\": \"fine\", \"controls\": []}]}", "m: has no worlds")]
    [InlineData("{\"worlds\": [{\"file\": \"a\", \"verdict\": \"proved\", \"controls\": [3]}]}", "m: has no worlds")]
    [InlineData("{\"worlds\": [{\"file\": \"a\", \"verdict\": \"proved\", \"controls\": [], \"states\": \"x\"}]}", "m: has no worlds")]
    [InlineData("{\"worlds\": [{\"file\": \"a\", \"verdict\": \"proved\", \"controls\": [], \"states\": 1e999}]}", "m: has no worlds")]
    [InlineData("{\"worlds\": [{\"file\": \"a\", \"verdict\": \"proved\", \"controls\": [], \"kinds\": {\"Cpu\": []}}]}", "m: has no worlds")]
    public void What_is_no_search_is_refused(string text, string why)
    {
        CommandRun run = ExploreFolder.Explore("--merge", _folder.Write("m", text), _folder["m"]);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine(why);
        run.AssertOneLine("expected what explore --json prints");
        run.AssertOneLine(_folder["m"]);
    }

    private string Explored(string name, string world, params string[] options) =>
        _folder.Write($"{name}.json", ExploreFolder.Explore([_folder.Write("w.yaml", world), "--json", .. options]).Output);

    private static (int, string?) Merged(params string[] files)
    {
        CommandRun run = ExploreFolder.Explore(["--merge", .. files]);
        return (run.ExitCode, ExploreFolder.WorldOf(run.Output).GetProperty("verdict").GetString());
    }
}
