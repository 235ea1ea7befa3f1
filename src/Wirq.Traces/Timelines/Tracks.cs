namespace Wirq.Traces.Timelines;

/// <summary>The rows of viewers whose slices may not overlap in a row: each lane has one for each kind of span, one for
/// what is owed, and one for instants where it has neither.</summary>
internal sealed class Tracks
{
    private readonly Dictionary<(int Lane, SpanKind? Kind), int> _numbers = [];
    private readonly int[] _firstOfLane, _owedOfLane;
    private readonly List<Track> _all = [];

    internal Tracks(Picture picture)
    {
        _firstOfLane = new int[picture.Lanes.Count];
        _owedOfLane = new int[picture.Lanes.Count];
        ILookup<int, SpanKind> kinds = picture.Spans.ToLookup(span => span.Lane, span => span.Kind);
        HashSet<int> owed = [.. picture.Owed.Select(mark => mark.Lane)];
        foreach ((int lane, Lane its) in picture.Lanes.Index())
        {
            _firstOfLane[lane] = _all.Count + 1;
            foreach (SpanKind kind in kinds[lane].Distinct().Order())
            {
                _all.Add(new Track(_all.Count + 1, lane, $"{its.Name} {ItemWords.Of(kind)}"));
                _numbers.Add((lane, kind), _all.Count);
            }
            if (owed.Contains(lane))
            {
                _all.Add(new Track(_all.Count + 1, lane, $"{its.Name} {ItemWords.Of(OwedRank.Owed)}"));
                _owedOfLane[lane] = _all.Count;
            }
            if (_firstOfLane[lane] > _all.Count)
                _all.Add(new Track(_all.Count + 1, lane, its.Name));
        }
    }

    /// <summary>All rows, in the order in which they are drawn.</summary>
    internal IReadOnlyList<Track> All => _all;

    /// <summary>The row of a span; that of instants if its lane has none of the kind.</summary>
    internal int Of(int lane, SpanKind kind) => _numbers.TryGetValue((lane, kind), out int number) ? number : _firstOfLane[lane];

    /// <summary>The row of what is owed in a lane.</summary>
    internal int OfOwed(int lane) => _owedOfLane[lane];

    /// <summary>The row of the instants of a lane.</summary>
    internal int OfInstants(int lane) => _firstOfLane[lane];

    /// <summary>The row that an arrow leaves, and the one that it reaches.</summary>
    internal (int From, int To) Of(in Arrow arrow) => arrow.Kind switch
    {
        ArrowKind.End => (Of(arrow.From, SpanKind.InService), Of(arrow.To, SpanKind.RemoteIrr)),
        ArrowKind.Deliver => (Of(arrow.From, SpanKind.Asserted), Of(arrow.To, SpanKind.Requested)),
        ArrowKind.Give => (Of(arrow.From, SpanKind.InService), OfInstants(arrow.To)),
        _ => (Of(arrow.From, SpanKind.Asserted), Of(arrow.To, SpanKind.Asserted)),
    };
}

/// <summary>A row.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Lane">The lane that it belongs to.</param>
/// <param name="Name">Its name.</param>
internal sealed record Track(int Number, int Lane, string Name);
