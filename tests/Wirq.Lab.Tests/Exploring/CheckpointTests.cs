using Wirq.Lab.Exploring;
using Wirq.Lab.Scenarios;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Lab.Tests.Exploring;

public sealed class CheckpointTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-explore-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string File1 => Path.Combine(_folder.FullName, "search");

    [Theory]
    [InlineData(WorldTexts.Sharers, 100)]
    [InlineData(WorldTexts.Sharers, 1)]
    [InlineData(SmallWorlds.Virq, 700)]
    [InlineData(SmallWorlds.Remapped, 150)]
    [InlineData(SmallWorlds.Counted, 64)]
    public void A_search_that_was_stopped_ends_as_one_that_was_not(string text, int first)
    {
        Scenario scenario = SmallWorlds.Read(text);
        var options = new ExploreOptions { Reduces = false, Workers = 2 };
        Exploration whole = Run(scenario, options);
        options = options with { Checkpoint = File1 };
        int stops = 0;
        for (long most = first; Run(scenario, options with { MaxStates = most, Workers = 1 + stops % 3 }) is { End: SearchEnd.Bound }; most += first * 3)
            stops++;
        Exploration resumed = Run(scenario, options);
        Assert.True(stops > 0);
        Assert.Equal((whole.End, whole.States, whole.Transitions, whole.Depth, whole.Ends), (resumed.End, resumed.States, resumed.Transitions, resumed.Depth, resumed.Ends));
        Assert.Equal(whole.Coverage.Kinds, resumed.Coverage.Kinds);
        Assert.Equal(whole.Coverage.Steps.Count, resumed.Coverage.Steps.Count);
        Assert.Equal(whole.Coverage.Laws, resumed.Coverage.Laws);
    }

    [Fact]
    public void A_livelock_is_found_after_a_stop_too()
    {
        Scenario scenario = SmallWorlds.Read(WorldTexts.Livelock);
        var options = new ExploreOptions { Checkpoint = File1, Reduces = false };
        Assert.Equal(SearchEnd.Bound, Run(scenario, options with { MaxStates = 20 }).End);
        Assert.Equal(ViolationKind.Livelock, Run(scenario, options).Violation!.Kind);
    }

    [Fact]
    public void Another_world_or_a_damaged_file_is_refused()
    {
        var options = new ExploreOptions { Checkpoint = File1, Reduces = false, MaxStates = 50 };
        Run(SmallWorlds.Read(WorldTexts.Sharers), options);
        Assert.Contains("another world", Assert.Throws<ScenarioException>(() => Run(SmallWorlds.Read(SmallWorlds.Counted), options)).Message, StringComparison.Ordinal);
        Assert.Contains("another world", Assert.Throws<ScenarioException>(() => Run(SmallWorlds.Read(WorldTexts.Sharers), options with { Reduces = true })).Message, StringComparison.Ordinal);
        // Nothing of the start state tells these apart.
        string brakes = WorldTexts.Sharers.Replace("{pins: 1}", "{pins: 1, stormLimit: 3}", StringComparison.Ordinal);
        Assert.Contains("another world", Assert.Throws<ScenarioException>(() => Run(SmallWorlds.Read(brakes), options)).Message, StringComparison.Ordinal);
        byte[] good = File.ReadAllBytes(File1);
        for (int at = 0; at < good.Length; at += 97)
        {
            byte[] bad = [.. good];
            bad[at] ^= 1;
            File.WriteAllBytes(File1, bad);
            Assert.Throws<ScenarioException>(() => Run(SmallWorlds.Read(WorldTexts.Sharers), options));
            File.WriteAllBytes(File1, good[..at]);
            Assert.Throws<ScenarioException>(() => Run(SmallWorlds.Read(WorldTexts.Sharers), options));
        }
    }

    [Fact]
    public void What_memory_does_not_hold_lies_in_files_that_are_gone_at_the_end()
    {
        Scenario scenario = SmallWorlds.Read(SmallWorlds.Virq);
        Exploration memory = Run(scenario, new ExploreOptions { Reduces = false }),
            disk = Run(scenario, new ExploreOptions { Reduces = false, MaxBytes = 1_000_000, DiskFolder = _folder.FullName });
        Assert.Equal((memory.End, memory.States, memory.Transitions), (disk.End, disk.States, disk.Transitions));
        Assert.True(disk.DiskBytes > 0);
        Assert.Empty(_folder.EnumerateFiles());
    }

    /// <summary>Their names are gone while they are in use, so that the end of the process leaves none.</summary>
    [Fact]
    public void Files_have_no_name_while_they_are_used()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs Unix: there an open file needs no name");
        using var search = new Search(SmallWorlds.Read(SmallWorlds.Virq), null, new ExploreOptions { Reduces = false, MaxBytes = 1_000_000, DiskFolder = _folder.FullName });
        Assert.True(search.Run().DiskBytes > 0);
        Assert.Empty(_folder.EnumerateFiles());
    }

    [Fact]
    public void A_folder_that_takes_no_more_is_a_bound_and_no_fault()
    {
        string none = Path.Combine(_folder.FullName, "none");
        Exploration found = Run(SmallWorlds.Read(SmallWorlds.Virq), new ExploreOptions { Reduces = false, MaxBytes = 1_000_000, DiskFolder = none, Checkpoint = File1 });
        Assert.Equal(SearchEnd.Bound, found.End);
        Assert.Contains(none, found.Bound, StringComparison.Ordinal);
        // What was found until then is not lost.
        Exploration resumed = Run(SmallWorlds.Read(SmallWorlds.Virq), new ExploreOptions { Reduces = false, Checkpoint = File1 });
        Assert.Equal((SearchEnd.Complete, Run(SmallWorlds.Read(SmallWorlds.Virq), new ExploreOptions { Reduces = false }).States), (resumed.End, resumed.States));
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_is_told_and_costs_no_answer()
    {
        Exploration found = Run(SmallWorlds.Read(WorldTexts.Sharers), new ExploreOptions { Checkpoint = Path.Combine(_folder.FullName, "none", "search") });
        Assert.Equal(SearchEnd.Complete, found.End);
        Assert.Contains("none", found.Unsaved, StringComparison.Ordinal);
        Assert.Null(Run(SmallWorlds.Read(WorldTexts.Sharers), new ExploreOptions { Checkpoint = File1 }).Unsaved);
        Assert.NotNull(Run(SmallWorlds.Read(WorldTexts.Sharers), new ExploreOptions { Checkpoint = _folder.FullName }).Unsaved);
    }

    private static Exploration Run(Scenario scenario, ExploreOptions options)
    {
        using var search = new Search(scenario, null, options);
        return search.Run();
    }
}
