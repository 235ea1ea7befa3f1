using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Tests.Shared;

/// <summary>One object as all the ports that it is.</summary>
internal static class PortsOf
{
    /// <exception cref="ArgumentException">It is none, so that all that is meant for it would be lost.</exception>
    internal static FabricPorts One(object? port) => port is null or IEventObserver or IAckPort or ICpuPort or IKernelPort or IEventPort
        ? new()
        {
            Observer = port as IEventObserver,
            Acks = port as IAckPort,
            Cpus = port as ICpuPort,
            Kernel = port as IKernelPort,
            EventFds = port as IEventPort,
        }
        : throw new ArgumentException($"{port.GetType()} is no port", nameof(port));

    /// <summary>Drains a fabric behind which an object stands as all the ports that it is; nobody for null.</summary>
    internal static void Drain(this Fabric fabric, object? port) => fabric.Drain(port is null ? null : One(port));
}
