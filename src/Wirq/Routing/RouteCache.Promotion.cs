using Wirq.Events;

namespace Wirq.Routing;

/// <content>The waiting virqs get their routes together: one commit of the table costs as much as a thousand
/// interrupts. If the host refuses, userspace serves them, and nothing is lost.</content>
public sealed partial class RouteCache
{
    /// <summary>When the waiting virqs get their routes, in ns; <see cref="long.MaxValue"/> while none waits.</summary>
    internal long NextDeadline => _waiting.Deadline == 0 || S.Committing != 0 || IsSuspended ? long.MaxValue : _waiting.Deadline;

    /// <summary>Writes the whole table, ascending by GSI: the table of a
    /// <see cref="EventKind.RoutesCommitted"/>.</summary>
    /// <param name="routes">As many rows as the kernel has.</param>
    /// <returns>How many.</returns>
    internal int CopyRoutes(Span<KernelRoute> routes)
    {
        int count = Pins?.Copy(routes) ?? 0;
        return count + _budget.Copy(routes[count..]);
    }

    /// <summary>Virtual time moved on.</summary>
    internal void Advance()
    {
        if (NextDeadline <= _events.Now)
            PromoteAll();
    }

    /// <summary>Gives every waiting virq a route, without waiting for more virqs.</summary>
    public void PromoteAll()
    {
        // When a commit is carried out, the table must be as it was when the commit was appended: until then a bound
        // eventfd may depend on a row.
        if (_waiting.Count == 0 || S.Committing != 0 || IsSuspended)
            return;
        int count = Math.Min(_waiting.Count, Math.Max(1, _budget.Count));
        int first = _waiting.TakeFirst(count);
        Heat(first);
        _budget.Purge();
        for (int slot = first; slot != VirqSlot.None; slot = _virqs[slot].Next)
            Install(slot, ref _virqs[slot]);
        CommitIf(changed: false);
        for (int slot = first, next; slot != VirqSlot.None; slot = next)
        {
            ref VirqSlot virq = ref _virqs[slot];
            next = virq.Next;
            virq.Next = virq.Previous = VirqSlot.None;
            _budget.Unpin(virq.Gsi);
            if (!virq.Has(VirqFlags.Fired))
                virq.Add(VirqFlags.BoundUnfired);
            Bind(slot, virq);
        }
        _waiting.Deadline = _waiting.Count == 0 ? 0 : _events.Now + Math.Max(1, _options.BatchDelay);
    }

    /// <summary>Makes a batch hot. The clock must skip the GSIs that the batch already has.</summary>
    private void Heat(int first)
    {
        for (int slot = first; slot != VirqSlot.None; slot = _virqs[slot].Next)
        {
            ref VirqSlot virq = ref _virqs[slot];
            Move(slot, ref virq, VirqTransitions.Next(virq.State, VirqInput.Promote));
            if (virq.Gsi >= 0)
                _budget.Pin(virq.Gsi);
        }
    }

    /// <summary>Gives a virq a GSI if it has none (a victim's GSI if none is free), and puts its translation into the
    /// table.</summary>
    private void Install(int slot, ref VirqSlot virq)
    {
        if (virq.Gsi < 0)
        {
            virq.Gsi = _budget.Take(slot);
            if (virq.Gsi < 0)
            {
                Reclaim(_budget.FindVictim());
                virq.Gsi = _budget.Take(slot);
            }
        }
        _budget.Pin(virq.Gsi);
        // If the row already has this message, no commit is needed.
        if (_budget.SetRoute(virq.Gsi, virq.Translation))
            S.Dirty = 1;
    }

    private void Reclaim(int slot)
    {
        ref VirqSlot virq = ref _virqs[slot];
        if (_events.Observing)
            _events.Observe(new Event(EventKind.VirqReclaimed, (ushort)slot, (uint)virq.Gsi));
        Move(slot, ref virq, VirqTransitions.Next(virq.State, VirqInput.Reclaim));
        Release(ref virq);
    }

    /// <summary>Frees a GSI.</summary>
    private void Release(ref VirqSlot virq)
    {
        if (virq.Gsi < 0 || virq.Kind != VirqKind.Message)
            return;
        _budget.Free(virq.Gsi);
        virq.Gsi = VirqSlot.NoGsi;
    }

    /// <summary>Appends a commit of the whole table if it changed since the last appended commit, or if the last commit
    /// failed.</summary>
    /// <param name="changed">Whether a pin's route changed.</param>
    internal void CommitIf(bool changed)
    {
        ref RouteCacheState state = ref S;
        if (!changed && state.Dirty == 0)
            return;
        if (IsSuspended)
        {
            state.Dirty = 1;
            return;
        }
        state.Dirty = 0;
        state.Committing++;
        _events.Emit(new Event(EventKind.RoutesCommitted, 0, (uint)(_budget.Routes + (Pins?.Count ?? 0))));
    }

    /// <summary>A commit was carried out.</summary>
    internal void CommitDone()
    {
        S.Committing--;
        PromoteIfDue();
    }

    /// <summary>A commit failed. The contents of the kernel's table are not known, so every virq is unbound. The next
    /// batch, or a pin's next message, commits again.</summary>
    internal void CommitFailed()
    {
        S.Committing--;
        S.Dirty = 1;
        _budget.ForgetRoutes();
        for (int index = 0; index < _budget.Count; index++)
        {
            if (_budget.OwnerOf(index) is var owner and >= 0)
                Reclaim(owner);
        }
    }

    /// <summary>Whether a binding that was appended earlier is still wanted.</summary>
    internal bool MayBind(in Event bound)
    {
        ref VirqSlot virq = ref _virqs[bound.Unit];
        return virq.State == VirqState.Hot && virq.Gsi == bound.Gsi && !IsSuspended
            && new OwnedEventFd(virq.Trigger, virq.Owner) == VirqBound.Of(bound).Trigger;
    }

    /// <summary>A binding failed. During the kernel's call its virq may have been disposed of, and its slot given to
    /// another.</summary>
    internal void BindFailed(in Event bound)
    {
        int slot = bound.Unit;
        OwnedEventFd asked = VirqBound.Of(bound).Trigger;
        if (!IsCurrent(new VirqHandle(slot, asked.Owner)))
            return;
        ref VirqSlot virq = ref _virqs[slot];
        if (virq.Trigger != asked.EventFd)
            return;
        virq.Add(VirqFlags.Unbindable);
        if (virq.State == VirqState.Hot)
            Reclaim(slot);
        // Userspace cannot drive a line of the kernel.
        if (OnKernelLine(virq))
            virq.Gsi = VirqSlot.NoGsi;
    }

    private void PromoteIfDue()
    {
        if (_waiting.Count >= _options.BatchCount || _waiting.Count > 0 && _waiting.Deadline <= _events.Now)
            PromoteAll();
    }

    private void Queue(int slot)
    {
        _waiting.Add(slot, _events.Now + _options.BatchDelay);
        PromoteIfDue();
    }

    /// <summary>A waiting virq no longer waits.</summary>
    private void Leave(ref VirqSlot virq)
    {
        if (virq.State == VirqState.Waiting)
            _waiting.Remove(ref virq);
    }
}
