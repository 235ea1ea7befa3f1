using Wirq.Routing;

namespace Wirq.Host;

/// <summary>The machine that a <see cref="FabricHostBuilder"/> builds, for the functions that create its
/// ports.</summary>
/// <remarks>All members may be called from any thread.</remarks>
public sealed class HostParts
{
    private readonly Lock _lock = new();
    private readonly List<IDisposable> _owned = [];
    private FabricHost? _host;
    private IKernelPort? _kernel;
    private bool _isDisposed;

    internal HostParts(FabricOptions options)
    {
        Options = options;
        EventArrived = Arrived;
    }

    /// <summary>How the machine will be built. <see cref="RoutingOptions.Kernel"/> is null, unless the builder's
    /// options set it.</summary>
    public FabricOptions Options { get; }

    /// <summary>How many GSIs a split irqchip has to reserve (KVM_CAP_SPLIT_IRQCHIP): two for each pin of the
    /// I/OAPICs.</summary>
    public int ReservedGsis => Options.PinGsis;

    /// <summary>The kernel. It is created before the eventfds.</summary>
    /// <exception cref="InvalidOperationException">There is no kernel, or it is not created yet.</exception>
    public IKernelPort Kernel => _kernel
        ?? throw new InvalidOperationException($"there is no kernel yet: {nameof(FabricHostBuilder.UseKernel)} makes one, before eventfds");

    /// <summary>Reports a readable eventfd by its token: <see cref="FabricHost.EventArrived"/>. It may be called from
    /// any thread. It only queues. Before the machine is built, no eventfd is watched and a call has no
    /// effect.</summary>
    public Action<int> EventArrived { get; }

    /// <summary>Makes the machine own a part, and dispose of it. If building fails, the builder disposes of it. Parts
    /// are disposed of in the reverse order of these calls; parts that were added after the machine was built are
    /// last.</summary>
    /// <returns>The same part.</returns>
    /// <exception cref="ObjectDisposedException">The machine is disposed. The part was disposed of by this
    /// call.</exception>
    public T Own<T>(T part) where T : IDisposable
    {
        ArgumentNullException.ThrowIfNull(part);
        lock (_lock)
        {
            if (!_isDisposed)
            {
                _owned.Insert(_host is null ? _owned.Count : 0, part);
                return part;
            }
        }
        part.Dispose();
        throw new ObjectDisposedException(nameof(HostMachine));
    }

    internal void Made(IKernelPort kernel) => _kernel = kernel;

    internal void Built(FabricHost host)
    {
        lock (_lock)
            _host = host;
    }

    /// <summary>Disposes of the owned parts, once.</summary>
    /// <returns>The first failure. All other parts are disposed of even so. Null if nothing failed.</returns>
    internal Exception? DisposeAll()
    {
        lock (_lock)
        {
            if (_isDisposed)
                return null;
            _isDisposed = true;
        }
        Exception? first = null;
        for (int i = _owned.Count - 1; i >= 0; i--)
        {
            try
            {
                _owned[i].Dispose();
            }
            catch (Exception failure)
            {
                first ??= failure;
            }
        }
        return first;
    }

    private void Arrived(int token) => Volatile.Read(ref _host)?.EventArrived(token);
}
