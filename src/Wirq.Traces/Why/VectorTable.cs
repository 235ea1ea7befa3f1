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
    public int Highest => HighestBelow(Vectors);

    /// <summary>All deliveries, the highest vector first.</summary>
    public IEnumerable<Delivery> All
    {
        get
        {
            for (int vector = Vectors; (vector = HighestBelow(vector)) >= 0;)
                yield return _deliveries[vector]!;
        }
    }

    private int HighestBelow(int vector)
    {
        const int wordMask = (1 << WordShift) - 1;
        for (int word = (vector - 1) >> WordShift; word >= 0; word--)
        {
            int beyond = word == vector >> WordShift ? vector & wordMask : 0;
            ulong bits = beyond == 0 ? _present[word] : _present[word] & ((1ul << beyond) - 1);
            if (bits != 0)
                return (word << WordShift) + BitOperations.Log2(bits);
        }
        return -1;
    }

    /// <summary>Forgets them all; a reset took them.</summary>
    public void Drop(Mark at)
    {
        for (int highest; (highest = Highest) >= 0; this[highest] = null)
            _deliveries[highest]!.Dropped = at;
    }
}
