using Wirq.Events;
using Wirq.Lab.Worlds;
using Wirq.State;

namespace Wirq.Lab.Historic;

/// <summary>Whether a design has marked an item.</summary>
internal struct PinMark : IState
{
    public uint IsSet;
}

/// <summary>One mark for each number of a range, in the arena of the world.</summary>
internal readonly struct Marks(World world, int count)
{
    private readonly Block<PinMark> _marks = world.Arena.Reserve<PinMark>(Math.Max(1, count));

    internal ref uint this[int number] => ref _marks[number].IsSet;

    /// <summary>Marks a number.</summary>
    /// <returns>Whether it was not marked before.</returns>
    internal bool Add(int number)
    {
        bool isNew = this[number] == 0;
        this[number] = 1;
        return isNew;
    }

    internal void Clear() => _marks.Span.Clear();
}

/// <summary>One mark for each pin.</summary>
internal readonly struct PinMarks(World world, PinNumbers numbers)
{
    private readonly Marks _marks = new(world, numbers.Count);

    internal PinMarks(World world) : this(world, new PinNumbers(world.Spec.Fabric.IoApics)) { }

    internal ref uint this[in Event e] => ref _marks[numbers.Of(e.IoApic, e.Pin)];

    internal void Clear() => _marks.Clear();
}

/// <summary>Changes of routes that a design carries out late. Only the last change of each pin is kept, because it
/// determines the final table.</summary>
internal readonly struct LateRoutes(World world, PinNumbers numbers)
{
    private readonly Block<LateRoute> _late = world.Arena.Reserve<LateRoute>(Math.Max(1, numbers.Count), LateRoute.MakeRelative);

    internal LateRoutes(World world) : this(world, new PinNumbers(world.Spec.Fabric.IoApics)) { }

    internal void Add(in Event change) => _late[numbers.Of(change.IoApic, change.Pin)].Change = change;

    /// <summary>Writes them into the table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="marks">If given, the marks of the pins whose routes this changes are cleared.</param>
    internal void Commit(RouteTable table, PinMarks? marks = null)
    {
        foreach (ref LateRoute late in _late.Span)
        {
            if (late.Change.Kind == EventKind.None)
                continue;
            table.Commit(late.Change);
            if (marks is { } cleared)
                cleared[late.Change] = 0;
            late = default;
        }
    }
}

/// <summary>A change of a route that was not carried out yet; kind 0 for none.</summary>
internal struct LateRoute : IState
{
    public Event Change;

    // The table does not depend on the time of the change.
    internal static void MakeRelative(Span<LateRoute> copy, long now)
    {
        foreach (ref LateRoute state in copy)
            state.Change = state.Change with { Time = 0 };
    }
}
