namespace Wirq.Traces.Replay;

/// <summary>One invalidation of interrupt entries.</summary>
/// <param name="Line">The line of the log.</param>
/// <param name="Global">Whether it is for all entries.</param>
/// <param name="Index">The entry, if not global.</param>
/// <param name="Mask">The number of low bits of the index that are ignored.</param>
/// <param name="Touched">The number of cached routes that were made from these entries and were dropped.</param>
public readonly record struct LoggedInvalidation(long Line, bool Global, int Index, int Mask, int Touched);

/// <summary>Counts of messages and invalidations at the remapping unit.</summary>
public sealed class RemappingReport
{
    /// <summary>The highest number of invalidations that are kept individually.</summary>
    public const int MostKept = 1024;

    private readonly List<LoggedInvalidation> _kept = [];

    /// <summary>Messages that an entry translated.</summary>
    public long Translated { get; internal set; }
    /// <summary>Messages that passed unchanged: remapping was off, or they were in compatibility format.</summary>
    public long Unremapped { get; internal set; }
    /// <summary>Messages that were blocked.</summary>
    public long Blocked { get; internal set; }
    /// <summary>Invalidations of all entries.</summary>
    public long Global { get; private set; }
    /// <summary>Invalidations of a range of entries.</summary>
    public long Selective { get; private set; }
    /// <summary>Cached routes that all invalidations dropped.</summary>
    public long Touched { get; private set; }
    /// <summary>The highest number of cached routes that one invalidation dropped.</summary>
    public int MostTouched { get; private set; }
    /// <summary>How often an entry was used that had been rewritten since its route was cached, without an invalidation
    /// in between. Hardware might have used the old entry.</summary>
    public long Stale { get; private set; }
    /// <summary>The line of the first such use; 0 for none.</summary>
    public long FirstStale { get; private set; }
    /// <summary>The first invalidations, up to <see cref="MostKept"/>.</summary>
    public IReadOnlyList<LoggedInvalidation> Invalidations => _kept;

    internal void Add(in LoggedInvalidation invalidation)
    {
        if (invalidation.Global)
            Global++;
        else
            Selective++;
        Touched += invalidation.Touched;
        MostTouched = Math.Max(MostTouched, invalidation.Touched);
        if (_kept.Count < MostKept)
            _kept.Add(invalidation);
    }

    internal void AddStale(long line)
    {
        if (Stale++ == 0)
            FirstStale = line;
    }
}
