using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>The default order of a run: after each step of the scenario the machine comes to rest. Waiting effects are
/// first. Then each CPU that has work does one step in turn, the lowest first. Actors take turns: one step each, in the
/// order of the file. Time passes when no actor has a step.</summary>
public sealed class UsualOrder
{
    private readonly World _world;
    private readonly StormWatch _watch;
    private readonly Random? _first;
    private readonly List<Transition> _next = [];
    // The script that had the last turn.
    private int _last;

    /// <summary>Makes an order.</summary>
    /// <param name="world">The world.</param>
    /// <param name="seed">Seed for the choice of the first CPU of a turn and of the next actor; 0 for the lowest CPU, and
    /// for the next actor in the file.</param>
    public UsualOrder(World world, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(world);
        _world = world;
        _watch = world.Watch;
        _first = seed == 0 ? null : new Random(seed);
    }

    /// <summary>Runs a scenario to its end.</summary>
    /// <exception cref="WorldException">The world cannot continue.</exception>
    public void Run()
    {
        while (Step())
        {
        }
    }

    /// <summary>Does one transition of the scenario, and lets the machine come to rest.</summary>
    /// <returns>False at its end, if nothing was done.</returns>
    /// <exception cref="WorldException">The world cannot continue.</exception>
    public bool Step()
    {
        _world.ListScripts(_next);
        if (_next.Count == 0)
        {
            return _world.IsAtEnd ? false
                : throw new WorldException("nothing can happen, and the scenario has not ended: an actor or a CPU waits for a call that never returns, or for a lock") { IsOutcome = true };
        }
        _world.Apply(Choose());
        _world.Drain();
        Settle();
        return true;
    }

    /// <summary>The next transition of the scripts: time is the last of the list.</summary>
    private Transition Choose()
    {
        int chosen = 0;
        if (_next.Count > 1 && _first is not null)
            chosen = _first.Next(_next.Count);
        else if (_next.Count > 1)
            chosen = Math.Max(0, _next.FindIndex(next => next.Kind == TransitionKind.Script && next.Index > _last));
        if (_next[chosen].Kind == TransitionKind.Script)
            _last = _next[chosen].Index;
        return _next[chosen];
    }

    private void Settle()
    {
        _watch.Begin();
        int cpus = _world.Spec.Cpus;
        for (bool moved = true; moved;)
        {
            moved = false;
            int first = _first?.Next(cpus) ?? 0;
            for (int i = 0; i < cpus; i++)
            {
                int cpu = (first + i) % cpus;
                if (!_world.CanStep(cpu))
                    continue;
                if (!moved)
                    // A run that the comparison of states does not end, for example with a counter that only grows, is
                    // ended by this.
                    _world.SpendTurn();
                else if (_first is not null)
                    _watch.NoteChoice();
                Step(cpu);
                moved = true;
            }
            // A thread runs when no CPU runs a handler.
            if (!moved && _world.NextThread(0) is >= 0 and var driver)
            {
                _world.SpendTurn();
                _world.Apply(new Transition(TransitionKind.GuestThread, driver));
                _world.Drain();
                moved = true;
            }
        }
    }

    private void Step(int cpu)
    {
        if (_world.WouldTake(cpu) && _watch.Returns(cpu))
            throw new WorldException(_watch.TellEndless()) { IsOutcome = true };
        _world.Apply(new Transition(TransitionKind.Cpu, cpu));
        _world.Drain();
    }
}
