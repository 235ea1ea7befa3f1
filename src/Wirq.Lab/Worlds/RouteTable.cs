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

    /// <summary>Carries a <see cref="EventKind.Deliver"/> out by the table. Without a route the kernel swallows it, and
    /// no answer comes.</summary>
    internal void Deliver(in Event effect)
    {
        if (_routes.TryGetValue((effect.IoApic, effect.Pin), out Msi message))
            fabric.Answer(effect.IoApic, effect.Pin, effect.Msi, fabric.Deliver(message, Origin.Pin(effect.IoApic, effect.Pin)));
    }
}
