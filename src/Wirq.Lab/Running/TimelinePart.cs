namespace Wirq.Lab.Running;

/// <summary>A run of entries, or parts that follow each other several times alike.</summary>
internal sealed class TimelinePart
{
    private readonly TimelineEntry[] _entries;
    // Parts of different hashes say different things. It is cheap, for most parts are never compared.
    private int _hash;

    internal TimelinePart(TimelineEntry[] entries, int hash)
    {
        _entries = entries;
        Parts = [];
        Kept = entries.Length;
        _hash = hash;
    }

    internal TimelinePart(IReadOnlyList<TimelinePart> parts, int times)
    {
        _entries = [];
        Parts = parts;
        Times = times;
        Kept = parts.Sum(part => part.Kept);
        _hash = HashOf(parts, times);
    }

    /// <summary>The entries, where nothing is repeated.</summary>
    public IReadOnlyList<TimelineEntry> Entries => _entries;
    /// <summary>What is repeated, as it was the first time.</summary>
    public IReadOnlyList<TimelinePart> Parts { get; }
    /// <summary>How often it came; 1 where nothing is repeated.</summary>
    public long Times { get; private set; } = 1;
    /// <summary>How many entries are kept of it.</summary>
    internal int Kept { get; }
    /// <summary>The number of entries that it represents.</summary>
    internal long Length => Parts.Count == 0 ? Kept : Times * Parts.Sum(part => part.Length);

    /// <summary>Counts one time more.</summary>
    internal void Repeat()
    {
        Times++;
        _hash = HashOf(Parts, Times);
    }

    /// <summary>Whether another part says the same, at whatever time.</summary>
    internal bool SaysWhat(TimelinePart other)
    {
        if (_hash != other._hash || Times != other.Times || Kept != other.Kept || Parts.Count != other.Parts.Count)
            return false;
        for (int i = 0; i < _entries.Length; i++)
        {
            if (!_entries[i].SaysWhat(other._entries[i]))
                return false;
        }
        return Parts.Zip(other.Parts).All(pair => pair.First.SaysWhat(pair.Second));
    }

    /// <summary>Whether entries say the same as this, at whatever time.</summary>
    internal bool SaysWhat(List<TimelineEntry> entries, int hash)
    {
        if (hash != _hash || Entries.Count != entries.Count || Parts.Count > 0)
            return false;
        for (int i = 0; i < entries.Count; i++)
        {
            if (!_entries[i].SaysWhat(entries[i]))
                return false;
        }
        return true;
    }

    private static int HashOf(IReadOnlyList<TimelinePart> parts, long times)
    {
        var hash = new HashCode();
        hash.Add(times);
        foreach (TimelinePart part in parts)
            hash.Add(part._hash);
        return hash.ToHashCode();
    }
}
