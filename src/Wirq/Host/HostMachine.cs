using System.Runtime.ExceptionServices;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>A <see cref="FabricHost"/> and the parts that it needs, as a <see cref="FabricHostBuilder"/> built
/// them.</summary>
/// <remarks>All members may be called from any thread. Dispose of virqs and sources before the machine.</remarks>
public sealed class HostMachine : IDisposable
{
    private readonly HostParts _parts;
    private readonly IEventPort? _eventFds;
    private readonly Func<HostParts, EventFd>? _create;

    internal HostMachine(FabricHost host, HostParts parts, IKernelPort? kernel, IEventPort? eventFds, Func<HostParts, EventFd>? create)
    {
        Host = host;
        Kernel = kernel;
        _parts = parts;
        _eventFds = eventFds;
        _create = create;
    }

    /// <summary>The interrupt system.</summary>
    public FabricHost Host { get; }

    /// <summary>The kernel that owns the local APICs; null if the fabric has local APICs of its own.</summary>
    public IKernelPort? Kernel { get; }

    /// <summary>The port that polls, reads and writes eventfds.</summary>
    /// <exception cref="InvalidOperationException">The machine was built without eventfds.</exception>
    public IEventPort EventFds => _eventFds
        ?? throw new InvalidOperationException($"the machine was built without eventfds: call {nameof(FabricHostBuilder.UseEventFds)}");

    /// <summary>Creates an eventfd that a device can write. It is closed when the machine is disposed.</summary>
    /// <exception cref="InvalidOperationException">The machine was built without a way to create eventfds.</exception>
    /// <exception cref="KernelException">The process, or the host, has no descriptor left.</exception>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public EventFd CreateEventFd() => (_create
        ?? throw new InvalidOperationException($"the machine was built without a way to make eventfds: give {nameof(FabricHostBuilder.UseEventFds)} one"))
        .Invoke(_parts);

    /// <summary>Disposes of all parts that were created for the machine, in reverse order. Eventfds of
    /// <see cref="CreateEventFd"/> are last.</summary>
    /// <remarks>If a part fails, the others are still disposed of. Then the first failure is thrown.</remarks>
    public void Dispose()
    {
        if (_parts.DisposeAll() is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }
}
