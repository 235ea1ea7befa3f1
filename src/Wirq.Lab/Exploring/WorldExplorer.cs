using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Exploring;

/// <summary>Explores worlds: every order in which what can happen may happen.</summary>
internal static class WorldExplorer
{
    /// <summary>Explores a scenario, and again under each of its historic designs.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="design">A historic design under which it is explored instead, and alone; null for none.</param>
    /// <exception cref="Worlds.WorldException">The machine is too large.</exception>
    public static ExploreResult Explore(Scenario scenario, ExploreOptions? options = null, string? design = null)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        options ??= new ExploreOptions();
        Exploration found = Run(scenario, design, options);
        bool isComplete = found.End == SearchEnd.Complete;
        Vacuity vacuity = isComplete ? Vacuity.Of(scenario, found.Coverage) : new Vacuity([], [], []);
        ExploreVerdict verdict = found.End switch
        {
            SearchEnd.Violated => ExploreVerdict.Violated,
            SearchEnd.Bound => ExploreVerdict.BoundReached,
            _ => vacuity.IsEmpty ? ExploreVerdict.Proved : ExploreVerdict.Vacuous,
        };
        return new ExploreResult
        {
            Scenario = scenario,
            Verdict = verdict,
            Story = StoryOf(scenario, design, found),
            Vacuity = vacuity,
            Search = found,
            Controls = design is not null ? [] : [.. scenario.Historic.Select(spec => Control(scenario, spec, options))],
        };
    }

    private static ControlResult Control(Scenario scenario, HistoricSpec spec, ExploreOptions options)
    {
        Exploration found = Run(scenario, spec.Design, options with { Target = spec.Breaks, SearchesLivelocks = false, Checkpoint = null, Diagram = null });
        bool caught = found.End == SearchEnd.Violated;
        return new ControlResult(spec.Design, spec.Breaks, caught, found.End != SearchEnd.Bound, found.States, StoryOf(scenario, spec.Design, found));
    }

    /// <summary>A violation was found under reduction: finds the shortest way, in which the reduction may not have looked. Whether a
    /// cycle is fair shows only where every transition is made.</summary>
    private static Exploration Shortest(Scenario scenario, string? design, ExploreOptions options, Exploration found)
    {
        bool isLivelock = found.Violation!.Kind == ViolationKind.Livelock;
        Exploration whole = Once(scenario, design, options with { MaxDepth = isLivelock ? options.MaxDepth : found.Way.Count, SearchesLivelocks = isLivelock });
        if (isLivelock)
            return whole;
        return whole.End == SearchEnd.Violated ? found with { Violation = whole.Violation, Way = whole.Way } : found with { IsShortest = false };
    }

    private static Exploration Once(Scenario scenario, string? design, ExploreOptions options)
    {
        if (options.Simulates)
        {
            using var walks = new Walks(scenario, design, options);
            return walks.Run();
        }
        using var search = new Search(scenario, design, options);
        return search.Run() with { Reduced = options.Reduces && design is null };
    }

    private static Story? StoryOf(Scenario scenario, string? design, Exploration found) =>
        found.Violation is null ? null : Story.Tell(scenario, design, found.Violation, found.Way, found.Repeats);

    private static Exploration Run(Scenario scenario, string? design, ExploreOptions options)
    {
        Exploration found = Once(scenario, design, options);
        if (found.End != SearchEnd.Violated)
            return found;
        if (options.Simulates)
            return found;
        ExploreOptions whole = options with { Reduces = false, Checkpoint = null, Diagram = null };
        return Minimal.Of(scenario, design, whole, found.Reduced ? Shortest(scenario, design, whole, found) : found);
    }
}
