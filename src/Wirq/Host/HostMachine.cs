using System.Runtime.ExceptionServices;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>A <see cref="FabricHost"/> with what it stands on, as a <see cref="FabricHostBuilder"/> built it.</summary>
/// <remarks>All members may be called from any thread. Dispose of virqs and sources first, then of this.</remarks>
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

    /// <summary>The kernel that owns the local APICs; null where they are the fabric's own.</summary>
    public IKernelPort? Kernel { get; }

    /// <summary>Who polls, reads and writes eventfds.</summary>
    /// <exception cref="InvalidOperationException">The machine was built without.</exception>
    public IEventPort EventFds => _eventFds
        ?? throw new InvalidOperationException($"the machine was built without eventfds: call {nameof(FabricHostBuilder.UseEventFds)}");

    /// <summary>Makes an eventfd, for a device to write; it is closed with the machine.</summary>
    /// <exception cref="InvalidOperationException">The machine was built without a way to make them.</exception>
    /// <exception cref="KernelException">The host has none left.</exception>
    /// <exception cref="ObjectDisposedException">The machine is disposed.</exception>
    public EventFd CreateEventFd() => (_create
        ?? throw new InvalidOperationException($"the machine was built without a way to make eventfds: give {nameof(FabricHostBuilder.UseEventFds)} one"))
        .Invoke(_parts);

    /// <summary>Disposes of all that was made for it, the last made first; eventfds of <see cref="CreateEventFd"/> go
    /// last.</summary>
    /// <remarks>What fails does not keep the rest from its turn; the first failure is thrown then.</remarks>
    public void Dispose()
    {
        if (_parts.DisposeAll() is { } failure)
            ExceptionDispatchInfo.Throw(failure);
    }
}
