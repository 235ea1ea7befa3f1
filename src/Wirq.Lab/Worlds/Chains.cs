using System.IO.Hashing;
using System.Runtime.InteropServices;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>A hash of a list, and its length; all zero for an empty one.</summary>
internal record struct ChainState : IState
{
    public ulong Hash;
    public ulong Count;
}

/// <summary>Lists of numbers. A number can only be added at the end, and a list can only be cleared as a whole. So
/// copying a list of any length copies one reference.</summary>
internal sealed class Chains(StateArena arena, int count)
{
    private readonly Block<ChainState> _states = arena.ReserveDerived<ChainState>(Math.Max(1, count));
    private readonly Link?[] _ends = new Link?[count];

    internal void Add(int chain, uint item)
    {
        _ends[chain] = new Link(_ends[chain], item);
        ref ChainState state = ref _states[chain];
        state.Count++;
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BitConverter.TryWriteBytes(bytes, item);
        state.Hash = XxHash3.HashToUInt64(bytes, (long)state.Hash);
    }

    /// <summary>Returns all of a list, and clears it.</summary>
    internal uint[] Take(int chain)
    {
        var items = new uint[_states[chain].Count];
        int at = items.Length;
        for (Link? link = _ends[chain]; link is not null; link = link.Before)
            items[--at] = link.Item;
        Clear(chain);
        return items;
    }

    /// <summary>The bytes that represent them in an identity.</summary>
    internal ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(_states.Span);

    internal void Clear(int chain) => (_ends[chain], _states[chain]) = (null, default);

    /// <summary>Copies the items of other lists; the arena is copied separately.</summary>
    internal void CopyFrom(Chains other) => other._ends.CopyTo(_ends, 0);

    /// <summary>Gives a pool the items of every list.</summary>
    internal void Pack(PackPool pool)
    {
        for (int chain = 0; chain < _ends.Length; chain++)
        {
            if (_ends[chain] is { } end)
                pool.Keep(_states[chain], end);
        }
    }

    /// <summary>Takes the items of every list from a pool: the states of the lists were restored.</summary>
    internal void Unpack(PackPool pool)
    {
        for (int chain = 0; chain < _ends.Length; chain++)
            _ends[chain] = _states[chain].Count == 0 ? null : pool.ChainOf(_states[chain]);
    }

    internal sealed record Link(Link? Before, uint Item);
}
