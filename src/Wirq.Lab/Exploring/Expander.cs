using Wirq.Lab.Exploring.Diagrams;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Laws;

namespace Wirq.Lab.Exploring;

/// <summary>The worlds of one worker: makes the transitions of states.</summary>
internal sealed class Expander : IDisposable
{
    private readonly ExploreOptions _options;
    private readonly VisitedSet _visited;
    private readonly PackPool _pool;
    private readonly World _root, _state, _next;
    private readonly List<Transition> _enabled = [], _after = [];
    private readonly HashSet<Step> _steps = new(ReferenceEqualityComparer.Instance);
    private readonly long[] _lawsBefore;
    private readonly string? _law;

    internal Expander(Scenario scenario, string? design, ExploreOptions options, VisitedSet visited, PackPool pool, Expander? first)
    {
        (_options, _visited, _pool) = (options, visited, pool);
        _root = Make(scenario, design);
        _state = Make(scenario, design);
        _next = Make(scenario, design);
        // All worlds share the pages of one.
        if (first is not null)
            _root.CopyFrom(first._root);
        else
            options.Diagram?.Begin(_root);
        _state.CopyFrom(_root);
        _next.CopyFrom(_root);
        _law = options.Target is { } target && target != HistoricSpec.Expectations ? target : null;
        foreach (World world in (World[])[_state, _next])
        {
            world.PreparePacking();
            world.StepWatcher = step => _steps.Add(step);
        }
        _lawsBefore = new long[_root.Laws.Laws.Count];
    }

    internal World Root => _root;

    /// <summary>A world that can be packed at all.</summary>
    internal bool CanPack => _state.PackedMost >= 0;

    public void Dispose()
    {
        _root.Dispose();
        _state.Dispose();
        _next.Dispose();
    }

    internal static World Make(Scenario scenario, string? design) => new(scenario, design is null ? null : Designs.Create(design),
        options: new WorldOptions { KeepsTimeline = false });

    /// <summary>The same scenario with room for its own sources and no others: nothing joins a machine later, and what is never used would
    /// be copied and hashed with every state.</summary>
    internal static Scenario Compact(Scenario scenario)
    {
        FabricOptions fabric = scenario.Machine.Fabric;
        // One more for INTR of the 8259s.
        int sources = Math.Min(fabric.Sources, scenario.Machine.Devices.Count + 1 + (fabric.Xen?.Sources ?? 0));
        return scenario with { Machine = scenario.Machine with { Fabric = fabric with { Sources = sources } } };
    }

    /// <summary>Finds what follows from a run of states of a level.</summary>
    internal void Expand(Frontier level, Chunk chunk)
    {
        int i = 0, laws = _root.Laws.Laws.Count;
        if (chunk.Judged.Length < chunk.Count * laws)
            chunk.Judged = new long[chunk.Count * laws];
        for (int law = 0; law < laws; law++)
            _lawsBefore[law] = Judged(law);
        for (; i < chunk.Count && chunk.Violation is null; i++)
        {
            _state.Unpack(_root, _pool, level[chunk.First + i]);
            if (_options.Reduces && _state.MayGoFirst(out Transition first))
            {
                _enabled.Clear();
                _enabled.Add(first);
            }
            else
                _state.Possible(_enabled);
            Expand(chunk);
            chunk.EndState(i);
            for (int law = 0; law < laws; law++)
                chunk.Judged[i * laws + law] = Judged(law) - _lawsBefore[law];
        }
        chunk.Count = i;
    }

    private void Expand(Chunk chunk)
    {
        ulong drawn = _options.Diagram?.Subject.StateIn(_state) ?? 0;
        for (int i = 0; i < _enabled.Count; i++)
        {
            Transition transition = _enabled[i];
            if (_options.Forbidden?.Contains(transition) == true)
                continue;
            World next = _state;
            if (i < _enabled.Count - 1)
            {
                next = _next;
                next.CopyFrom(_state);
            }
            if (!Take(chunk, next, transition, drawn))
                return;
        }
    }

    /// <summary>Makes a transition.</summary>
    /// <returns>Whether to go on.</returns>
    private bool Take(Chunk chunk, World world, Transition transition, ulong drawn)
    {
        var action = new ActionCode(transition);
        string? cause = _options.Diagram is null ? null : DiagramRecorder.CauseOf(world, transition);
        try
        {
            world.Apply(transition);
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            if (_options.Target == HistoricSpec.Expectations || _options.Target is null)
            {
                chunk.Violates(action, Violation.Of(thrown));
                return false;
            }
            chunk.Pruned(action);
            return true;
        }
        if (ViolationIn(world) is { } violation)
        {
            chunk.Violates(action, violation);
            return false;
        }
        _options.Diagram?.Note(drawn, cause!, world);
        UInt128 identity = world.Identity();
        long known = _visited.Find(identity);
        if (known >= 0)
        {
            chunk.Known(action, known);
            return true;
        }
        if (chunk.TryAgain(action, identity))
            return true;
        world.Possible(_after);
        bool isEnd = _after.Count == 0;
        if (isEnd && _options.Target is null && Deadlock.In(world) is { } deadlock)
        {
            chunk.Violates(action, deadlock);
            return false;
        }
        chunk.Found(action, identity, world, _root, _pool, isEnd);
        return true;
    }

    /// <summary>The violation in a state that counts; null for none.</summary>
    internal Violation? ViolationIn(World world)
    {
        if (_law is null && world.Failures.Count > 0)
            return new Violation(ViolationKind.Expectation, HistoricSpec.Expectations, world.Failures[0].ToString());
        if (_options.Target == HistoricSpec.Expectations || !world.Laws.AnyBroken)
            return null;
        foreach (Law law in world.Laws.Laws)
        {
            if (law.Break is not null && (_law is null || law.Name == _law))
                return new Violation(ViolationKind.Law, law.Name, law.Describe());
        }
        return null;
    }

    /// <summary>The steps that its transitions ran.</summary>
    internal IReadOnlyCollection<Step> Steps => _steps;

    private long Judged(int law) => _state.Laws.Laws[law].Judgements + _next.Laws.Laws[law].Judgements;
}
