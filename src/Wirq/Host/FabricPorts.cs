using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>Who stands behind a fabric and carries out what leaves it. Memory is <see cref="Fabric.Memory"/>.</summary>
/// <remarks>What is asked of a port that is null is not done, and has no answer: a message to a kernel that is not there is
/// neither taken nor refused. Only a route table that nobody takes counts as taken, so that the next one can be made. Calls
/// that a port makes into the fabric or its host only queue.</remarks>
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
