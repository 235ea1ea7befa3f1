using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>A cycle that goes on forever, and the way into it.</summary>
/// <param name="State">The number of the first of its states.</param>
/// <param name="Cycle">The transitions from that state back to it.</param>
/// <param name="Violation">What it is.</param>
internal sealed record LivelockFound(long State, IReadOnlyList<ActionCode> Cycle, Violation Violation);

/// <summary>Searches a graph for cycles that are weakly fair.</summary>
/// <remarks>
/// Weak fairness: a transition that can be made in every state from some point on is made at some time. A transition is the same one
/// if it has the same kind and index.
/// <para>Only the event of the rest comes before all others: a state in which it is due counts for no other transition.</para>
/// <para>So a strongly connected component holds a fair run exactly if every transition that is possible in all of its states is also
/// made inside of it. If that holds, the run that makes all of its transitions again and again is fair. If it does not, some
/// transition is possible all the time in every run that stays, and leads out.</para>
/// <para>A world whose scenario is finite should come to rest, so any fair cycle is a livelock: what goes round is never
/// served.</para>
/// </remarks>
internal static class Livelock
{
    /// <summary>Finds the livelock whose first state has the lowest number.</summary>
    internal static LivelockFound? Find(EdgeList edges, long states)
    {
        if (!MayHaveCycle(edges, states))
            return null;
        int[] component = Components.Of(edges, (int)states, out int count);
        Members members = new(component, count);
        // Components in the order of their first states: the numbers of components follow the search that found them.
        foreach (int one in Enumerable.Range(0, count).Where(one => members.Of(one).Length > 1 || HasLoop(edges, members.Of(one)[0])).OrderBy(one => members.Of(one)[0]))
        {
            ReadOnlySpan<int> inside = members.Of(one);
            if (!IsFair(edges, component, one, inside))
                continue;
            return new LivelockFound(inside[0], CycleFrom(edges, component, inside[0]), new Violation(ViolationKind.Livelock, "livelock",
                $"the world goes round forever in {Phrase.Count(inside.Length, "state")}, and never comes to rest"));
        }
        return null;
    }

    /// <summary>The states of each component, in order.</summary>
    private readonly struct Members
    {
        private readonly int[] _states, _begins;

        internal Members(int[] component, int count)
        {
            (_states, _begins) = (new int[component.Length], new int[count]);
            foreach (int one in component)
                _begins[one]++;
            for (int one = 1; one < count; one++)
                _begins[one] += _begins[one - 1];
            for (int state = component.Length - 1; state >= 0; state--)
                _states[--_begins[component[state]]] = state;
            // What was the end of each is now its begin.
        }

        internal ReadOnlySpan<int> Of(int one) => _states.AsSpan(_begins[one]..(one + 1 < _begins.Length ? _begins[one + 1] : _states.Length));
    }

    // In breadth-first numbers a cycle has an edge to a lower number, or to itself.
    private static bool MayHaveCycle(EdgeList edges, long states)
    {
        for (long state = 0; state < Math.Min(states, edges.States); state++)
        {
            (long edge, long end) = edges.Of(state);
            for (; edge < end; edge++)
            {
                if (edges[edge].Target <= state)
                    return true;
            }
        }
        return false;
    }

    private static bool HasLoop(EdgeList edges, int state)
    {
        (long edge, long end) = edges.Of(state);
        for (; edge < end; edge++)
        {
            if (edges[edge].Target == state)
                return true;
        }
        return false;
    }

    private static bool IsFair(EdgeList edges, int[] component, int one, ReadOnlySpan<int> inside)
    {
        HashSet<ActionCode>? always = null;
        var made = new HashSet<ActionCode>();
        var here = new HashSet<ActionCode>();
        foreach (int state in inside)
        {
            here.Clear();
            (long edge, long end) = edges.Of(state);
            for (; edge < end; edge++)
            {
                here.Add(edges[edge].Action);
                if (component[edges[edge].Target] == one)
                    made.Add(edges[edge].Action);
            }
            // The laws are told of the rest before anything else goes on. That keeps nobody from moving.
            if (here.All(static action => action.Kind == TransitionKind.Rest))
                continue;
            if (always is null)
                always = [.. here];
            else
                always.IntersectWith(here);
        }
        return always?.IsSubsetOf(made) != false;
    }

    /// <summary>The shortest way from a state back to it.</summary>
    private static List<ActionCode> CycleFrom(EdgeList edges, int[] component, int from)
    {
        var before = new Dictionary<int, (int State, ActionCode Action)>();
        var waiting = new Queue<int>([from]);
        while (waiting.TryDequeue(out int state))
        {
            (long edge, long end) = edges.Of(state);
            for (; edge < end; edge++)
            {
                int target = (int)edges[edge].Target;
                if (component[target] != component[from] || !before.TryAdd(target, (state, edges[edge].Action)))
                    continue;
                if (target == from)
                {
                    var cycle = new List<ActionCode>();
                    do
                    {
                        (int previous, ActionCode action) = before[target];
                        cycle.Add(action);
                        target = previous;
                    }
                    while (target != from);
                    cycle.Reverse();
                    return cycle;
                }
                waiting.Enqueue(target);
            }
        }
        return [];
    }
}
