namespace Wirq.Traces.Why;

/// <summary>The deliveries that are pending, or in service, at one CPU: at most one for each vector.</summary>
internal sealed class VectorTable
{
    private readonly Delivery?[] _deliveries = new Delivery?[byte.MaxValue + 1];

    /// <summary>The delivery of a vector; null if there is none, or if no event reported how it came.</summary>
    public Delivery? this[int vector]
    {
        get => _deliveries[vector];
        set => _deliveries[vector] = value;
    }

    /// <summary>All deliveries, the highest vector first.</summary>
    public IEnumerable<Delivery> All => _deliveries.Reverse().OfType<Delivery>();

    /// <summary>Forgets them all; a reset took them.</summary>
    public void Drop(Mark at)
    {
        foreach (Delivery? held in _deliveries)
        {
            if (held is { } dropped)
                dropped.Dropped = at;
        }
        Array.Clear(_deliveries);
    }
}
