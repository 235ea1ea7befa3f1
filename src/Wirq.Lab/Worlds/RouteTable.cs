using System.Runtime.InteropServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>A table of routes between the I/OAPICs and the local APICs, as a kernel keeps one for a split irqchip:
/// a pin's message is what the table says, not what the chip sent.</summary>
internal sealed class RouteTable(Fabric fabric)
{
    private readonly Dictionary<(int IoApic, int Pin), Msi> _routes = [];

    /// <summary>Puts a pin's present message into the table.</summary>
    internal void Commit(in Event change) => _routes[(change.IoApic, change.Pin)] = change.Entry.Message;

    /// <summary>Takes a pin's route out.</summary>
    internal void Remove(in Event change) => _routes.Remove((change.IoApic, change.Pin));

    /// <summary>A hash of it, whatever the order in which it came about.</summary>
    internal UInt128 Identity()
    {
        UInt128 sum = 0;
        foreach (((int chip, int pin), Msi message) in _routes)
        {
            var hash = new StateHash((ulong)chip << 32 | (uint)pin);
            hash.Add(MemoryMarshal.AsBytes<ulong>([message.Address.Bits, message.Data.Bits]));
            sum += hash.Value;
        }
        return sum;
    }

    /// <summary>Whether an event is carried out by the table.</summary>
    internal static bool Carries(in Event next) => next.Kind is EventKind.RouteChanged or EventKind.Deliver;

    /// <summary>Carries the oldest event out: a <see cref="EventKind.RouteChanged"/> into the table, a <see
    /// cref="EventKind.Deliver"/> by it. Without a route the kernel swallows it, and no answer comes.</summary>
    internal void Carry()
    {
        fabric.Carrier.TryPeek(out Event effect);
        fabric.Carrier.Skip();
        if (effect.Kind == EventKind.RouteChanged)
            Commit(effect);
        else if (_routes.TryGetValue((effect.IoApic, effect.Pin), out Msi message))
            fabric.Carrier.AnswerDeliver(effect, fabric.Send(message, Origin.Pin(effect.IoApic, effect.Pin)));
    }
}
