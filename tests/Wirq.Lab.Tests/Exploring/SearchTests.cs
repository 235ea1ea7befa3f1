using System.Collections.Concurrent;
using Wirq.Lab.Exploring;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Lab.Tests.Exploring;

/// <summary>The search visits every state once, whoever does the work.</summary>
public sealed class SearchTests
{
    // The naive search of a world is the slowest part, and the same for any number of workers.
    private static readonly ConcurrentDictionary<string, NaiveSearch> s_naive = [];

    public static TheoryData<string, int> Worlds
    {
        get
        {
            var data = new TheoryData<string, int>();
            foreach (string text in SmallWorlds.All)
            {
                foreach (int workers in (int[])[1, 2, 3])
                    data.Add(text, workers);
            }
            return data;
        }
    }

    [Theory, MemberData(nameof(Worlds))]
    public void It_visits_the_states_of_a_naive_search(string text, int workers)
    {
        Scenario scenario = SmallWorlds.Read(text);
        NaiveSearch naive = s_naive.GetOrAdd(text, _ => NaiveSearch.Of(scenario));
        Exploration found = Run(scenario, new ExploreOptions { Workers = workers, Reduces = false });
        Assert.Equal(-1, naive.Violation);
        Assert.Equal(SearchEnd.Complete, found.End);
        Assert.Equal((naive.States, naive.Transitions, naive.Ends), ((int)found.States, (int)found.Transitions, (int)found.Ends));
        Assert.Equal(naive.Depths.Values.Max(), found.Depth);
        Assert.Equal(found.Transitions, found.Coverage.Kinds.Sum());
    }

    /// <summary>Counted by hand: three actors of one step each, whose steps do nothing that another could see, make the corners of a
    /// cube: 8 states and 12 edges, and an end. Before them is the rest of the start, behind them that of the end.</summary>
    [Fact]
    public void A_cube_has_eight_corners()
    {
        Scenario scenario = SmallWorlds.Read("""
            name: cube
            machine: {devices: {a: {gsi: 20}, b: {gsi: 21}, c: {gsi: 22}}}
            actors: {a: [{a: lower}], b: [{b: lower}], c: [{c: lower}]}
            laws: []
            """);
        Exploration found = Run(scenario, new ExploreOptions { Reduces = false });
        Assert.Equal((8, 12, 1, 3), (found.States, found.Transitions, found.Ends, found.Depth));
    }

    [Theory, MemberData(nameof(Worlds))]
    public void Reports_that_go_first_hide_nothing(string text, int workers)
    {
        Scenario scenario = SmallWorlds.Read(text);
        Exploration whole = Run(scenario, new ExploreOptions { Workers = workers, Reduces = false }), reduced = Run(scenario, new ExploreOptions { Workers = workers });
        Assert.Equal(whole.End, reduced.End);
        // A reduction may leave out states, but none in which nothing can happen.
        Assert.Equal(whole.Ends, reduced.Ends);
        Assert.True(reduced.States <= whole.States, $"{reduced.States} of {whole.States}");
        Assert.Equal(whole.Coverage.Steps.Count, reduced.Coverage.Steps.Count);
        Assert.Equal(whole.Coverage.Laws.Select(law => (law.Key, law.Value > 0)), reduced.Coverage.Laws.Select(law => (law.Key, law.Value > 0)));
    }

    [Theory]
    [InlineData(WorldTexts.Sharers)]
    [InlineData(SmallWorlds.Virq)]
    [InlineData(SmallWorlds.Oneshot)]
    public void A_design_is_caught_by_a_story_as_short_as_a_naive_search_finds(string text)
    {
        Scenario scenario = SmallWorlds.Read(text);
        ExploreResult[] results = [.. new[] { 1, 2, 3 }.Select(workers => WorldExplorer.Explore(scenario, new ExploreOptions { Workers = workers }))];
        foreach ((HistoricSpec spec, int index) in scenario.Historic.Select((spec, index) => (spec, index)))
        {
            NaiveSearch naive = NaiveSearch.Of(scenario, spec.Design, spec.Breaks);
            Assert.NotEqual(-1, naive.Violation);
            Assert.All(results, result =>
            {
                Assert.True(result.Controls[index].Caught);
                Assert.Equal(naive.Violation, result.Controls[index].Story!.Way.Count);
                Assert.Equal(results[0].Controls[index].Story!.Way, result.Controls[index].Story!.Way);
            });
        }
    }

