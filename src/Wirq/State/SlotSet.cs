using System.Numerics;

namespace Wirq.State;

/// <summary>The free slots among a fixed number of slots. The lowest is taken first, so the next slot depends on which
/// slots are in use, and not on the order in which owners left.</summary>
/// <remarks>Two levels of words of 64 bits, so that 65,536 slots are searched in 17 steps at most.</remarks>
internal readonly struct SlotSet
{
    private const int WordBits = 64;
    private readonly Block<SlotWord> _words, _summary;
    private readonly int _count;

    /// <summary>Makes a set of free slots. It is derived from the slots in use, so it is not part of an
    /// identity.</summary>
    internal SlotSet(int count, StateArena arena)
    {
        _count = count;
        int words = (count + WordBits - 1) / WordBits;
        _words = arena.ReserveDerived<SlotWord>(words);
        _summary = arena.ReserveDerived<SlotWord>((words + WordBits - 1) / WordBits);
        for (int slot = 0; slot < count; slot++)
            Free(slot);
    }

    /// <summary>Takes the lowest free slot.</summary>
    /// <returns>The slot; -1 if none is free.</returns>
    internal int Take()
    {
        int slot = Next(0);
        if (slot >= 0)
            Take(slot);
        return slot;
    }

    /// <summary>The lowest free slot from <paramref name="from"/> on, which is not taken.</summary>
    /// <returns>The slot; -1 if none is free there.</returns>
    internal int Next(int from)
    {
        if (from >= _count)
            return -1;
        int word = from / WordBits;
        ulong bits = _words[word].Bits & ulong.MaxValue << from % WordBits;
        if (bits != 0)
            return word * WordBits + BitOperations.TrailingZeroCount(bits);
        for (int i = ++word / WordBits; i < _summary.Count; i++)
        {
            ulong words = _summary[i].Bits;
            if (i == word / WordBits)
                words &= ulong.MaxValue << word % WordBits;
            if (words == 0)
                continue;
            word = i * WordBits + BitOperations.TrailingZeroCount(words);
            return word * WordBits + BitOperations.TrailingZeroCount(_words[word].Bits);
        }
        return -1;
    }

    /// <summary>Takes a slot that is free.</summary>
    internal void Take(int slot)
    {
        int word = slot / WordBits;
        _words[word].Bits &= ~(1ul << slot % WordBits);
        if (_words[word].Bits == 0)
            _summary[word / WordBits].Bits &= ~(1ul << word % WordBits);
    }

    /// <summary>Makes the set again, of the slots for which this is true.</summary>
    internal void Rebuild(Func<int, bool> isFree)
    {
        _words.Span.Clear();
        _summary.Span.Clear();
        for (int slot = 0; slot < _count; slot++)
        {
            if (isFree(slot))
                Free(slot);
        }
    }

    /// <summary>Frees a slot.</summary>
    internal void Free(int slot)
    {
        int word = slot / WordBits;
        _words[word].Bits |= 1ul << slot % WordBits;
        _summary[word / WordBits].Bits |= 1ul << word % WordBits;
    }
}

/// <summary>One bit for each of 64 slots.</summary>
internal struct SlotWord : IState
{
    public ulong Bits;
}
