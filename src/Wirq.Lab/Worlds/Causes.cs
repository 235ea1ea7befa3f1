using Wirq.Events;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>The causes of the interrupts that CPUs take, for messages. They have no effect on behaviour.</summary>
internal sealed class Causes(MachineSpec machine)
{
    private const int VectorCount = 256;

    // The cause of each pending vector, by CPU and vector; created when a CPU gets its first vector.
    private readonly Origin[]?[] _origins = new Origin[machine.Cpus][];
    // No event reports on local APICs in a kernel. The last pin that sent a vector is its most likely cause.
    private readonly Origin[] _senders = new Origin[VectorCount];

    /// <summary>The last timer that expired, or pin that the storm brake released.</summary>
    internal Event? LastDue { get; private set; }

    /// <summary>The cause of a vector that a CPU took from its local APIC.</summary>
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
