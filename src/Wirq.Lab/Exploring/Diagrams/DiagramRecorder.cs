using System.Collections.Concurrent;
using Wirq.Events;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring.Diagrams;

/// <summary>Notes the states of a subject while a search makes its transitions. Several workers may share one.</summary>
/// <remarks>A diagram is the quotient of the states that were explored: what the subject does not tell apart is one state, and a
/// transition between two of them is there if it is between any two states behind them. So it says what is possible somewhere, and not
/// what is possible each time. The reduction changes nothing: it only lets reports go first, which change no subject.</remarks>
internal sealed class DiagramRecorder(DiagramSubject subject)
{
    private readonly ConcurrentDictionary<(ulong From, ulong To, string Cause), bool> _edges = new();
    private const string WhileSuspended = ", while suspended";
    private ulong _start;

    internal DiagramSubject Subject => subject;

    /// <summary>Notes the state at the start.</summary>
    internal void Begin(World world) => _start = subject.StateIn(world);

    /// <summary>Notes a transition.</summary>
    /// <param name="from">The state of the subject before it.</param>
    /// <param name="cause">What it is.</param>
    /// <param name="after">The world after it.</param>
    internal void Note(ulong from, string cause, World after)
    {
        ulong to = subject.StateIn(after);
        if (from != to)
            _edges.TryAdd((from, to, cause), true);
    }

    /// <summary>A transition in words, before it is made.</summary>
    internal static string CauseOf(World world, Transition transition)
    {
        switch (transition.Kind)
        {
            case TransitionKind.Effect:
                world.Fabric.Carrier.TryPeek(out Event next);
                return Effect(world, next);
            case TransitionKind.Answer:
                return Effect(world, world.Fabric.Carrier.Call.Effect);
            case TransitionKind.Script:
                // Whose step it is does not matter here.
                string text = world.Describe(transition), actor = $"{world.Scenario.Scripts()[transition.Index].Name}: ";
                return text.StartsWith(actor, StringComparison.Ordinal) ? text[actor.Length..] : text;
            default:
                return Story.WordsOf(world, transition);
        }
    }

    private static string Effect(World world, in Event effect) =>
        EventText.Describe(effect) + (world.Fabric.RouteCache is { IsSuspended: true } ? WhileSuspended : "");

    // What is also done at other times needs no remark.
    private static string[] CausesOf(IEnumerable<(ulong From, ulong To, string Cause)> edges)
    {
        HashSet<string> all = [.. edges.Select(edge => edge.Cause)];
        return [.. all.Where(cause => !cause.EndsWith(WhileSuspended, StringComparison.Ordinal) || !all.Contains(cause[..^WhileSuspended.Length])).Order(StringComparer.Ordinal)];
    }

    /// <summary>The diagram of everything that was noted.</summary>
    /// <param name="scenario">The name of the scenario.</param>
    /// <param name="missing">Why states may be missing; null for none.</param>
    internal Diagram Draw(string scenario, string? missing)
    {
        // The number of states that a diagram has does not depend on the order of the search, and neither does theirs.
        ILookup<ulong, (ulong From, ulong To, string Cause)> after = _edges.Keys.OrderBy(edge => edge.Cause, StringComparer.Ordinal).ThenBy(edge => edge.To)
            .ToLookup(edge => edge.From);
        var numbers = new Dictionary<ulong, int> { [_start] = 0 };
        var order = new List<ulong> { _start };
        for (int i = 0; i < order.Count; i++)
        {
            foreach ((_, ulong to, _) in after[order[i]])
            {
                if (numbers.TryAdd(to, order.Count))
                    order.Add(to);
            }
        }
        DiagramEdge[] edges = [.. _edges.Keys.GroupBy(edge => (From: numbers[edge.From], To: numbers[edge.To])).OrderBy(group => group.Key)
            .Select(group => new DiagramEdge(group.Key.From, group.Key.To, CausesOf(group)))];
        return new Diagram($"{subject.Name}: {scenario}", [.. order.Select(subject.WordsOf)], edges, missing);
    }
}
