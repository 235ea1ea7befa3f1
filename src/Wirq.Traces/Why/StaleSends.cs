namespace Wirq.Traces.Why;

/// <summary>Messages of pins that a kernel sent by a route that the guest had replaced: where the law <c>FreshRoute</c>
/// breaks.</summary>
internal sealed class StaleSends
{
    /// <summary>The number of them.</summary>
    public long Count { get; private set; }

    /// <summary>The first one; null for none.</summary>
    public (PinTrail Pin, Attempt Sent)? First { get; private set; }

    public void Add(PinTrail pin, Attempt sent)
    {
        Count++;
        First ??= (pin, sent);
    }
}
