using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Wirq.Cli.Tests.Boot;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Cli.Tests.Explore;

/// <summary>Searches that end before they have seen everything, and go on later.</summary>
public sealed class ExploreBoundTests : IDisposable
{
    private static readonly string[] s_counts = ["verdict", "states", "transitions", "depth", "endStates", "kinds", "judgements", "vacuous"];

    private readonly ExploreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("bound reached: 100 states; explored 1", "--max-states", "100")]
    [InlineData("bound reached: 1,048,576 bytes of memory; explored ", "--max-memory", "1M")]
    [InlineData("bound reached: 0.001 s; explored ", "--time", "1ms")]
    public void A_bound_is_told_and_proves_nothing(string says, params string[] bound)
    {
        string file = _folder.Write("w.yaml", ExploreFolder.Endless + "\nhistoric: [{design: last-writer-wins, breaks: expectations}]\n");
        CommandRun run = ExploreFolder.Explore([file, .. bound]);
        Assert.Equal((4, ""), (run.ExitCode, run.Errors));
        string joined = string.Join(' ', run.Output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(says, joined, StringComparison.Ordinal);
        Assert.Matches("a state was missed by its hash with probability [0-9.]+e-[0-9]+", joined);
        Assert.Contains("as last-writer-wins, by expectations: not decided: a bound was reached", joined, StringComparison.Ordinal);
        Assert.DoesNotContain("proved", run.Output, StringComparison.Ordinal);
        JsonElement world = ExploreFolder.WorldOf(ExploreFolder.Explore([file, "--json", .. bound]).Output);
        Assert.Equal("bound reached", world.GetProperty("verdict").GetString());
        Assert.InRange(world.GetProperty("missedProbability").GetDouble(), 1e-40, 1e-15);
    }

    [Fact]
    public void A_search_that_was_stopped_goes_on_and_ends_as_one_that_was_not()
    {
        string file = _folder.Write("w.yaml", WorldTexts.Sharers), checkpoint = _folder["c"];
        JsonElement whole = ExploreFolder.WorldOf(ExploreFolder.Explore(file, "--json").Output);
        CommandRun first = ExploreFolder.Explore(file, "--json", "--checkpoint", checkpoint, "--max-states", "200");
        Assert.Equal((4, ""), (first.ExitCode, first.Errors));
        CommandRun second = ExploreFolder.Explore(file, "--json", "--checkpoint", checkpoint, "--workers", "1");
        Assert.Equal((0, ""), (second.ExitCode, second.Errors));
        JsonElement resumed = ExploreFolder.WorldOf(second.Output);
        Assert.All(s_counts, name => Assert.Equal(whole.GetProperty(name).GetRawText(), resumed.GetProperty(name).GetRawText()));
        Assert.Equal(["c", "w.yaml"], _folder.Names);
        // Of another world it is refused, and stays as it is.
        byte[] kept = File.ReadAllBytes(checkpoint);
        File.WriteAllText(file, WorldTexts.Sharers.Replace("{pins: 1}", "{pins: 1, stormLimit: 7}", StringComparison.Ordinal));
        CommandRun other = ExploreFolder.Explore(file, "--checkpoint", checkpoint);
        Assert.Equal((2, ""), (other.ExitCode, other.Output));
        other.AssertOneLine("it is of another world");
        Assert.Equal(kept, File.ReadAllBytes(checkpoint));
    }

    [Fact]
    public void What_memory_does_not_hold_goes_to_a_folder_that_is_empty_afterwards()
    {
        string file = _folder.Write("w.yaml", ExploreFolder.Endless), disk = Directory.CreateDirectory(_folder["disk"]).FullName;
        JsonElement memory = ExploreFolder.WorldOf(ExploreFolder.Explore(file, "--json", "--max-states", "30k", "--workers", "1").Output);
        JsonElement spilled = ExploreFolder.WorldOf(ExploreFolder.Explore(file, "--json", "--max-states", "30k", "--workers", "1", "--disk", disk, "--max-memory", "3M").Output);
        Assert.Equal("30,000 states", spilled.GetProperty("bound").GetString());
        Assert.InRange(spilled.GetProperty("diskBytes").GetInt64(), 1, long.MaxValue);
        Assert.Equal(memory.GetProperty("states").GetInt64(), spilled.GetProperty("states").GetInt64());
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk));
    }

    /// <summary>The first signal ends a search as a bound does: its answer and its checkpoint are whole.</summary>
    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public async Task A_signal_ends_a_search_with_whole_outputs(string signal, int status)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: kill");
        string file = _folder.Write("w.yaml", ExploreFolder.Endless), checkpoint = _folder["c"];
        using Process process = SignalDefaults.Start([.. WirqProgram.Words, "explore", file, "--json", "--checkpoint", checkpoint, "--record", _folder["r"], "--no-livelock"]);
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancelled), errors = process.StandardError.ReadToEndAsync(cancelled);
        // From here on signals are caught, whether the search has found anything or not.
        Until(() => process.HasExited || File.Exists(_folder["r.part"]));
        Kill(process, signal);
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal((status, "wirq: there is no story to record\n"), (process.ExitCode, await errors));
        JsonElement world = ExploreFolder.WorldOf(await output);
        Assert.Equal(("bound reached", "a stop that was requested"), (world.GetProperty("verdict").GetString(), world.GetProperty("bound").GetString()));
        long states = world.GetProperty("states").GetInt64();
        JsonElement more = ExploreFolder.WorldOf(ExploreFolder.Explore(file, "--json", "--checkpoint", checkpoint, "--no-livelock", "--max-states",
            string.Create(CultureInfo.InvariantCulture, $"{states + 1}")).Output);
        Assert.InRange(more.GetProperty("states").GetInt64(), states + 1, long.MaxValue);
        Assert.Equal(["c", "w.yaml"], _folder.Names);
    }

    [Fact]
    public void A_walk_by_hand_that_waits_for_its_user_ends_at_a_signal()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: kill");
        string file = _folder.Write("w.yaml", WorldTexts.Sharers);
        using Process process = SignalDefaults.Start([.. WirqProgram.Words, "explore", file, "--step"], hasInput: true);
        Assert.StartsWith("step 0", process.StandardOutput.ReadLine(), StringComparison.Ordinal);
        Kill(process, "INT");
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal(130, process.ExitCode);
    }

    private static void Kill(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static void Until(Func<bool> holds)
    {
        for (var waited = Stopwatch.StartNew(); !holds(); Thread.Sleep(5))
            Assert.True(waited.Elapsed < TimeSpan.FromMinutes(1));
    }
}
