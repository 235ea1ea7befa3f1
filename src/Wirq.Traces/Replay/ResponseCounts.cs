using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>The result of comparing a response of a log.</summary>
public enum ResponseVerdict
{
    /// <summary>The chips do the same.</summary>
    Matched,
    /// <summary>The chips do something else, or one of the two does nothing.</summary>
    Mismatched,
    /// <summary>It differs only in what is printed; each such difference has a name.</summary>
    Waived,
    /// <summary>It was used as evidence, or cannot be known from the log.</summary>
    Unchecked,
}

/// <summary>How many responses ended how, by event.</summary>
public sealed class ResponseCounts
{
    private readonly long[,] _counts = new long[Enum.GetValues<ResponseVerdict>().Length, Enum.GetValues<TraceEvent>().Length];
    private readonly SortedDictionary<string, long> _waivers = new(StringComparer.Ordinal);

    /// <summary>How many there are in all.</summary>
    public long Total(ResponseVerdict verdict)
    {
        long total = 0;
        for (int kind = 0; kind < _counts.GetLength(1); kind++)
            total += _counts[(int)verdict, kind];
        return total;
    }

    /// <summary>How many there are of an event, by QEMU's name.</summary>
    public long Of(ResponseVerdict verdict, string name) => ByEvent(verdict).FirstOrDefault(pair => pair.Name == name).Count;

    /// <summary>By event, in alphabetical order; events without any are left out.</summary>
    public IReadOnlyList<(string Name, long Count)> ByEvent(ResponseVerdict verdict) =>
        [.. Enum.GetValues<TraceEvent>().Select(kind => (Name: EventNames.Of(kind), Count: _counts[(int)verdict, (int)kind]))
            .Where(pair => pair.Count > 0).OrderBy(pair => pair.Name, StringComparer.Ordinal)];

    /// <summary>How often each waiver was used.</summary>
    public IReadOnlyDictionary<string, long> Waivers => _waivers;

    internal void Count(ResponseVerdict verdict, TraceEvent kind) => _counts[(int)verdict, (int)kind]++;

    internal void Waive(Waiver waiver, TraceEvent kind)
    {
        Count(ResponseVerdict.Waived, kind);
        _waivers[waiver.Name] = _waivers.GetValueOrDefault(waiver.Name) + 1;
    }
}
