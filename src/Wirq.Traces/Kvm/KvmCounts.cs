using System.Text;

namespace Wirq.Traces.Kvm;

/// <summary>How often each event stands in a log, under the name that stands there.</summary>
internal sealed class KvmCounts
{
    /// <summary>KVM has about a hundred tracepoints; a file that is no log must not fill the memory with names.</summary>
    private const int MostNames = 512;
    private const int LongestName = 64;

    private readonly Dictionary<string, long> _others = [];
    private readonly Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _byName;
    private readonly long[] _known = new long[(int)KvmEvent.PostedRoute + 1];

    internal KvmCounts() => _byName = _others.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Records with an event's name.</summary>
    internal long Records { get; private set; }

    /// <summary>Records whose fields cannot be read, or are cut.</summary>
    internal long Damaged { get; set; }

    internal long this[KvmEvent happened] => _known[(int)happened];

    /// <summary>Names and counts, in the order of the names.</summary>
    internal IEnumerable<(string Name, long Count)> All => _others.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value));

    internal void Add(ReadOnlySpan<byte> name, KvmEvent happened)
    {
        Records++;
        _known[(int)happened]++;
        Span<char> text = stackalloc char[LongestName];
        if (!Encoding.ASCII.TryGetChars(name, text, out int length))
            return;
        if (_byName.TryGetValue(text[..length], out long count))
            _byName[text[..length]] = count + 1;
        else if (_others.Count < MostNames)
            _byName[text[..length]] = 1;
    }
}
