using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>The result of comparing a response of a log.</summary>
public enum ResponseVerdict
{
    /// <summary>The chips do the same.</summary>
    Matched,
    /// <summary>The chips do something else, or only one of the two does something.</summary>
    Mismatched,
    /// <summary>Only the printed lines differ; each such difference has a name.</summary>
    Waived,
    /// <summary>It was used as evidence, or cannot be checked with the log.</summary>
    Unchecked,
}

/// <summary>The number of responses with each result, by event.</summary>
public sealed class ResponseCounts
{
    private readonly long[,] _counts = new long[Enum.GetValues<ResponseVerdict>().Length, Enum.GetValues<TraceEvent>().Length];
    private readonly SortedDictionary<string, long> _waivers = new(StringComparer.Ordinal);

    /// <summary>The total number.</summary>
    public long Total(ResponseVerdict verdict)
    {
        long total = 0;
        for (int kind = 0; kind < _counts.GetLength(1); kind++)
            total += _counts[(int)verdict, kind];
        return total;
    }

    /// <summary>The number for an event, by QEMU's name.</summary>
    public long Of(ResponseVerdict verdict, string name) => ByEvent(verdict).FirstOrDefault(pair => pair.Name == name).Count;

    /// <summary>The numbers by event, in alphabetical order; events without any are omitted.</summary>
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
