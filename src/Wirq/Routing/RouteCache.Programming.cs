using Wirq.Events;
using Wirq.Remapping;

namespace Wirq.Routing;

/// <content>What a device or its guest programs: the message, the mask, the eventfds; and the effect of an
/// invalidation.</content>
public sealed partial class RouteCache
{
    /// <summary>The guest programs a virq's message. If the kernel had it bound, it is unbound. The next interrupt is a
    /// miss, unless the virq is prefaulted. A virq on a line has no message: nothing happens.</summary>
    public void SetMessage(VirqHandle handle, Msi message)
    {
        if (!IsCurrent(handle) || _virqs[handle.Slot].Kind != VirqKind.Message)
            return;
        ref VirqSlot virq = ref _virqs[handle.Slot];
        if (_events.Observing)
            _events.Observe(new VirqMessageSet(handle.Slot, virq.Requester, message).ToEvent());
        if (virq.Has(VirqFlags.Programmed) && virq.Message == message)
            return;
        virq.Add(VirqFlags.Programmed);
        virq.Address = message.Address.Bits;
        virq.Data = message.Data.Bits;
        Invalidate(handle.Slot, ref virq);
        Prefault(handle.Slot, ref virq);
    }

    /// <summary>Masks a virq: it sends nothing from now on, and new interrupts stay pending. The route is
    /// kept.</summary>
    public void Mask(VirqHandle handle)
    {
        if (!IsCurrent(handle))
            return;
        ref VirqSlot virq = ref _virqs[handle.Slot];
        if (VirqTransitions.ReaderIn(virq.State) == VirqReader.Nobody)
            return;
        if (_events.Observing)
            _events.Observe(new Event(EventKind.VirqMasked, (ushort)handle.Slot));
        Leave(ref virq);
        Move(handle.Slot, ref virq, VirqTransitions.Next(virq.State, VirqInput.Mask));
    }

    /// <summary>Unmasks a virq: a pending interrupt is delivered once.</summary>
    public void Unmask(VirqHandle handle)
    {
        if (!IsCurrent(handle))
            return;
        int slot = handle.Slot;
        ref VirqSlot virq = ref _virqs[slot];
        if (VirqTransitions.ReaderIn(virq.State) != VirqReader.Nobody)
            return;
        if (_events.Observing)
            _events.Observe(new Event(EventKind.VirqUnmasked, (ushort)slot));
        VirqCondition has = virq.Has(VirqFlags.Translated) ? VirqCondition.Translated : RoutedOrNot(virq);
        Move(slot, ref virq, VirqTransitions.Next(virq.State, VirqInput.Unmask, has));
        if (virq.State == VirqState.Hot)
            Bind(slot, virq);
        else
            Prefault(slot, ref virq);
        if (!virq.Has(VirqFlags.Latched))
            return;
        virq.Remove(VirqFlags.Latched);
        Serve(slot, ref virq);
    }

    /// <summary>Sets or removes the eventfd that a virq's device writes.</summary>
    /// <param name="handle">The virq.</param>
    /// <param name="trigger">The eventfd; <see cref="EventFd.None"/> to remove the current one.</param>
    public void Attach(VirqHandle handle, EventFd trigger)
    {
        if (!IsCurrent(handle))
            return;
        int slot = handle.Slot;
        ref VirqSlot virq = ref _virqs[slot];
        if (virq.Trigger == trigger)
            return;
        if (virq.Trigger.Exists)
            Detach(slot, ref virq);
        virq.Trigger = trigger;
        virq.Remove(VirqFlags.Unbindable | VirqFlags.Reading);
        if (!trigger.Exists)
            return;
        if (OnKernelLine(virq))
            AttachToKernel(slot, ref virq);
        else if (IsPolled(VirqTransitions.ReaderIn(virq.State)) && !IsSuspended)
            _events.Emit(OfEventFd(EventKind.VirqWatched, slot, virq));
        if (virq.Has(VirqFlags.Latched))
        {
            virq.Remove(VirqFlags.Latched);
            Latch(slot, ref virq);
        }
        Prefault(slot, ref virq);
    }

