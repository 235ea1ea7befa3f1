using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Exploring;

/// <summary>Explores worlds: every order in which what can happen may happen.</summary>
public static class WorldExplorer
{
    /// <summary>Explores a scenario, and again under each of its historic designs.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="Worlds.WorldException">The machine is too large.</exception>
    public static ExploreResult Explore(Scenario scenario, ExploreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        options ??= new ExploreOptions();
        Exploration found = Run(scenario, null, options);
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
            Story = StoryOf(scenario, null, found),
            Vacuity = vacuity,
            Search = found,
            Controls = [.. scenario.Historic.Select(spec => Control(scenario, spec, options))],
        };
    }

    private static ControlResult Control(Scenario scenario, HistoricSpec spec, ExploreOptions options)
    {
        Exploration found = Run(scenario, spec.Design, options with { Target = spec.Breaks, SearchesLivelocks = false });
        bool caught = found.End == SearchEnd.Violated;
        return new ControlResult(spec.Design, spec.Breaks, caught, found.End != SearchEnd.Bound, found.States, StoryOf(scenario, spec.Design, found));
    }

    private static Story? StoryOf(Scenario scenario, string? design, Exploration found) =>
        found.Violation is null ? null : Story.Tell(scenario, design, found.Violation, found.Way, found.Repeats);

    private static Exploration Run(Scenario scenario, string? design, ExploreOptions options)
    {
        Exploration found;
        using (var search = new Search(scenario, design, options))
            found = search.Run();
        return found.End == SearchEnd.Violated ? Minimal.Of(scenario, design, options, found) : found;
    }
}
