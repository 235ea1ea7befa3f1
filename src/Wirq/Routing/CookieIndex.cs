using System.Numerics;
using System.Runtime.CompilerServices;
using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Routing;

/// <summary>The virqs that have a translation, in the order of their cookies; virqs with the same cookie in the order
/// of their slots.</summary>
/// <remarks>
/// A guest chooses the cookies, and which virqs come and go. So this is a binary trie over the 64 bits of cookie and
/// slot, with a branch only where keys differ. For every guest, an insertion or a search takes at most 64 steps, a
/// removal takes a few, and a walk over a range takes time in proportion to the range.
/// <para>It has one branch less than leaves. Each branch has the number of a virq below it, so branches need no
/// allocation, and neighbours are near each other in memory. All of it is derived from the virqs. It is not independent
/// state, but it is copied with them.</para>
/// </remarks>
internal sealed class CookieIndex
{
    private const int SlotBits = 16, Nobody = -1;

    private readonly Block<VirqSlot> _virqs;
    private readonly Block<CookieTop> _top;
    private readonly Block<CookieNode> _nodes;

    internal CookieIndex(Block<VirqSlot> virqs, StateArena arena)
    {
        _virqs = virqs;
        _top = arena.ReserveDerived<CookieTop>();
        _nodes = arena.ReserveDerived<CookieNode>(virqs.Count);
    }

    /// <summary>How many virqs it has.</summary>
    internal int Count => _top.Value.Count;

    /// <summary>The first of them; there is one.</summary>
    internal int First => Outermost(_top.Value.First, side: 0);
    /// <summary>The last of them; there is one.</summary>
    internal int Last => Outermost(_top.Value.First, side: 1);

    /// <summary>Removes all. <see cref="After(int)"/> still walks over the removed ones until another virq is
    /// entered.</summary>
    internal void Clear() => _top.Value.Count = 0;

    /// <summary>Enters a virq that has its cookie and is not entered yet.</summary>
    internal void Enter(int slot)
    {
        ref CookieTop top = ref _top.Value;
        if (top.Count++ == 0)
        {
            (top.First, top.Branchless) = (~slot, slot);
            _nodes[slot].LeafParent = CookieNode.None;
            return;
        }
        ulong key = KeyOf(slot);
        int bit = BitOperations.Log2(key ^ KeyOf(~Nearest(key)));
        int below = Above(key, bit, out int parent);
        ref CookieNode branch = ref _nodes[slot];
        branch.Bit = (uint)bit;
        int side = BitOf(key, bit);
        branch.Below[side] = ~slot;
        branch.Below[1 - side] = below;
        branch.LeafParent = (ushort)slot;
        SetParent(below, slot);
        Hang(parent, below, slot);
    }

    /// <summary>Removes a virq that is entered, or was removed with all the others.</summary>
    internal void Remove(int slot)
    {
        ref CookieTop top = ref _top.Value;
        if (top.Count == 0 || --top.Count == 0)
            return;
        // Its branch is removed with it, and the other side of that branch moves up.
        int free = _nodes[slot].LeafParent;
        ref CookieNode branch = ref _nodes[free];
        Hang(branch.BranchParent, free, branch.Below[branch.Below[0] == ~slot ? 1 : 0]);
        // A branch has the number of an entered virq: the branch with this number takes the number that became free.
        if (top.Branchless == slot)
            top.Branchless = free;
        else if (free != slot)
            Rename(slot, free);
    }

    /// <summary>The first virq whose cookie is not below this one; negative for none.</summary>
    internal int From(RouteCookie cookie)
    {
        if (_top.Value.Count == 0)
            return Nobody;
        ulong key = KeyOf(cookie, 0);
        int nearest = ~Nearest(key);
        ulong differs = key ^ KeyOf(nearest);
        if (differs == 0)
            return nearest;
        // All keys below this place agree with the key down to that bit, and are all lower or all higher than it.
        int bit = BitOperations.Log2(differs);
        int subtree = Above(key, bit, out int parent);
        return BitOf(key, bit) != 0 ? After(subtree, parent) : Outermost(subtree, side: 0);
    }

    /// <summary>The virq that follows one that is entered; negative for none.</summary>
    internal int After(int slot) => After(~slot, _nodes[slot].LeafParent);

    // A link is the number of a branch, or the complement of a virq's slot, which is a leaf.
    private int After(int link, int parent)
    {
        while (parent != CookieNode.None && _nodes[parent].Below[1] == link)
            (link, parent) = (parent, _nodes[parent].BranchParent);
        return parent == CookieNode.None ? Nobody : Outermost(_nodes[parent].Below[1], side: 0);
    }

    private int Outermost(int link, int side)
    {
        while (link >= 0)
            link = _nodes[link].Below[side];
        return ~link;
    }

    /// <summary>The leaf that agrees with a key in all bits at which there are branches on the way.</summary>
    private int Nearest(ulong key)
    {
        int link = _top.Value.First;
        while (link >= 0)
            link = Next(ref _nodes[link], key);
        return link;
    }

    /// <summary>The highest link below which all keys agree with this one in the bits above <paramref name="bit"/>.</summary>
    private int Above(ulong key, int bit, out int parent)
    {
        parent = CookieNode.None;
        int link = _top.Value.First;
        while (link >= 0 && _nodes[link].Bit > bit)
        {
            parent = link;
            link = Next(ref _nodes[link], key);
        }
        return link;
    }

    /// <summary>Replaces a link by another.</summary>
    private void Hang(int parent, int old, int link)
    {
        SetParent(link, parent);
        if (parent == CookieNode.None)
            _top.Value.First = link;
        else
        {
            ref CookieNode branch = ref _nodes[parent];
            branch.Below[branch.Below[0] == old ? 0 : 1] = link;
        }
    }

    private void Rename(int branch, int number)
    {
        ref CookieNode from = ref _nodes[branch], to = ref _nodes[number];
        (to.Below, to.Bit) = (from.Below, from.Bit);
        SetParent(to.Below[0], number);
        SetParent(to.Below[1], number);
        Hang(from.BranchParent, branch, number);
    }

    private void SetParent(int link, int parent)
    {
        if (link < 0)
            _nodes[~link].LeafParent = (ushort)parent;
        else
            _nodes[link].BranchParent = (ushort)parent;
    }

    /// <summary>Without a branch instruction that depends on the key: half of them would be mispredicted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Next(ref CookieNode branch, ulong key) => branch.Below[BitOf(key, (int)branch.Bit)];
    private static int BitOf(ulong key, int bit) => (int)(key >> bit) & 1;
    private ulong KeyOf(int slot) => KeyOf(_virqs[slot].Cookie, slot);
    private static ulong KeyOf(RouteCookie cookie, int slot) => cookie.Bits << SlotBits | (uint)slot;
}

/// <summary>A virq's place among the leaves, and the branch with its number.</summary>
internal struct CookieNode : IState
{
    internal const ushort None = ushort.MaxValue;

    /// <summary>The links below the branch: keys whose bit is clear, and keys whose bit is set.</summary>
    public CookieLinks Below;
    /// <summary>The branch above the leaf, and the one above the branch.</summary>
    public ushort LeafParent, BranchParent;
    /// <summary>The bit at which the keys of the branch differ; the bits above it are the same in all of
    /// them.</summary>
    public uint Bit;
}

[InlineArray(2)]
internal struct CookieLinks
{
    private int _first;
}

/// <summary>The root of the index.</summary>
internal struct CookieTop : IState
{
    public int First, Count;
    /// <summary>The virq whose number no branch has.</summary>
    public int Branchless;
    public uint Reserved;
}
