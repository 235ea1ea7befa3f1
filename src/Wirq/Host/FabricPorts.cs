using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>Who stands behind a fabric and carries out what leaves it. What is null is not there: what is asked of it is
/// not done, and nobody answers. Memory is <see cref="Fabric.Memory"/>.</summary>
public sealed record FabricPorts
{
    /// <summary>Hears every event.</summary>
    public IEventObserver? Observer { get; init; }
    /// <summary>The kernel that owns the local APICs; needed where <see cref="RoutingOptions.Kernel"/> is set.</summary>
    public IKernelPort? Kernel { get; init; }
    /// <summary>Who polls, reads and writes eventfds; needed for virqs that have one.</summary>
    public IEventPort? EventFds { get; init; }
    /// <summary>The CPUs.</summary>
    public ICpuPort? Cpus { get; init; }
    /// <summary>Who hears acknowledges, but for holders that a <see cref="FabricHost"/> made: they hear by
    /// themselves.</summary>
    public IAckPort? Acks { get; init; }

    internal void Rest(Fabric fabric)
    {
        if (fabric.Events.Observing)
            Observer?.Observe(new Event(EventKind.Rest) { Time = fabric.Now });
    }
}
