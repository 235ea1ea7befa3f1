using Wirq.Routing;

namespace Wirq.Host;

/// <summary>What a <see cref="FabricHostBuilder"/> gives to whoever makes a port of a machine that is being built.</summary>
/// <remarks>It may be used from any thread.</remarks>
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

    /// <summary>How the machine is to be built; without <see cref="RoutingOptions.Kernel"/>, unless the builder was given
    /// it.</summary>
    public FabricOptions Options { get; }

    /// <summary>How many GSIs a split irqchip has to reserve (KVM_CAP_SPLIT_IRQCHIP): two for each pin of the
    /// I/OAPICs.</summary>
    public int ReservedGsis => Options.PinGsis;

    /// <summary>The kernel, which is made before eventfds are.</summary>
    /// <exception cref="InvalidOperationException">There is none, or it is not made yet.</exception>
    public IKernelPort Kernel => _kernel
        ?? throw new InvalidOperationException($"there is no kernel yet: {nameof(FabricHostBuilder.UseKernel)} makes one, before eventfds");

    /// <summary>To be called with the token of an eventfd that is readable, from any thread: <see
    /// cref="FabricHost.EventArrived"/>. While the machine is being built nothing is watched, and a call does nothing.</summary>
    public Action<int> EventArrived { get; }

    /// <summary>The machine disposes of something, or the builder does where building fails: in the reverse order of these
    /// calls. What is owned after the machine was built goes last.</summary>
    /// <returns>The same.</returns>
    /// <exception cref="ObjectDisposedException">The machine is disposed; so is what was given, now.</exception>
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

    /// <summary>Disposes of what is owned, once.</summary>
    /// <returns>The first failure, after all had their turn.</returns>
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
