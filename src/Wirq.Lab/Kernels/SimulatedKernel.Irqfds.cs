using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Lab.Kernels;

// irqfds: eventfds that the kernel consumes (virt/kvm/eventfd.c).
public sealed partial class SimulatedKernel
{
    private const string Irqfd = "KVM_IRQFD";

    /// <inheritdoc/>
    /// <remarks>A pending count is injected by the work queue, and is not drained: a reader in between gets the
    /// interrupt a second time. A GSI without a route, or beyond the table, is accepted, and writes for it are
    /// lost.</remarks>
    /// <exception cref="KernelException">EINVAL: no chip is in the kernel, or there is a resample eventfd and the
    /// I/OAPIC is not in the kernel; EBADF; EBUSY: the eventfd is already bound.</exception>
    public void Bind(int gsi, EventFd trigger, EventFd resample)
    {
        Figures.PortCalls++;
        if (_apics is null)
            throw Refused(Irqfd, Errno.Invalid, gsi, "it needs chips in the kernel");
        if (resample.Exists && _ioApic is null)
            throw Refused(Irqfd, Errno.Invalid, gsi, "a resample eventfd needs the I/OAPIC in the kernel");
        int file = EventFds.FileOf(trigger, Irqfd, gsi);
        int resampleFile = resample.Exists ? EventFds.FileOf(resample, Irqfd, gsi) : -1;
        ref IrqfdState irqfd = ref _irqfds[file];
        ref EventFdState state = ref EventFds.File(file);
        bool taken = irqfd.Has(IrqfdFlags.Bound)
            || state.Bindings != 0 && Options.Behaviour.SharedEventFd == SharedEventFd.Refused;
        if (taken && !Has(KernelDefects.BindsTwice))
            throw Refused(Irqfd, Errno.Busy, gsi, $"{trigger} is bound already; an eventfd has one irqfd");

        int order = irqfd.Has(IrqfdFlags.Bound) ? irqfd.Order : state.Bindings++;
        irqfd = new IrqfdState
        {
            Gsi = gsi,
            ResampleAndOne = resampleFile + 1,
            Flags = IrqfdFlags.Bound | (resample.Exists ? IrqfdFlags.Resampler : 0),
            Order = order,
        };
        if (resample.Exists && (uint)gsi < (uint)_resamplers.Count && _resamplers[gsi].Count++ == 0)
            Scan();
        if (state.Count == 0 || Has(KernelDefects.IgnoresPendingAtBind))
            return;
        if (Has(KernelDefects.DrainsAtBind))
            EventFds.Consume(file);
        Schedule(file);
    }

    /// <inheritdoc/>
    /// <remarks>It drains the eventfd, and its injections in the work queue run before this returns. If the eventfd is
    /// not bound to that GSI, the call has no effect and no error.</remarks>
    /// <exception cref="KernelException">EBADF.</exception>
    public void Unbind(int gsi, EventFd trigger)
    {
        Figures.PortCalls++;
        int file = EventFds.FileOf(trigger, Irqfd, gsi);
        ref IrqfdState irqfd = ref _irqfds[file];
        if (irqfd.Has(IrqfdFlags.Bound) && (irqfd.Gsi == gsi || Has(KernelDefects.UnbindIgnoresGsi)))
            LetGo(file);
    }

    /// <summary>Whether an eventfd is bound in this machine.</summary>
    /// <exception cref="KernelException">EBADF.</exception>
    public bool IsBound(EventFd trigger) => _irqfds[EventFds.FileOf(trigger, Irqfd)].Has(IrqfdFlags.Bound);

    /// <summary>The machine is destroyed: its irqfds are released (kvm_irqfd_release).</summary>
    public void Release()
    {
        for (int file = 0; file < _irqfds.Count; file++)
        {
            if (_irqfds[file].Has(IrqfdFlags.Bound))
                LetGo(file);
        }
    }

    /// <summary>The number of irqfds with an injection in the work queue.</summary>
    public int PendingWork
    {
        get
        {
            int count = 0;
            foreach (ref readonly IrqfdState irqfd in _irqfds.Span)
                count += irqfd.Has(IrqfdFlags.Pending) ? 1 : 0;
            return count;
        }
    }

    /// <summary>Runs the first injection that waits, in the order of eventfds. A real work queue may run them in any
    /// order.</summary>
    /// <returns>Whether there was one.</returns>
    public bool RunPendingWork()
    {
        bool any = TryFindPendingWork(0, out int file);
        if (any)
            Run(file);
        return any;
    }

    /// <summary>The first eventfd, from a given one on, whose injection waits.</summary>
    internal bool TryFindPendingWork(int from, out int file)
    {
        for (file = from; file < _irqfds.Count; file++)
        {
            if (_irqfds[file].Has(IrqfdFlags.Pending))
                return true;
        }
        return false;
    }

    /// <summary>Runs the injection of an eventfd; it must be waiting.</summary>
    internal void RunPendingWork(int file) => Run(file);

