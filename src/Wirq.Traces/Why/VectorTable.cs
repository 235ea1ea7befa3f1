using System.Numerics;

namespace Wirq.Traces.Why;

/// <summary>The deliveries that are pending, or in service, at one CPU: at most one for each vector.</summary>
internal sealed class VectorTable
{
    private const int Vectors = 256, WordShift = 6;

    private readonly Delivery?[] _deliveries = new Delivery?[Vectors];
    private readonly ulong[] _present = new ulong[Vectors >> WordShift];

    /// <summary>The delivery of a vector.</summary>
    public Delivery? this[int vector]
    {
        get => _deliveries[vector];
        set
        {
            _deliveries[vector] = value;
            ulong bit = 1ul << vector;
            ref ulong word = ref _present[vector >> WordShift];
            word = value is null ? word & ~bit : word | bit;
        }
    }

    /// <summary>The highest vector; -1 for none.</summary>
    public int Highest
    {
        get
        {
            for (int word = _present.Length - 1; word >= 0; word--)
            {
                if (_present[word] != 0)
                    return (word << WordShift) + BitOperations.Log2(_present[word]);
            }
            return -1;
        }
    }

    /// <summary>All deliveries, the highest vector first.</summary>
    public IEnumerable<Delivery> All => Enumerable.Range(0, Vectors).Reverse()
        .Select(vector => _deliveries[vector]).OfType<Delivery>();

    /// <summary>Forgets them all; a reset took them.</summary>
    public void Drop(Mark at)
    {
        for (int highest; (highest = Highest) >= 0; this[highest] = null)
            _deliveries[highest]!.Dropped = at;
    }
}