    /// <summary>Sets or removes the resample eventfd of a virq on a line, which is written at each acknowledge of the
    /// line.</summary>
    /// <remarks>If a kernel serves the line, the kernel signals this eventfd, so it must be set before the other
    /// eventfd.</remarks>
    public void AttachResample(VirqHandle handle, EventFd resample)
    {
        if (!IsCurrent(handle))
            return;
        ref VirqSlot virq = ref _virqs[handle.Slot];
        virq.Resample = resample;
        if (_events.Observing && virq.Kind != VirqKind.Message)
            _events.Observe(new VirqResampleSet(handle.Slot, virq.Source, resample.Exists).ToEvent());
    }

    /// <summary>Invalidates entries of a remapping table: exactly the virqs whose translation came from them are
    /// unbound. Nothing is committed; the next interrupt of each virq is translated again.</summary>
    /// <remarks>The virqs are adjacent in the order of their cookies, so it takes time in proportion to their
    /// number.</remarks>
    /// <returns>How many virqs that were.</returns>
    public int Invalidate(CookieRange range)
    {
        if (range.IsEmpty)
            return 0;
        int slot = _cookies.From(range.First), touched = 0;
        // If all of them are invalidated, they need not be removed one by one.
        if (slot >= 0 && slot == _cookies.First && range.Has(_virqs[_cookies.Last].Cookie))
            _cookies.Clear();
        for (int next; slot >= 0 && range.Has(_virqs[slot].Cookie); slot = next, touched++)
        {
            next = _cookies.After(slot);
            Invalidate(slot, ref _virqs[slot]);
        }
        return touched;
    }

    private void AttachToKernel(int slot, ref VirqSlot virq)
    {
        VirqState from = virq.State;
        virq.State = VirqTransitions.Next(from, VirqInput.Attach, VirqCondition.KernelLine);
        if (virq.State != from && _events.Observing)
            _events.Observe(new VirqStateChanged(slot, virq.State, from).ToEvent());
        if (virq.State == VirqState.Hot)
            Bind(slot, virq);
    }

    private void Detach(int slot, ref VirqSlot virq)
    {
        Leave(ref virq);
        Move(slot, ref virq, VirqTransitions.Next(virq.State, VirqInput.Detach));
        if (IsPolled(VirqTransitions.ReaderIn(virq.State)) && !IsSuspended)
            _events.Emit(OfEventFd(EventKind.VirqUnwatched, slot, virq));
    }

    /// <summary>Invalidates a translation: the virq moves to a state in which the next interrupt is a miss.</summary>
    private void Invalidate(int slot, ref VirqSlot virq)
    {
        Forget(slot, ref virq);
        Leave(ref virq);
        Move(slot, ref virq, VirqTransitions.Next(virq.State, VirqInput.Invalidate, RoutedOrNot(virq)));
    }

    /// <summary>Translates before the first interrupt, if that is the virq's policy. No fault is recorded.</summary>
    private void Prefault(int slot, ref VirqSlot virq)
    {
        if (!virq.Has(VirqFlags.Prefault) || !virq.Has(VirqFlags.Programmed)
            || virq.State is not (VirqState.Cold or VirqState.Stale) || !virq.Message.IsInterrupt(_format))
            return;
        VirqCondition outcome = Translate(slot, ref virq, delivering: false) == RefusalReason.None
            ? Wants(virq)
            : VirqCondition.Blocked;
        Move(slot, ref virq, VirqTransitions.Next(virq.State, VirqInput.Prefault, outcome));
        if (virq.State == VirqState.Waiting)
            Queue(slot);
    }

    private static VirqCondition RoutedOrNot(in VirqSlot virq) =>
        virq.Gsi >= 0 ? VirqCondition.Routed : VirqCondition.Neither;
}
