using Wirq.Events;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>A table of routes between the I/OAPICs and the local APICs, as a kernel keeps one for a split irqchip:
/// a pin's message is what the table says, not what the chip sent.</summary>
internal sealed class RouteTable
{
    private readonly Fabric _fabric;
    private readonly Block<RouteRow> _rows;
    private readonly PinNumbers _numbers;

    /// <summary>Makes an empty table.</summary>
    internal RouteTable(Fabric fabric, StateArena arena)
    {
        _fabric = fabric;
        _numbers = new PinNumbers(fabric.Options.IoApics);
        _rows = arena.Reserve<RouteRow>(Math.Max(1, _numbers.Count));
    }

    /// <summary>Puts a pin's present message into the table.</summary>
    internal void Commit(in Event change)
    {
        Msi message = change.Entry.Message;
        Of(change) = new RouteRow { Address = message.Address.Bits, Data = message.Data.Bits, Present = 1 };
    }

    /// <summary>Takes a pin's route out.</summary>
    internal void Remove(in Event change) => Of(change) = default;

    private ref RouteRow Of(in Event e) => ref _rows[_numbers.Of(e.IoApic, e.Pin)];

    /// <summary>Whether an event is carried out by the table.</summary>
    internal static bool Carries(in Event next) => next.Kind is EventKind.RouteChanged or EventKind.Deliver;

    /// <summary>Carries the event out that is next: a <see cref="EventKind.RouteChanged"/> into the table, a <see
    /// cref="EventKind.Deliver"/> by it. Without a route the kernel swallows it, and no answer comes.</summary>
    internal void Carry(in Event effect)
    {
        _fabric.Carrier.Skip();
        if (effect.Kind == EventKind.RouteChanged)
            Commit(effect);
        else if (Of(effect) is { Present: not 0 } row)
            _fabric.Carrier.AnswerDeliver(effect, _fabric.Send(new Msi(row.Address, row.Data), Origin.Pin(effect.IoApic, effect.Pin)));
    }
}

/// <summary>The route of one pin.</summary>
internal struct RouteRow : IState
{
    public ulong Address;
    public uint Data;
    public uint Present;
}
