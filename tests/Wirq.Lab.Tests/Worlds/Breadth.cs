using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Laws;

namespace Wirq.Lab.Tests.Worlds;

/// <summary>A search of all reachable states, breadth first and without any reduction: what an explorer is held
/// against.</summary>
internal sealed class Breadth
{
    /// <summary>How many states there are; if <see cref="Bounded"/>, how many were found.</summary>
    internal int States { get; private set; }
    internal long Transitions { get; private set; }
    /// <summary>The number of transitions from the start to the state that is farthest away.</summary>
    internal int Depth { get; private set; }
    /// <summary>Whether the search ended at a bound, and not with the last state.</summary>
    internal bool Bounded { get; private set; }
    /// <summary>The kinds of transitions that were done.</summary>
    internal HashSet<TransitionKind> Kinds { get; } = [];
    /// <summary>The steps of actors that were done, by actor and text.</summary>
    internal HashSet<string> Steps { get; } = [];
    /// <summary>States in which nothing can happen, although a script has not ended.</summary>
    internal int Stuck { get; private set; }
    /// <summary>The first thing that was wrong, as a law's sentence or a failure; null if nothing was.</summary>
    internal string? Wrong { get; private set; }
    /// <summary>The law of <see cref="Wrong"/>, or <c>expectations</c>.</summary>
    internal string? Broken { get; private set; }
    /// <summary>The shortest way to it.</summary>
    internal IReadOnlyList<string> Story { get; private set; } = [];
    /// <summary>The steps of actors in the story.</summary>
    internal int StoryOfActors { get; private set; }

    /// <param name="scenario">The world.</param>
    /// <param name="design">A historic design; null for none.</param>
    /// <param name="law">The law that ends the search, or <c>expectations</c>; null for whatever is wrong.</param>
    /// <param name="most">The most states.</param>
    internal static Breadth Search(Scenario scenario, string? design = null, string? law = null, int most = int.MaxValue)
    {
        var search = new Breadth();
        search.Run(scenario, design, law, most);
        return search;
    }

    private readonly List<(int Parent, Transition By)> _found = [];

    private void Run(Scenario scenario, string? design, string? law, int most)
    {
        var worlds = new Stack<World>();
        using var first = new World(scenario, design is null ? null : Designs.Create(design), null, new WorldOptions { KeepsTimeline = false });
        using World scratch = first.Fork();
        Dictionary<UInt128, int> seen = new() { [first.Identity()] = 0 };
        _found.Add((-1, default));
        var level = new List<(World World, int Number)> { (first.Fork(), 0) };
        List<Transition> next = [];
        var states = new List<(World World, int Number)>();
        while (level.Count > 0)
        {
            states.Clear();
            foreach ((World world, int number) in level)
            {
                world.Enabled(next);
                if (next.Count == 0 && !world.IsAtEnd)
                    Stuck++;
                foreach (Transition transition in next)
                {
                    scratch.CopyFrom(world);
                    Kinds.Add(transition.Kind);
                    if (transition.Kind == TransitionKind.Script)
                        Steps.Add(scratch.Describe(transition));
                    scratch.Apply(transition);
                    Transitions++;
                    if (WrongIn(scratch, law) is { } wrong)
                    {
                        (Broken, Wrong) = wrong;
                        Tell(scenario, design, number, transition);
                        States = seen.Count;
                        return;
                    }
                    if (!seen.TryAdd(scratch.Identity(), seen.Count))
                        continue;
                    _found.Add((number, transition));
                    World kept = worlds.Count > 0 ? worlds.Pop() : scratch.Fork();
                    kept.CopyFrom(scratch);
                    states.Add((kept, _found.Count - 1));
                }
                worlds.Push(world);
                if (seen.Count >= most)
                {
                    (States, Bounded) = (seen.Count, true);
                    Tell(scenario, design, _found[^1].Parent, _found[^1].By);
                    return;
                }
            }
            (level, states) = (states, level);
            Depth += level.Count > 0 ? 1 : 0;
        }
        States = seen.Count;
    }

    private static (string, string)? WrongIn(World world, string? law)
    {
        if (law is null or HistoricSpec.Expectations && world.Failures.Count > 0)
            return (HistoricSpec.Expectations, world.Failures[0].Text);
        Law? broken = world.Laws.Laws.FirstOrDefault(one => one.Break is not null && (law is null || one.Name == law));
        return broken is null ? null : (broken.Name, broken.Describe());
    }

    private void Tell(Scenario scenario, string? design, int number, Transition last)
    {
        var way = new List<Transition> { last };
        for (; number > 0; number = _found[number].Parent)
            way.Add(_found[number].By);
        way.Reverse();
        using var world = new World(scenario, design is null ? null : Designs.Create(design));
        var story = new List<string>();
        foreach (Transition step in way)
        {
            story.Add(world.Describe(step));
            if (step is { Kind: TransitionKind.Script, Index: > 0 })
                StoryOfActors++;
            world.Apply(step);
        }
        Story = story;
    }
}
