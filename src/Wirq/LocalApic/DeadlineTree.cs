using System.Numerics;
using System.Runtime.InteropServices;
using Wirq.State;

namespace Wirq;

/// <summary>One node of a <see cref="DeadlineTree"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Deadline : IState
{
    /// <summary>Virtual time in ns; <see cref="long.MaxValue"/> for never.</summary>
    public long At;
}

/// <summary>The deadline of every CPU's timer, and the earliest of them at once: a tournament tree whose node n is the
/// earlier of nodes 2n and 2n+1. A change costs one walk to the root, so its cost is logarithmic in the number of
/// CPUs.</summary>
internal readonly struct DeadlineTree
{
    public const long Never = long.MaxValue;

    private readonly Block<Deadline> _nodes;
    private readonly int _leaves;

    public DeadlineTree(StateArena arena, int count)
    {
        _leaves = (int)BitOperations.RoundUpToPowerOf2((uint)count);
        _nodes = arena.Reserve<Deadline>(_leaves * 2, static (copy, now) =>
        {
            foreach (ref Deadline node in copy)
            {
                if (node.At != Never)
                    node.At -= now;
            }
        });
        foreach (ref Deadline node in _nodes.Span)
            node.At = Never;
    }

    /// <summary>The earliest deadline.</summary>
    public long Earliest => _nodes[1].At;

    public long this[int cpu] => _nodes[_leaves + cpu].At;

    public void Set(int cpu, long at)
    {
        int node = _leaves + cpu;
        _nodes[node].At = at;
        for (node >>= 1; node > 0; node >>= 1)
            _nodes[node].At = Math.Min(_nodes[node * 2].At, _nodes[node * 2 + 1].At);
    }

    /// <summary>The CPU with the earliest deadline; the lowest of several.</summary>
    public int First
    {
        get
        {
            int node = 1;
            while (node < _leaves)
            {
                node *= 2;
                if (_nodes[node + 1].At < _nodes[node].At)
                    node++;
            }
            return node - _leaves;
        }
    }
}
