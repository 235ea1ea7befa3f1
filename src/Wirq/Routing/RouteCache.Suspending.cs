using Wirq.Events;

namespace Wirq.Routing;

/// <content>Suspending: for a time nobody reads an eventfd, so that a machine can be saved and can go on elsewhere. What
/// devices write stays in the eventfds, which go with it.</content>
public sealed partial class RouteCache
{
    /// <summary>Whether neither the kernel nor userspace reads an eventfd now.</summary>
    public bool IsSuspended => S.Suspended != 0;

    /// <summary>Unbinds every eventfd from the kernel, which injects what was written before, and stops polling the
    /// others. States and routes stay. It only queues; a second call does nothing.</summary>
    /// <remarks>From here on, an interrupt stays in its eventfd. A virq without an eventfd that is triggered keeps one
    /// interrupt pending, as if it were masked.</remarks>
    public void Suspend()
    {
        if (IsSuspended)
            return;
        for (int slot = 0; slot < Capacity; slot++)
        {
            ref VirqSlot virq = ref _virqs[slot];
            if (virq.State == VirqState.Free || !virq.Trigger.Exists)
                continue;
            VirqReader reader = VirqTransitions.ReaderIn(virq.State);
            if (reader == VirqReader.Kernel)
                _events.Emit(OfEventFd(EventKind.VirqUnbound, slot, virq, virq.Gsi));
            if (IsPolled(reader))
                _events.Emit(OfEventFd(EventKind.VirqUnwatched, slot, virq));
        }
        S.Suspended = 1;
        if (_events.Observing)
            _events.Observe(new Event(EventKind.MachineSuspended));
    }

    /// <summary>Gives a kernel, which may be a new one, the whole table; then binds and polls every eventfd by the state of
    /// its virq. A count that is pending is injected by the bind, or reported by the poll. It only queues.</summary>
    public void Resume()
    {
        if (!IsSuspended)
            return;
        S.Suspended = 0;
        if (_events.Observing)
            _events.Observe(new Event(EventKind.MachineResumed));
        CommitIf(changed: _options.Kernel is not null);
        for (int slot = 0; slot < Capacity; slot++)
            GoOn(slot, ref _virqs[slot]);
        PromoteIfDue();
    }

    /// <summary>A restored machine knows no kernel yet: it is as if it had been suspended before it was saved.</summary>
    internal void StartSuspended() => S.Suspended = 1;

    private void GoOn(int slot, ref VirqSlot virq)
    {
        if (virq.State == VirqState.Free)
            return;
        VirqReader reader = VirqTransitions.ReaderIn(virq.State);
        if (virq.Trigger.Exists && reader == VirqReader.Kernel)
            Bind(slot, virq);
        if (virq.Trigger.Exists && IsPolled(reader))
            _events.Emit(OfEventFd(EventKind.VirqWatched, slot, virq));
        if (reader == VirqReader.Nobody || !virq.Has(VirqFlags.Latched))
            return;
        virq.Remove(VirqFlags.Latched);
        Serve(slot, ref virq);
    }
}
