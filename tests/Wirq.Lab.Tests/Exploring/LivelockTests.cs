using Wirq.Lab.Exploring;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Tests.Exploring;

/// <summary>Which cycles are weakly fair, on graphs drawn by hand: a line for each state, <c>action>target</c>.</summary>
public sealed class LivelockTests
{
    [Theory]
    [InlineData(null, "a>1", "a>2", "")]                          // no cycle
    [InlineData(0, "a>0")]                                        // a loop, and nothing else can move
    [InlineData(null, "a>0 b>1", "")]                             // b can always move, and would end it
    [InlineData(1, "b>1", "a>2 b>3", "a>1", "")]                  // b cannot move at state 2, so nobody is passed over
    [InlineData(null, "b>1", "a>2 b>3", "a>1 b>3", "")]           // b can move in both states of the cycle
    [InlineData(1, "c>1", "a>2 b>1", "a>1 b>2", "")]              // a and b move in turn forever
    [InlineData(1, "c>1", "a>2 b>1", "a>1 b>3", "")]              // b is made inside too, once in each round
    [InlineData(2, "a>1 b>2", "", "a>2")]                         // only one of two ways
    [InlineData(null, "b>1", "a>2 b>3", "R>1", "")]               // the laws hear of the rest, and b can move all the time
    [InlineData(1, "b>1", "a>2", "R>1", "")]
    [InlineData(0, "R>0")]
    public void A_fair_cycle_is_found_at_its_first_state(int? first, params string[] states)
    {
        using var memory = new Segments(null, long.MaxValue);
        var edges = new EdgeList(memory);
        foreach (string state in states)
        {
            foreach (string edge in state.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                edges.Add(new Edge(uint.Parse(edge[2..], null), new ActionCode(edge[0] == 'R' ? new Transition(TransitionKind.Rest) : new Transition(TransitionKind.Cpu, edge[0]))));
            edges.EndState();
        }
        LivelockFound? found = Livelock.Find(edges, states.Length);
        Assert.Equal(first, found is null ? null : (int)found.State);
        Assert.NotEqual(0, found?.Cycle.Count);
    }

    [Fact]
    public void Components_are_those_of_mutual_reachability()
    {
        var random = new Random(11);
        for (int round = 0; round < 60; round++)
        {
            int states = random.Next(1, 14);
            using var memory = new Segments(null, long.MaxValue);
            var edges = new EdgeList(memory);
            bool[,] reach = new bool[states, states];
            for (int state = 0; state < states; state++)
            {
                reach[state, state] = true;
                for (int left = random.Next(3); left > 0; left--)
                {
                    int target = random.Next(states);
                    reach[state, target] = true;
                    edges.Add(new Edge((uint)target, default));
                }
                edges.EndState();
            }
            for (int by = 0; by < states; by++)
                for (int from = 0; from < states; from++)
                    for (int to = 0; to < states; to++)
                        reach[from, to] |= reach[from, by] && reach[by, to];
            int[] component = Components.Of(edges, states, out int count);
            Assert.Equal(component.Distinct().Count(), count);
            for (int from = 0; from < states; from++)
                for (int to = 0; to < states; to++)
                    Assert.Equal(reach[from, to] && reach[to, from], component[from] == component[to]);
        }
    }
}
