using Wirq.Routing;

namespace Wirq.Host;

/// <content>What devices, CPUs and the poll bring in.</content>
public sealed partial class FabricHost
{
    private Virq?[] _onLines = [];

    /// <summary>Registers a virq that sends messages: an MSI, an entry of MSI-X, anything that a device writes to the
    /// interrupt window. A completing call.</summary>
    /// <param name="label">Who it is, for those who ask.</param>
    /// <param name="requester">Bus, device and function of the sender.</param>
    /// <param name="trigger">The eventfd that its device writes, if it has one.</param>
    /// <param name="prefault">Whether it is translated as soon as it is programmed; see <see
    /// cref="RouteCache.Register"/>.</param>
    public Virq Register(string label, ushort requester, EventFd? trigger = null, bool prefault = false) => Do(fabric =>
    {
        RouteCache virqs = VirqsOf(fabric);
        VirqHandle handle = virqs.Register(label, requester, prefault);
        if (trigger is { } fd)
            virqs.Attach(handle, fd);
        return new Virq(this, handle, label, null);
    });

    /// <summary>Registers a virq that drives a line: an INTx, an ISA interrupt. A completing call.</summary>
    /// <param name="label">Who it is.</param>
    /// <param name="gsi">The line.</param>
    /// <param name="kind">Level or edge.</param>
    /// <param name="trigger">The eventfd that its device writes, if it has one.</param>
    /// <param name="resample">Written when the line is acknowledged, if there is one.</param>
    /// <param name="acknowledged">Called when the line is acknowledged, outside the lock, on the thread that drains: a
    /// device that still wants the line triggers again.</param>
    public Virq RegisterOnLine(string label, int gsi, VirqKind kind = VirqKind.Level, EventFd? trigger = null,
        EventFd? resample = null, Action? acknowledged = null) => Do(fabric =>
    {
        VirqHandle handle = fabric.ConnectVirq(gsi, label, kind);
        var virq = new Virq(this, handle, label, acknowledged);
        int source = VirqsOf(fabric).SourceOf(handle);
        if (source >= _onLines.Length)
            Array.Resize(ref _onLines, fabric.Options.Sources);
        _onLines[source] = virq;
        if (resample is { } heard)
            fabric.Virqs!.AttachResample(handle, heard);
        if (trigger is { } fd)
            fabric.Virqs!.Attach(handle, fd);
        return virq;
    });

    /// <summary>A poll says that an eventfd is readable.</summary>
    /// <param name="token">What <see cref="IEventPort.Watch"/> was given with it.</param>
    public void EventArrived(int token)
    {
        lock (_lock)
        {
            _fabric.Virqs?.Readable(token);
            Kick();
        }
        ThrowFailure();
    }

    /// <summary>The kernel tells of the EOI of a level vector: the I/OAPICs end it, and every holder of the lines hears.
    /// A completing call.</summary>
    public void Eoi(byte vector) => Do(fabric => fabric.Eoi(vector));

    /// <summary>A CPU writes memory. A completing call.</summary>
    /// <returns>Whether the address is the interrupt system's.</returns>
    /// <inheritdoc cref="Fabric.TryWrite" path="/param"/>
    public bool TryWrite(int cpu, ulong address, int size, ulong value)
    {
        bool ours;
        lock (_lock)
        {
            ours = _fabric.TryWrite(cpu, address, size, value);
            Complete();
        }
        ThrowFailure();
        return ours;
    }

    /// <summary>A CPU reads memory. A completing call: reading has effects at some registers.</summary>
    /// <returns>Whether the address is the interrupt system's.</returns>
    /// <inheritdoc cref="Fabric.TryRead" path="/param"/>
    public bool TryRead(int cpu, ulong address, int size, out ulong value)
    {
        bool ours;
        lock (_lock)
        {
            ours = _fabric.TryRead(cpu, address, size, out value);
            Complete();
        }
        ThrowFailure();
        return ours;
    }

    /// <summary>Who has what, and why.</summary>
    public IReadOnlyList<VirqReport> Explain()
    {
        lock (_lock)
            return _fabric.Virqs?.Explain() ?? [];
    }

    internal void Trigger(VirqHandle handle)
    {
        lock (_lock)
        {
            _fabric.Virqs!.Trigger(handle);
            Kick();
        }
        ThrowFailure();
    }

    internal void Dispose(Virq virq) => Do(fabric =>
    {
        int source = fabric.Virqs!.SourceOf(virq.Handle);
        if (source >= 0)
            _onLines[source] = null;
        fabric.DisposeVirq(virq.Handle);
    });

    /// <summary>Whether an interrupt is pending in a masked virq: in its eventfd, or latched.</summary>
    internal bool IsPending(VirqHandle handle)
    {
        EventFd ask;
        lock (_lock)
        {
            if (_fabric.Virqs!.IsPending(handle, out ask))
                return true;
        }
        return ask.Exists && _eventPort!.IsReadable(ask);
    }

    private static RouteCache VirqsOf(Fabric fabric) => fabric.Virqs
        ?? throw new InvalidOperationException($"{nameof(FabricOptions.Routing)} is not set: the machine has no virqs");
}
