using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <content>The inputs of devices, CPUs and the poll.</content>
public sealed partial class FabricHost
{
    /// <summary>Registers a virq that sends messages: an MSI, an MSI-X entry, any write of a device to the interrupt
    /// window. A completing call.</summary>
    /// <param name="label">The name of the virq, for reports.</param>
    /// <param name="requester">Bus, device and function of the sender.</param>
    /// <param name="trigger">The eventfd that its device writes, if it has one.</param>
    /// <param name="prefault">Whether it is translated as soon as it is programmed; see
    /// <see cref="RouteCache.Register"/>.</param>
    /// <exception cref="InvalidOperationException">All slots are in use, or the machine has no virqs, or there is an
    /// eventfd but no <see cref="FabricPorts.EventFds"/>.</exception>
    public Virq Register(string label, ushort requester, EventFd? trigger = null, bool prefault = false) => Do(fabric =>
    {
        RouteCache virqs = VirqsOf(fabric);
        NeedsEventFds(trigger);
        VirqHandle handle = virqs.Register(label, requester, prefault);
        if (trigger is { } fd)
            virqs.Attach(handle, fd);
        return new Virq(this, handle, label, null);
    });

    /// <summary>Registers a virq that drives a line: an INTx, an ISA interrupt. A completing call.</summary>
    /// <param name="label">The name of the virq, for reports.</param>
    /// <param name="gsi">The line.</param>
    /// <param name="kind">Level or edge.</param>
    /// <param name="trigger">The eventfd that its device writes, if it has one.</param>
    /// <param name="resample">Written when the line is acknowledged, if there is one.</param>
    /// <param name="acknowledged">Called when the line is acknowledged, outside the lock, on the thread that drains. A
    /// device that still needs service triggers again.</param>
    public Virq RegisterOnLine(string label, int gsi, VirqKind kind = VirqKind.Level, EventFd? trigger = null,
        EventFd? resample = null, Action? acknowledged = null) => Do(fabric =>
    {
        NeedsEventFds(trigger);
        NeedsEventFds(resample);
        VirqHandle handle = fabric.ConnectVirq(gsi, label, kind);
        var virq = new Virq(this, handle, label, acknowledged);
        Hold(fabric, VirqsOf(fabric).SourceOf(handle), virq);
        if (resample is { } heard)
            fabric.RouteCache!.AttachResample(handle, heard);
        if (trigger is { } fd)
            fabric.RouteCache!.Attach(handle, fd);
        return virq;
    });

    /// <summary>Connects a source to a line. A completing call.</summary>
    /// <param name="gsi">The line.</param>
    /// <param name="label">The name of the source, for reports.</param>
    /// <param name="kind">How much of its level is visible.</param>
    /// <param name="acknowledged">Called when the line is acknowledged, outside the lock, on the thread that
    /// drains.</param>
    /// <exception cref="InvalidOperationException">All slots are taken (<see
    /// cref="FabricOptions.Sources"/>).</exception>
    public HostSource Connect(int gsi, string label, SourceKind kind = SourceKind.Wired, Action? acknowledged = null) =>
        Do(fabric =>
        {
            var source = new HostSource(this, fabric.Connect(gsi, label, kind), acknowledged);
            Hold(fabric, source.Source.Slot, source);
            return source;
        });

    /// <summary>The poll reports that an eventfd is readable. It only queues: the effects may run on another thread, after
    /// this returns.</summary>
    /// <param name="token">The token that was passed to <see cref="IEventPort.Watch"/>.</param>
    public void EventArrived(int token)
    {
        using (_lock.Hold())
        {
            _fabric.RouteCache?.Readable(token);
            Kick();
        }
        ThrowFailure();
    }

    /// <summary>The kernel reports the EOI of a level vector. The I/OAPICs end the vector, and every holder of the
    /// lines gets the acknowledge. A completing call.</summary>
    /// <param name="cpu">The CPU of the EOI.</param>
    /// <param name="vector">The vector that it ended.</param>
    public void Eoi(int cpu, byte vector) => Do((cpu, vector), static (fabric, a) =>
    {
        fabric.TellEoi(a.cpu, a.vector);
        return true;
    });

