using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>The ports behind a fabric, which carry out what leaves it. Memory is <see cref="Fabric.Memory"/>.</summary>
/// <remarks>A call to a port that is null is not made, and has no answer: without a kernel, a message to it is neither
/// accepted nor refused. There is one exception: a route table without a kernel counts as committed, so that the next
/// one can be made. Calls from a port into the fabric or its host only queue.</remarks>
public sealed record FabricPorts
{
    /// <summary>Receives every event.</summary>
    public IEventObserver? Observer { get; init; }
    /// <summary>The kernel that owns the local APICs; required if <see cref="RoutingOptions.Kernel"/> is set.</summary>
    public IKernelPort? Kernel { get; init; }
    /// <summary>Polls, reads and writes eventfds; required for virqs that have one.</summary>
    public IEventPort? EventFds { get; init; }
    /// <summary>The CPUs.</summary>
    public ICpuPort? Cpus { get; init; }
    /// <summary>Receives acknowledges. Holders that a <see cref="FabricHost"/> made are not included: they get their
    /// own callbacks.</summary>
    public IAckPort? Acks { get; init; }

    /// <summary>Hears of events of Xen's domains that this machine is not.</summary>
    public IXenPort? Xen { get; init; }

    internal void Rest(Fabric fabric)
    {
        if (fabric.Events.Observing)
            Observer?.Observe(new Event(EventKind.Rest) { Time = fabric.Now });
    }
}
