using Wirq.Routing;

namespace Wirq.Host;

/// <summary>The handle by which a device interrupts. It knows nothing about kernels, routes or remapping. It may be
/// used from any thread; dispose of it once.</summary>
/// <remarks>A device in another process does not need it: that device writes the eventfd.</remarks>
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

    /// <summary>Its slot and owner, which events carry.</summary>
    public VirqHandle Handle { get; }

    /// <summary>Its state, after all that was queued so far has run. A completing call.</summary>
    public VirqState State => _host.Do(fabric => fabric.RouteCache!.StateOf(Handle));

    /// <summary>Its GSI in the kernel's route table; -1 for none. A completing call.</summary>
    public int Gsi => _host.Do(fabric => fabric.RouteCache!.GsiOf(Handle));

    /// <summary>Whether it has ever fired; null if only the kernel knows. A completing call.</summary>
    public bool? HasFired => _host.Do(fabric => fabric.RouteCache!.HasFired(Handle));

    /// <summary>Whether it is masked and has an interrupt pending: the bit of a PBA. It waits for no
    /// effect.</summary>
    public bool IsPending => _host.IsPending(Handle);

    /// <summary>Interrupts. It only queues: the effects may run on another thread, after this returns.</summary>
    public void Trigger() => _host.Trigger(Handle);

    /// <summary>The guest programs the message. A completing call: when this returns, nothing is sent under the former one.</summary>
    public void SetMessage(Msi message) => _host.Do(fabric => fabric.RouteCache!.SetMessage(Handle, message));

    /// <summary>Masks it: after this returns, it sends no message. A completing call.</summary>
    public void Mask() => _host.Do(fabric => fabric.RouteCache!.Mask(Handle));

    /// <summary>Unmasks it: a pending interrupt is delivered once. A completing call.</summary>
    public void Unmask() => _host.Do(fabric => fabric.RouteCache!.Unmask(Handle));

    /// <summary>Sets or removes the eventfd that its device writes. A completing call: when it returns, the previous
    /// one may be closed.</summary>
    public void Attach(EventFd trigger) => _host.Do(fabric => _host.Attach(fabric.RouteCache!, Handle, trigger));

    /// <summary>Sets or removes the eventfd that is written at each acknowledge of its line. A completing
    /// call.</summary>
    public void AttachResample(EventFd resample) => _host.Do(fabric => _host.AttachResample(fabric.RouteCache!, Handle, resample));

    /// <summary>Unbinds it, removes it from the poll and frees its GSI. A completing call: when it returns, its
    /// eventfds may be closed. A pending interrupt is lost.</summary>
    public void Dispose() => _host.Dispose(this);

    bool ILineHolder.Hears => _acknowledged is not null;

    void ILineHolder.Acknowledged() => _acknowledged?.Invoke();

    /// <inheritdoc/>
    public override string ToString() => $"virq {Handle.Slot} ({Label})";
}