    /// <summary>The story of a violation under reduction is searched again without it.</summary>
    [Fact]
    public void A_violation_under_reduction_has_the_shortest_story()
    {
        // Two interrupts, and one is expected.
        Scenario scenario = SmallWorlds.Read(SmallWorlds.Counted.Replace("vector-accepted: 3", "vector-accepted: 2", StringComparison.Ordinal));
        ExploreResult result = WorldExplorer.Explore(scenario);
        Assert.Equal(ExploreVerdict.Violated, result.Verdict);
        Assert.Equal(ViolationKind.Expectation, result.Story!.Violation.Kind);
        Assert.Equal(NaiveSearch.Of(scenario).Violation, result.Story.Way.Count);
    }

    [Fact]
    public void A_world_that_never_rests_is_a_livelock_and_the_search_ends()
    {
        ExploreResult result = WorldExplorer.Explore(SmallWorlds.Read(WorldTexts.Livelock), new ExploreOptions { MaxStates = 100_000 });
        Assert.Equal(ExploreVerdict.Violated, result.Verdict);
        Assert.Equal(ViolationKind.Livelock, result.Story!.Violation.Kind);
        Assert.InRange(result.Story.Repeats, 1, result.Story.Way.Count - 1);
        // The cycle leads back to where it began.
        using World world = SmallWorlds.Make(result.Scenario);
        foreach (Transition transition in result.Story.Way.SkipLast(result.Story.Repeats))
            world.Apply(transition);
        UInt128 before = world.Identity();
        foreach (Transition transition in result.Story.Way.TakeLast(result.Story.Repeats))
            world.Apply(transition);
        Assert.Equal(before, world.Identity());
    }

    [Fact]
    public void A_bound_is_told_and_proves_nothing()
    {
        Scenario scenario = SmallWorlds.Read(WorldTexts.Sharers);
        ExploreResult states = WorldExplorer.Explore(scenario, new ExploreOptions { MaxStates = 50 });
        Assert.Equal(ExploreVerdict.BoundReached, states.Verdict);
        Assert.InRange(states.States, 50, 60);
        Assert.Contains("50 states", states.Search.Bound, StringComparison.Ordinal);
        Assert.All(states.Controls, control => Assert.False(control is { Caught: false, Finished: true }));
        Exploration memory = Run(scenario, new ExploreOptions { MaxBytes = 1, Reduces = false });
        Assert.Equal(SearchEnd.Bound, memory.End);
        Exploration time = Run(scenario, new ExploreOptions { MaxTime = TimeSpan.Zero });
        Assert.Equal(SearchEnd.Bound, time.End);
        Exploration depth = Run(scenario, new ExploreOptions { MaxDepth = 3 });
        Assert.Equal((SearchEnd.Bound, 3), (depth.End, depth.Depth));
    }

    [Fact]
    public void What_was_never_exercised_is_named()
    {
        ExploreResult result = WorldExplorer.Explore(SmallWorlds.Read("""
            name: idle
            machine: {pic: false, ioapics: [{pins: 1}], devices: {disk: {gsi: 0}}}
            handlers: {cpu0: {0x41: [{serve: disk}, eoi]}}
            actors: {disk: [{disk: lower}]}
            laws: [LevelRedelivered]
            """));
        Assert.Equal(ExploreVerdict.Vacuous, result.Verdict);
        Assert.Equal(["LevelRedelivered"], result.Vacuity.Laws);
        Assert.Equal(2, result.Vacuity.Steps.Count);
        Assert.Contains("Cpu", result.Vacuity.Kinds);
        ExploreResult lively = WorldExplorer.Explore(SmallWorlds.Read(WorldTexts.Sharers));
        Assert.Equal((ExploreVerdict.Proved, true), (lively.Verdict, lively.IsGood));
        Assert.Empty(lively.Vacuity.Reasons);
    }

    [Fact]
    public void A_story_has_no_actor_that_it_does_not_need()
    {
        ExploreResult result = WorldExplorer.Explore(SmallWorlds.Read("""
            name: bystanders
            machine: {cpus: 2, devices: {a: {msi: {address: 0xfee00000, data: 0x41}}, b: {msi: {address: 0xfee01000, data: 0x42}}}}
            handlers: {cpu1: {any: [eoi]}}
            actors: {b: [{b: send}], a: [{a: send}]}
            laws: [NoLostEdge]
            """));
        Assert.Equal(ViolationKind.Expectation, result.Story!.Violation.Kind);
        Assert.Contains("no handler", result.Story.Violation.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(result.Story.Way, transition => transition is { Kind: TransitionKind.Script, Index: 1 } or { Kind: TransitionKind.Cpu, Index: 1 });
    }

    private static Exploration Run(Scenario scenario, ExploreOptions options)
    {
        using var search = new Search(scenario, null, options);
        return search.Run();
    }
}
