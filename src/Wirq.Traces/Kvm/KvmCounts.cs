using System.Text;

namespace Wirq.Traces.Kvm;

/// <summary>The name of an event, as it stands in a log, and how often it stands there.</summary>
internal sealed class EventName(byte[] text, KvmEvent happened)
{
    internal ReadOnlySpan<byte> Text => text;
    internal KvmEvent Event => happened;
    internal long Count { get; set; }
}

/// <summary>How often each event stands in a log, under the name that stands there.</summary>
internal sealed class KvmCounts
{
    /// <summary>KVM has about a hundred tracepoints; a file that is no log must not fill the memory with names.</summary>
    private const int MostNames = 512;
    private const int LongestName = 64;
    /// <summary>A power of two, and twice as many as names, so that a free place is near.</summary>
    private const int Places = 1 << 10;

    private readonly EventName?[] _names = new EventName?[Places];
    private readonly EventName[] _known = new EventName[(int)KvmEvent.PostedRoute + 1];
    /// <summary>What has no place: a name that is too long, or one too many.</summary>
    private readonly EventName _other = new([], KvmEvent.Other);
    private int _count;

    internal KvmCounts()
    {
        foreach ((byte[] name, KvmEvent happened) in KvmNames.Events)
            _known[(int)happened] = Place(name) = new EventName(name, happened);
    }

    /// <summary>Records with an event's name.</summary>
    internal long Records { get; private set; }

    /// <summary>The host's CPUs, as the head of ftrace's file says; 0 where it does not.</summary>
    internal int HostCpus { get; set; }

    /// <summary>Records whose fields cannot be read, or are cut.</summary>
    internal long Damaged { get; set; }

    internal long this[KvmEvent happened] => _known[(int)happened]?.Count ?? 0;

    /// <summary>Names and counts, in the order of the names.</summary>
    internal IEnumerable<(string Name, long Count)> All => _names.OfType<EventName>().Where(name => name.Count > 0)
        .Select(name => (Name: Encoding.ASCII.GetString(name.Text), name.Count)).OrderBy(one => one.Name, StringComparer.Ordinal);

    /// <summary>What a name says.</summary>
    internal EventName Of(ReadOnlySpan<byte> name)
    {
        ref EventName? place = ref Place(name);
        if (place is { } known)
            return known;
        if (name.Length > LongestName || _count == MostNames)
            return _other;
        _count++;
        return place = new EventName(name.ToArray(), KvmEvent.Other);
    }

    /// <summary>Counts a record.</summary>
    internal void Add(EventName name)
    {
        Records++;
        name.Count++;
    }

    private ref EventName? Place(ReadOnlySpan<byte> name)
    {
        int place = ByteHash.Of(name);
        while (_names[place % Places] is { } other && !name.SequenceEqual(other.Text))
            place++;
        return ref _names[place % Places];
    }
}
