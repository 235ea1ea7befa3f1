using Wirq.Routing;

namespace Wirq.Host;

/// <summary>What a device holds to interrupt: it knows nothing of kernels, routes or remapping. It may be used from any
/// thread; dispose of it once.</summary>
/// <remarks>A device in another process needs none of this: it writes the eventfd.</remarks>
public sealed class Virq : ILineHolder, IDisposable
{
    private readonly FabricHost _host;
    private readonly Action? _acknowledged;

    internal Virq(FabricHost host, VirqHandle handle, string label, Action? acknowledged)
    {
        _host = host;
        Handle = handle;
        Label = label;
        _acknowledged = acknowledged;
    }

    /// <summary>Its name.</summary>
    public string Label { get; }

    /// <summary>Its slot and owner, which events bear.</summary>
    public VirqHandle Handle { get; }

    /// <summary>Where it stands, after all that was queued so far has run. A completing call.</summary>
    public VirqState State => _host.Do(fabric => fabric.RouteCache!.StateOf(Handle));

    /// <summary>Its GSI in the kernel's route table; -1 for none. A completing call.</summary>
    public int Gsi => _host.Do(fabric => fabric.RouteCache!.GsiOf(Handle));

    /// <summary>Whether it has ever fired; null where the kernel alone knows. A completing call.</summary>
    public bool? HasFired => _host.Do(fabric => fabric.RouteCache!.HasFired(Handle));

    /// <summary>Whether it is masked and has an interrupt pending: the bit of a PBA. It waits for no
    /// effect.</summary>
    public bool IsPending => _host.IsPending(Handle);

    /// <summary>Interrupts. It only queues: what follows may run on another thread, after this returns.</summary>
    public void Trigger() => _host.Trigger(Handle);

    /// <summary>The guest programs the message. A completing call: when this returns, nothing is sent under the former one.</summary>
    public void SetMessage(Msi message) => _host.Do(fabric => fabric.RouteCache!.SetMessage(Handle, message));

    /// <summary>Masks it: when this returns, no message is sent any more. A completing call.</summary>
    public void Mask() => _host.Do(fabric => fabric.RouteCache!.Mask(Handle));

    /// <summary>Unmasks it: what is pending is delivered once. A completing call.</summary>
    public void Unmask() => _host.Do(fabric => fabric.RouteCache!.Unmask(Handle));

    /// <summary>Gives it the eventfd that its device writes, or none. A completing call: when it returns, the former one
    /// may be closed.</summary>
    public void Attach(EventFd trigger) => _host.Do(fabric => _host.Attach(fabric.RouteCache!, Handle, trigger));

    /// <summary>Gives it the eventfd that is written at each acknowledge of its line, or none. A completing
    /// call.</summary>
    public void AttachResample(EventFd resample) => _host.Do(fabric => _host.AttachResample(fabric.RouteCache!, Handle, resample));

    /// <summary>Leaves: unbound, polled no more, its GSI given back. A completing call: when it returns, its eventfds may
    /// be closed. What it had pending is gone.</summary>
    public void Dispose() => _host.Dispose(this);

    bool ILineHolder.Hears => _acknowledged is not null;

    void ILineHolder.Acknowledged() => _acknowledged?.Invoke();

    /// <inheritdoc/>
    public override string ToString() => $"virq {Handle.Slot} ({Label})";
}