    /// <summary>Resets the machine, as <see cref="Fabric.Reset"/> says. A completing call: when it returns, nothing of the
    /// former life is on its way. A port's call that was being made is finished; what it answers of a pin is not
    /// heard.</summary>
    public void Reset() => Do(false, static (fabric, _) =>
    {
        fabric.Reset();
        return true;
    });

    /// <summary>The state of each virq, and the reason for it. It waits for no effect.</summary>
    public IReadOnlyList<VirqReport> Explain()
    {
        using (_lock.Hold())
            return _fabric.RouteCache?.Explain() ?? [];
    }

    /// <summary>Describes the whole machine. It waits for no effect: what waits, the description shows.</summary>
    public FabricDescription Describe()
    {
        using (_lock.Hold())
            return _fabric.Describe();
    }

    /// <summary>Says why a line's interrupt is not delivered now. It waits for no effect.</summary>
    /// <param name="gsi">The line.</param>
    public Explanation Explain(int gsi)
    {
        using (_lock.Hold())
            return _fabric.Explain(gsi);
    }

    /// <summary>Says why a virq's interrupt is not delivered now. It waits for no effect.</summary>
    /// <exception cref="ArgumentException">The virq is gone.</exception>
    public Explanation Explain(Virq virq)
    {
        ArgumentNullException.ThrowIfNull(virq);
        using (_lock.Hold())
            return _fabric.Explain(virq.Handle);
    }

    internal void Trigger(VirqHandle handle) => Queue(handle, static (fabric, handle) => fabric.RouteCache!.Trigger(handle));

    internal void Drive(Source source, bool asserted) => Queue((source, asserted), static (_, a) => a.source.Set(a.asserted));

    internal void Pulse(Source source) => Queue(source, static (_, source) => source.Pulse());

    internal void Reassert(Source source) => Queue(source, static (_, source) => source.Reassert());

    /// <summary>Gives the fabric an input, whose effects may run on another thread, after the call returns.</summary>
    private void Queue<TArguments>(TArguments arguments, Action<Fabric, TArguments> input)
    {
        using (_lock.Hold())
        {
            input(_fabric, arguments);
            Kick();
        }
        ThrowFailure();
    }

    internal void Disconnect(HostSource source) => Do(_ =>
    {
        // If it is disposed of twice, the second call must not affect the slot's next owner.
        if (!_holders.IsOf(source.Source.Slot, source))
            return;
        _holders.Remove(source.Source.Slot);
        source.Source.Dispose();
    });

    private void Hold(Fabric fabric, int slot, ILineHolder holder) =>
        _holders.Add(slot, fabric.Lines.GenerationOf(slot), holder);

    internal void Attach(RouteCache virqs, VirqHandle handle, EventFd trigger)
    {
        NeedsEventFds(trigger);
        virqs.Attach(handle, trigger);
    }

    internal void AttachResample(RouteCache virqs, VirqHandle handle, EventFd resample)
    {
        NeedsEventFds(resample);
        virqs.AttachResample(handle, resample);
    }

    private void NeedsEventFds(EventFd? fd)
    {
        if (fd is { Exists: true } && _eventFds is null)
            throw new InvalidOperationException($"{fd} needs {nameof(FabricPorts)}.{nameof(FabricPorts.EventFds)}: the host has no port that polls and writes eventfds");
    }

    internal void Dispose(Virq virq) => Do(fabric =>
    {
        int source = fabric.RouteCache!.SourceOf(virq.Handle);
        if (source >= 0)
            _holders.Remove(source);
        fabric.DisposeVirq(virq.Handle);
    });

    /// <summary>Whether an interrupt is pending in a masked virq: in its eventfd, or latched.</summary>
    internal bool IsPending(VirqHandle handle)
    {
        EventFd ask;
        using (_lock.Hold())
        {
            if (_fabric.RouteCache!.IsPending(handle, out ask))
                return true;
        }
        return ask.Exists && _eventFds!.IsReadable(ask);
    }

    private static RouteCache VirqsOf(Fabric fabric) => fabric.RouteCache
        ?? throw new InvalidOperationException($"{nameof(FabricOptions.Routing)} is not set: the machine has no virqs");
}
