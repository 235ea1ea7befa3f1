namespace Wirq.Traces.Why;

/// <summary>Messages of pins that a kernel sent by a route that the guest had replaced: where the law <c>FreshRoute</c>
/// breaks.</summary>
internal sealed class StaleSends
{
    private const int Most = 16;
    private readonly List<(PinTrail Pin, Attempt Sent)> _first = [];

    /// <summary>The number of them.</summary>
    public long Count { get; private set; }

    /// <summary>The first few, in order.</summary>
    public IReadOnlyList<(PinTrail Pin, Attempt Sent)> First => _first;

    public void Add(PinTrail pin, Attempt sent)
    {
        Count++;
        if (_first.Count < Most)
            _first.Add((pin, sent));
    }
}
