namespace Wirq.Lab.Running;

/// <summary>A run of entries, or equal parts that follow each other.</summary>
internal sealed class TimelinePart
{
    private readonly TimelineEntry[] _entries;
    // Parts with different hashes are different. The hash is cheap, because most parts are never compared.
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

    /// <summary>The entries, if it is not a repetition.</summary>
    public IReadOnlyList<TimelineEntry> Entries => _entries;
    /// <summary>The repeated parts, as they were the first time.</summary>
    public IReadOnlyList<TimelinePart> Parts { get; }
    /// <summary>The number of repetitions; 1 if it is not a repetition.</summary>
    public long Times { get; private set; } = 1;
    /// <summary>The number of its entries that are kept.</summary>
    internal int Kept { get; }
    /// <summary>The number of entries that it represents.</summary>
    internal long Length => Parts.Count == 0 ? Kept : Times * Parts.Sum(part => part.Length);

    /// <summary>Counts one more repetition.</summary>
    internal void Repeat()
    {
        Times++;
        _hash = HashOf(Parts, Times);
    }

    /// <summary>Whether another part is equal, except for times.</summary>
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

    /// <summary>Whether entries are equal to this part, except for times.</summary>
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
