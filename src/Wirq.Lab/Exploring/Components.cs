namespace Wirq.Lab.Exploring;

/// <summary>Strongly connected components (R. Tarjan, "Depth-first search and linear graph algorithms", 1972), without
/// recursion.</summary>
internal static class Components
{
    /// <summary>The component of each state.</summary>
    internal static int[] Of(EdgeList edges, int states, out int count)
    {
        var number = new int[states];
        var low = new int[states];
        var component = new int[states];
        Array.Fill(component, -1);
        var open = new Stack<int>();
        var path = new Stack<(int State, long Edge)>();
        (int next, count) = (0, 0);
        for (int root = 0; root < states; root++)
        {
            if (number[root] != 0)
                continue;
            Enter(root);
            while (path.TryPop(out (int State, long Edge) at))
            {
                (int state, long edge) = at;
                long end = edges.Of(state).End;
                bool left = false;
                for (; edge < end && !left; edge++)
                {
                    int target = (int)edges[edge].Target;
                    if (number[target] == 0)
                    {
                        // It comes back to this edge, and then takes over the low number.
                        path.Push((state, edge));
                        Enter(target);
                        left = true;
                    }
                    else if (component[target] < 0)
                        low[state] = Math.Min(low[state], low[target]);
                }
                if (left || low[state] != number[state])
                    continue;
                int member;
                do
                {
                    member = open.Pop();
                    component[member] = count;
                }
                while (member != state);
                count++;
            }
        }
        return component;

        void Enter(int state)
        {
            number[state] = low[state] = ++next;
            open.Push(state);
            path.Push((state, edges.Of(state).First));
        }
    }
}