    /// <summary>Runs the injection of one eventfd, if it waits.</summary>
    /// <returns>Whether it did.</returns>
    /// <exception cref="KernelException">EBADF.</exception>
    public bool RunPendingWork(EventFd trigger)
    {
        int file = EventFds.FileOf(trigger, Irqfd);
        bool waits = _irqfds[file].Has(IrqfdFlags.Pending);
        if (waits)
            Run(file);
        return waits;
    }

    /// <summary>Runs all injections that wait.</summary>
    public void Settle()
    {
        // A resample eventfd may itself be bound, so one injection may cause another. Each EOI causes a finite number.
        while (RunPendingWork())
        {
        }
    }

    /// <summary>An eventfd was written: wakes this machine's irqfd, if any (irqfd_wakeup).</summary>
    /// <returns>True if the waiters after it are not woken.</returns>
    internal bool Serve(int file)
    {
        ref IrqfdState irqfd = ref _irqfds[file];
        if (!irqfd.Has(IrqfdFlags.Bound))
            return false;
        if (irqfd.Order != 0 && Options.Behaviour.SharedEventFd != SharedEventFd.EverybodyServed)
            return false;
        RouteKind kind = KindOf(irqfd.Gsi);
        if (kind == RouteKind.None && Has(KernelDefects.KeepsRoutelessSignal))
            return false;
        if (Options.Behaviour.ConsumesFirst)
            EventFds.Consume(file);
        if (kind == RouteKind.Message)
            Inject(file);
        else
            Schedule(file);
        return Options.Behaviour.ConsumesFirst && !Has(KernelDefects.WakesPollersOfBound);
    }

    /// <summary>The last descriptor of an eventfd was closed.</summary>
    internal void Forget(int file)
    {
        if (_irqfds[file].Has(IrqfdFlags.Bound))
            LetGo(file);
        if (_ioApic is null)
            return;
        // The kernel keeps a resample eventfd that was closed; its signals are never read.
        foreach (ref IrqfdState irqfd in _irqfds.Span)
        {
            if (irqfd.ResampleAndOne == file + 1)
                irqfd.ResampleAndOne = 0;
        }
    }

    internal void MoveUp(int file, int order)
    {
        ref IrqfdState irqfd = ref _irqfds[file];
        if (irqfd.Has(IrqfdFlags.Bound) && irqfd.Order > order)
            irqfd.Order--;
    }

    /// <summary>Releases an irqfd (irqfd_shutdown): first the eventfd is drained and unwatched, then its waiting
    /// injection runs, then the resampler is removed.</summary>
    private void LetGo(int file)
    {
        if (!Has(KernelDefects.KeepsCountAtUnbind))
            EventFds.Consume(file);
        if (_irqfds[file].Has(IrqfdFlags.Pending) && !Has(KernelDefects.DropsPendingAtUnbind))
            Run(file);
        IrqfdState gone = _irqfds[file];
        _irqfds[file] = default;
        EventFds.File(file).Bindings--;
        EventFds.MoveUp(file, gone.Order);
        if (gone.Has(IrqfdFlags.Resampler))
            LeaveResampler(gone.Gsi);
    }

    private void Schedule(int file)
    {
        _irqfds[file].Flags |= IrqfdFlags.Pending;
        if (Options.WorksAtOnce)
            Run(file);
    }

    private void Run(int file)
    {
        _irqfds[file].Flags &= ~IrqfdFlags.Pending;
        Inject(file);
    }

    /// <summary>Injects by the current route of the GSI (irqfd_inject).</summary>
    private void Inject(int file)
    {
        Begin();
        IrqfdState irqfd = _irqfds[file];
        if (KindOf(irqfd.Gsi) == RouteKind.None)
        {
            Figures.Routeless++;
            return;
        }
        Figures.CountInjection(irqfd.Gsi);
        int virq = EventFds.File(file).Virq;
        if (Told && virq >= 0)
        {
            Observer!.Observe(new VirqServed(virq, irqfd.Gsi, MessageOf(irqfd.Gsi)).ToEvent());
        }
        if (irqfd.Has(IrqfdFlags.Resampler))
        {
            SetIrq(irqfd.Gsi, LineSources.Resampler, high: true);
            return;
        }
        SetIrq(irqfd.Gsi, LineSources.Userspace, high: true);
        SetIrq(irqfd.Gsi, LineSources.Userspace, high: false);
    }

    private RouteKind KindOf(int gsi) => (uint)gsi < (uint)_routes.Count ? _routes[gsi].Kind : RouteKind.None;

    /// <summary>The current message of a GSI; if it is routed to chips, that of its I/OAPIC pin.</summary>
    private InterruptMessage MessageOf(int gsi)
    {
        ref readonly RouteState route = ref _routes[gsi];
        return route.Kind == RouteKind.Message ? Decode(route.Message)
            : route.IoApic != 0 ? Decode(_ioApic!.MessageOf(_ioApic.Entry(route.IoApic - 1))) : default;
    }
}
