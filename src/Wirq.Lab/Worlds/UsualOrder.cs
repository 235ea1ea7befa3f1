using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>The order in which a scenario is run: after each step of it everything comes to rest. What waits inside goes
/// first, then the CPUs that have anything to do, one step each in turn, the lowest first.</summary>
public sealed class UsualOrder
{
    private readonly World _world;
    private readonly StormWatch _watch;
    private readonly Random? _first;

    /// <summary>Makes an order.</summary>
    /// <param name="world">Whose.</param>
    /// <param name="seed">Which CPU is the first of a turn is drawn with it; 0 for the lowest.</param>
    public UsualOrder(World world, int seed = 0)
    {
        ArgumentNullException.ThrowIfNull(world);
        _world = world;
        _watch = world.Watch;
        _first = seed == 0 ? null : new Random(seed);
    }

    /// <summary>Runs a scenario to its end.</summary>
    /// <exception cref="WorldException">The world cannot go on.</exception>
    public void Run()
    {
        while (Step())
        {
        }
    }

    /// <summary>Lets the scenario do one thing, and everything come to rest.</summary>
    /// <returns>False at its end, where nothing was done.</returns>
    /// <exception cref="WorldException">The world cannot go on.</exception>
    public bool Step()
    {
        if (!_world.TryNextOfScript(out Transition next))
            return false;
        _world.Apply(next);
        _world.Drain();
        Settle();
        return true;
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
                    // What no test of its state recognises, such as a count that only grows, ends here.
                    _world.SpendTurn();
                else if (_first is not null)
                    _watch.NoteChoice();
                Step(cpu);
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
