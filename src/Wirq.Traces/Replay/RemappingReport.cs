namespace Wirq.Traces.Replay;

/// <summary>One invalidation of interrupt entries.</summary>
/// <param name="Line">The line of the log.</param>
/// <param name="Global">Whether all entries are meant.</param>
/// <param name="Index">The entry, where not.</param>
/// <param name="Mask">How many low bits of the index do not count.</param>
/// <param name="Touched">Cached routes that came of these entries, and were dropped.</param>
public readonly record struct LoggedInvalidation(long Line, bool Global, int Index, int Mask, int Touched);

/// <summary>What went through the remapping unit.</summary>
public sealed class RemappingReport
{
    /// <summary>The most invalidations that are kept one by one.</summary>
    public const int MostKept = 1024;

    private readonly List<LoggedInvalidation> _kept = [];

    /// <summary>Messages that an entry translated.</summary>
    public long Translated { get; internal set; }
    /// <summary>Messages that passed as they were: remapping was off, or they were in compatibility format.</summary>
    public long Unremapped { get; internal set; }
    /// <summary>Messages that were blocked.</summary>
    public long Blocked { get; internal set; }
    /// <summary>Invalidations of all entries.</summary>
    public long Global { get; private set; }
    /// <summary>Invalidations of a run of entries.</summary>
    public long Selective { get; private set; }
    /// <summary>Cached routes that all invalidations dropped.</summary>
    public long Touched { get; private set; }
    /// <summary>Cached routes that one invalidation dropped, at most.</summary>
    public int MostTouched { get; private set; }
    /// <summary>How often an entry was used that had been rewritten since its route was cached, with no invalidation in
    /// between. Hardware might have used the old one.</summary>
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
