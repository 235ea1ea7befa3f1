using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>What exploring a world showed.</summary>
internal enum ExploreVerdict
{
    /// <summary>Every state was visited, nothing is violated, and all that should be exercised was.</summary>
    Proved,
    /// <summary>Nothing is violated, and something was never exercised.</summary>
    Vacuous,
    /// <summary>Something is violated.</summary>
    Violated,
    /// <summary>A bound was reached, and nothing was violated until then.</summary>
    BoundReached,
}

/// <summary>The result of a historic design: whether its law fails somewhere.</summary>
/// <param name="Name">The name of the design.</param>
/// <param name="Law">The law that must fail, or <c>expectations</c>.</param>
/// <param name="Caught">Whether it failed.</param>
/// <param name="Finished">Whether every state was visited, or it was caught. If not, it is not known whether the design can be caught.</param>
/// <param name="States">States visited.</param>
/// <param name="Story">The shortest story; null if it was not caught.</param>
internal sealed record ControlResult(string Name, string Law, bool Caught, bool Finished, long States, Story? Story);

/// <summary>The result of a world.</summary>
internal sealed record ExploreResult
{
    /// <summary>Its scenario.</summary>
    public required Scenario Scenario { get; init; }
    /// <summary>The verdict.</summary>
    public required ExploreVerdict Verdict { get; init; }
    /// <summary>The shortest way to the violation; null if there is none.</summary>
    public Story? Story { get; init; }
    /// <summary>What was never exercised. It is known only if every state was visited.</summary>
    public required Vacuity Vacuity { get; init; }
    /// <summary>The historic designs.</summary>
    public IReadOnlyList<ControlResult> Controls { get; init; } = [];
    /// <summary>The search.</summary>
    internal Exploration Search { get; init; } = null!;

    /// <summary>Whether it is proved, and every design was caught.</summary>
    public bool IsGood => Verdict == ExploreVerdict.Proved && Controls.All(control => control.Caught);

    /// <summary>Whether something is wrong, as opposed to not known.</summary>
    public bool IsBad => Verdict is ExploreVerdict.Vacuous or ExploreVerdict.Violated || Controls.Any(control => control is { Caught: false, Finished: true });

    /// <summary>States visited.</summary>
    public long States => Search.States;
    /// <summary>Transitions made.</summary>
    public long Transitions => Search.Transitions;
    /// <summary>How often each kind of transition was made.</summary>
    internal long Count(TransitionKind kind) => Search.Coverage.Kinds[(int)kind];
}
