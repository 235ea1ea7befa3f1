using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>Makes a shortest story minimal in its actors: searches again with one of them after the other not allowed to
/// move.</summary>
internal static class Minimal
{
    // A search for a smaller story may not cost much more than the one that found the first.
    private const long LeastStates = 1 << 20;

    /// <summary>The story with as few actors as a greedy search finds, at the same length.</summary>
    internal static Exploration Of(Scenario scenario, string? design, ExploreOptions options, Exploration found)
    {
        if (found.Violation is not { } violation || violation.Kind is ViolationKind.Livelock or ViolationKind.Deadlock)
            return found;
        var still = new HashSet<Transition>();
        long states = found.States;
        foreach (Transition actor in ActorsOf(found.Way))
        {
            still.Add(actor);
            using var search = new Search(scenario, design, options with
            {
                Forbidden = still, MaxDepth = found.Way.Count, SearchesLivelocks = false, Progress = null,
                MaxStates = Math.Min(options.MaxStates, Math.Max(LeastStates, 2 * states)),
            });
            Exploration smaller = search.Run();
            if (smaller.Violation?.IsLike(violation) == true && smaller.Way.Count == found.Way.Count)
                found = found with { Violation = smaller.Violation, Way = smaller.Way };
            else
                still.Remove(actor);
        }
        return found;
    }

    /// <summary>Who moves: CPUs and actors, the last first.</summary>
    private static Transition[] ActorsOf(IReadOnlyList<Transition> way) => way.Where(transition =>
        transition.Kind == TransitionKind.Cpu || transition is { Kind: TransitionKind.Script, Index: > 0 }).Distinct().Reverse().ToArray();
}
