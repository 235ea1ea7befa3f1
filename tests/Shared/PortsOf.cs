using Wirq.Events;
using Wirq.Host;
using Wirq.Routing;

namespace Wirq.Tests.Shared;

/// <summary>One object as all the ports that it implements.</summary>
internal static class PortsOf
{
    /// <exception cref="ArgumentException">It implements none, so all calls would be lost.</exception>
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

    /// <summary>Drains a fabric with an object as all the ports that it implements; null for no ports.</summary>
    internal static void Drain(this Fabric fabric, object? port) => fabric.Drain(port is null ? null : One(port));
}
