using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>Why a search ended.</summary>
internal enum SearchEnd
{
    /// <summary>Every state was explored.</summary>
    Complete,
    /// <summary>A violation was found.</summary>
    Violated,
    /// <summary>A bound was reached.</summary>
    Bound,
}

/// <summary>What one search found.</summary>
internal sealed record Exploration
{
    internal required SearchEnd End { get; init; }
    /// <summary>The violation, and the way to it.</summary>
    internal Violation? Violation { get; init; }
    internal IReadOnlyList<Transition> Way { get; init; } = [];
    /// <summary>Of a livelock: the last transitions of the way, which repeat.</summary>
    internal int Repeats { get; init; }
    /// <summary>The bound that was reached, in words.</summary>
    internal string? Bound { get; init; }
    internal long States { get; init; }
    internal long Transitions { get; init; }
    /// <summary>Steps from the first state to the farthest.</summary>
    internal int Depth { get; init; }
    /// <summary>States in which nothing can happen.</summary>
    internal long Ends { get; init; }
    internal TimeSpan Elapsed { get; init; }
    internal long VisitedBytes { get; init; }
    /// <summary>The most bytes that frontiers held, with what packed worlds refer to.</summary>
    internal long FrontierBytes { get; init; }
    /// <summary>Bytes of files, when memory ended.</summary>
    internal long DiskBytes { get; init; }
    /// <summary>Whether independent orders were left out.</summary>
    internal bool Reduced { get; init; }
    /// <summary>Whether the way is a shortest one. If not, the search for it reached a bound.</summary>
    internal bool IsShortest { get; init; } = true;
    /// <summary>Why the checkpoint could not be written the last time; null if it was, or none is wanted.</summary>
    internal string? Unsaved { get; init; }
    internal long EdgeBytes { get; init; }
    internal Coverage Coverage { get; init; } = new();
    /// <summary>Whether cycles were searched for livelocks.</summary>
    internal bool SearchedLivelocks { get; init; }

    internal double BytesPerState => States == 0 ? 0 : (double)VisitedBytes / States;
    internal double PerSecond(long count) => count / Math.Max(1e-9, Elapsed.TotalSeconds);

    /// <summary>The probability that a state was missed because another has its identity: n²/2^129, the birthday
    /// bound.</summary>
    internal double MissedProbability => Math.Min(1, Math.Pow(States, 2) * Math.Pow(2, -129));
}

/// <summary>What happened at least once.</summary>
internal sealed class Coverage
{
    /// <summary>How often each kind of transition was made.</summary>
    internal long[] Kinds { get; init; } = new long[Enum.GetValues<TransitionKind>().Length];
    /// <summary>How often each law judged.</summary>
    internal SortedDictionary<string, long> Laws { get; init; } = new(StringComparer.Ordinal);
    /// <summary>The steps that ran.</summary>
    internal HashSet<Step> Steps { get; init; } = new(ReferenceEqualityComparer.Instance);

    internal void Add(Coverage other)
    {
        foreach ((string law, long count) in other.Laws)
            Laws[law] = Laws.GetValueOrDefault(law) + count;
        Steps.UnionWith(other.Steps);
    }
}
