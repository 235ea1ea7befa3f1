using Wirq.Lab.Exploring.Diagrams;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>How a world is explored.</summary>
internal sealed record ExploreOptions
{
    /// <summary>The most states that a search can number.</summary>
    public const long MostStates = VisitedSet.MaxCount;

    /// <summary>Threads; 0 for one for each core.</summary>
    public int Workers { get; init; }
    /// <summary>States after which it stops.</summary>
    public long MaxStates { get; init; } = MostStates;
    /// <summary>Bytes of visited states, frontiers and edges after which it stops; 0 for half of the
    /// memory that the process may have.</summary>
    public long MaxBytes { get; init; }
    /// <summary>A folder for files that hold what three quarters of <see cref="MaxBytes"/> do not; null for none.</summary>
    public string? DiskFolder { get; init; }
    /// <summary>Time after which it stops; null for no bound.</summary>
    public TimeSpan? MaxTime { get; init; }
    /// <summary>Steps from the first state beyond which it does not look.</summary>
    public int MaxDepth { get; init; } = int.MaxValue;
    /// <summary>Whether independent orders are reduced.</summary>
    public bool Reduces { get; init; } = true;
    /// <summary>Whether livelocks are searched, which keeps every transition.</summary>
    public bool SearchesLivelocks { get; init; } = true;
    /// <summary>A file that holds the search when it stops. If it exists, the search goes on from it; null for none.</summary>
    public string? Checkpoint { get; init; }
    /// <summary>Whether it walks at random instead of visiting every state.</summary>
    public bool Simulates { get; init; }
    /// <summary>The seed of random walks.</summary>
    public int Seed { get; init; }
    /// <summary>Which of several searches with the same seed this one is.</summary>
    public int Member { get; init; }
    /// <summary>Receives figures on the way, from any thread; null for none.</summary>
    public Action<ExploreProgress>? Progress { get; init; }
    /// <summary>Called now and then; true stops the search as a bound does.</summary>
    public Func<bool>? CalledOff { get; init; }

    /// <summary>Notes the states of a subject for a diagram; null for none.</summary>
    internal DiagramRecorder? Diagram { get; init; }
    /// <summary>The only violation that counts: the name of a law, or <c>expectations</c>; null for any.</summary>
    internal string? Target { get; init; }
    /// <summary>Transitions that are never made.</summary>
    internal IReadOnlySet<Transition>? Forbidden { get; init; }
}

/// <summary>Figures of a search that goes on.</summary>
/// <param name="States">States visited.</param>
/// <param name="Transitions">Transitions made.</param>
/// <param name="Depth">Steps from the first state.</param>
/// <param name="Frontier">States that are known and not explored.</param>
/// <param name="Bytes">Bytes held.</param>
/// <param name="Elapsed">The time so far.</param>
internal readonly record struct ExploreProgress(long States, long Transitions, int Depth, long Frontier, long Bytes, TimeSpan Elapsed);
