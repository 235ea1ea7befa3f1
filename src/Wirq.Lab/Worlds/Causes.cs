using Wirq.Events;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>Who caused what CPUs take, for words about it. Nothing that happens depends on it.</summary>
internal sealed class Causes(MachineSpec machine)
{
    private const int VectorCount = 256;

    // Who caused a vector that is pending, by CPU and vector; made as a CPU gets its first.
    private readonly Origin[]?[] _origins = new Origin[machine.Cpus][];
    // No event reports on a kernel's local APICs. The last pin that sent a vector is its most likely cause.
    private readonly Origin[] _senders = new Origin[VectorCount];

    /// <summary>The last timer that expired, or pin that the storm brake released.</summary>
    internal Event? LastDue { get; private set; }

    /// <summary>Who caused a vector that a local APIC gave to a CPU.</summary>
    internal Origin OriginOf(int cpu, byte vector) => _origins[cpu] is { } known ? known[vector] : _senders[vector];

    internal void Note(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.VectorAccepted:
                (_origins[e.Cpu] ??= new Origin[VectorCount])[e.Vector] = e.Origin;
                break;
            case EventKind.PinInjected:
                _senders[e.Message.Vector] = Origin.Pin(e.IoApic, e.Pin);
                break;
            case EventKind.TimerExpired or EventKind.StormReleased:
                LastDue = e;
                break;
        }
    }
}
