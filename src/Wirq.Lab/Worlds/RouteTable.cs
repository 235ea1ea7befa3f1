using Wirq.Events;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>A route table between the I/OAPICs and the local APICs, like that of a kernel with a split irqchip: the
/// message of a pin is read from the table, not from the chip's effect.</summary>
internal sealed class RouteTable
{
    private readonly Fabric _fabric;
    private readonly Block<RouteRow> _rows;
    private readonly PinNumbers _numbers;

    /// <summary>Creates an empty table.</summary>
    internal RouteTable(Fabric fabric, StateArena arena)
    {
        _fabric = fabric;
        _numbers = new PinNumbers(fabric.Options.IoApics);
        _rows = arena.Reserve<RouteRow>(Math.Max(1, _numbers.Count));
    }

    /// <summary>Writes a pin's current message into the table.</summary>
    internal void Commit(in Event change)
    {
        Msi message = change.Entry.Message;
        Of(change) = new RouteRow { Address = message.Address.Bits, Data = message.Data.Bits, Present = 1 };
    }

    /// <summary>Removes a pin's route.</summary>
    internal void Remove(in Event change) => Of(change) = default;

    private ref RouteRow Of(in Event e) => ref _rows[_numbers.Of(e.IoApic, e.Pin)];

    /// <summary>Whether an event is carried out by the table.</summary>
    internal static bool Carries(in Event next) => next.Kind is EventKind.RouteChanged or EventKind.Deliver;

    /// <summary>Carries out the next event: a <see cref="EventKind.RouteChanged"/> changes the table, a
    /// <see cref="EventKind.Deliver"/> uses it. If there is no route, the kernel drops the message, and there is no
    /// answer.</summary>
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
