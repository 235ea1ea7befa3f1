namespace Wirq.Lab.Exploring;

/// <summary>A transition of the graph.</summary>
/// <param name="Target">The number of the state that it leads to.</param>
/// <param name="Action">The transition.</param>
internal readonly record struct Edge(uint Target, ActionCode Action);

/// <summary>The transitions of the graph, state by state: 8 bytes for each, and 4 for each state.</summary>
internal sealed unsafe class EdgeList(Segments memory)
{
    private const int SegmentBits = 14, Segment = 1 << SegmentBits;
    // Addresses of segments.
    private readonly List<nint> _edges = [], _ends = [];
    private long _count;

    /// <summary>How many states have all of theirs.</summary>
    internal long States { get; private set; }

    internal long Count => _count;

    internal long Bytes => (_edges.Count * 8L + _ends.Count * 4L) * Segment;

    internal Edge this[long number] => ((Edge*)_edges[(int)(number >> SegmentBits)])[number & (Segment - 1)];

    internal void Add(Edge edge)
    {
        if (_count >> SegmentBits == _edges.Count)
            _edges.Add((nint)memory.Take(Segment * sizeof(Edge)));
        ((Edge*)_edges[^1])[_count++ & (Segment - 1)] = edge;
    }

    /// <summary>The next state has all of its transitions.</summary>
    internal void EndState()
    {
        if (States >> SegmentBits == _ends.Count)
            _ends.Add((nint)memory.Take(Segment * sizeof(uint)));
        ((uint*)_ends[^1])[States++ & (Segment - 1)] = checked((uint)_count);
    }

    /// <summary>The numbers of the transitions of a state.</summary>
    internal (long First, long End) Of(long state) => (state == 0 ? 0 : EndOf(state - 1), EndOf(state));

    private long EndOf(long state) => ((uint*)_ends[(int)(state >> SegmentBits)])[state & (Segment - 1)];
}
