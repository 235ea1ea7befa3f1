using Wirq.Routing;

namespace Wirq.Host;

/// <summary>The handle by which a device interrupts. It does not depend on kernels, routes or remapping. It may be used
/// from any thread. Dispose of it once.</summary>
/// <remarks>A device in another process does not use it: that device writes the eventfd.</remarks>
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

    /// <summary>Its slot, and the owner of the slot. Events contain this handle.</summary>
    public VirqHandle Handle { get; }

    /// <summary>Its state, after all that was queued so far has run. A completing call.</summary>
    public VirqState State => _host.Do(fabric => fabric.RouteCache!.StateOf(Handle));

    /// <summary>Its GSI in the kernel's route table; -1 for none. A completing call.</summary>
    public int Gsi => _host.Do(fabric => fabric.RouteCache!.GsiOf(Handle));

    /// <summary>Whether it has ever fired. Null if only the kernel can tell. A completing call.</summary>
    public bool? HasFired => _host.Do(fabric => fabric.RouteCache!.HasFired(Handle));

    /// <summary>Whether it is masked and has an interrupt pending: its bit in a PBA. This returns at once and waits for
    /// no effect.</summary>
    public bool IsPending => _host.IsPending(Handle);

    /// <summary>Triggers the interrupt. This only queues: the effects may run on another thread, after the call
    /// returns.</summary>
    public void Trigger() => _host.Trigger(Handle);

    /// <summary>Sets the message, as the guest programmed it. A completing call: after it returns, the previous message
    /// is not sent any more.</summary>
    public void SetMessage(Msi message) => _host.Do(fabric => fabric.RouteCache!.SetMessage(Handle, message));

    /// <summary>Masks the virq. A completing call: after it returns, the virq sends no message.</summary>
    public void Mask() => _host.Do(fabric => fabric.RouteCache!.Mask(Handle));

    /// <summary>Unmasks the virq. A pending interrupt is delivered once. A completing call.</summary>
    public void Unmask() => _host.Do(fabric => fabric.RouteCache!.Unmask(Handle));

    /// <summary>Sets the eventfd that the device writes, or removes it (<see cref="EventFd.None"/>). A completing call:
    /// after it returns, the previous eventfd may be closed.</summary>
    public void Attach(EventFd trigger) => _host.Do(fabric => _host.Attach(fabric.RouteCache!, Handle, trigger));

    /// <summary>Sets the eventfd that is written at each acknowledge of the line, or removes it
    /// (<see cref="EventFd.None"/>). A completing call.</summary>
    public void AttachResample(EventFd resample) => _host.Do(fabric => _host.AttachResample(fabric.RouteCache!, Handle, resample));

    /// <summary>Unbinds the virq, removes its eventfd from the poll and frees its GSI. A completing call: after it
    /// returns, its eventfds may be closed. A pending interrupt is lost.</summary>
    public void Dispose() => _host.Dispose(this);

    bool ILineHolder.Hears => _acknowledged is not null;

    void ILineHolder.Acknowledged() => _acknowledged?.Invoke();

    /// <inheritdoc/>
    public override string ToString() => $"virq {Handle.Slot} ({Label})";
}
