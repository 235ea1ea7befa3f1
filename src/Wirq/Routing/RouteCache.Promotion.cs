using Wirq.Events;
using Wirq.State;

namespace Wirq.Routing;

/// <content>Those that wait get their routes together: one commit of the table costs as much as a thousand
/// interrupts.</content>
public sealed partial class RouteCache
{
    /// <summary>When those that wait get their routes, in ns; <see cref="long.MaxValue"/> while none does.</summary>
    public long NextDeadline => S.Deadline == 0 || S.Committing != 0 ? long.MaxValue : S.Deadline;

    /// <summary>Virtual time moved on.</summary>
    internal void Advance()
    {
        if (NextDeadline <= _events.Now)
            PromoteAll();
    }

    /// <summary>Gives everybody who waits a route, without waiting for more.</summary>
    public void PromoteAll()
    {
        ref RouteCacheState state = ref S;
        // What is in the table when a commit is carried out must be what was meant when it was appended: until then a
        // bound eventfd may hang on a row.
        if (state.Waiting == 0 || state.Committing != 0)
            return;
        int count = Math.Min(state.Waiting, _rows.Count);
        int first = state.FirstWaiting;
        TakeBatch(first, count);
        Purge();
        for (int i = 0, slot = first; i < count; i++, slot = _virqs[slot].Next)
            Install(slot, ref _virqs[slot]);
        CommitIf(changed: false);
        for (int i = 0, slot = first, next; i < count; i++, slot = next)
        {
            ref VirqSlot virq = ref _virqs[slot];
            next = virq.Next;
            virq.Next = virq.Previous = VirqSlot.None;
            RowOf(virq).Use = GsiUse.Recent;
            if (!virq.Has(VirqFlags.Fired))
                virq.Add(VirqFlags.BoundUnfired);
            Bind(slot, virq);
        }
        state.Deadline = state.Waiting == 0 ? 0 : _events.Now + Math.Max(1, _options.BatchDelay);
    }

    /// <summary>Takes the first of those that wait out of their list, still linked to each other, and makes them
    /// hot.</summary>
    private void TakeBatch(int first, int count)
    {
        int slot = first, last = first;
        for (int i = 0; i < count; i++)
        {
            ref VirqSlot virq = ref _virqs[slot];
            Move(slot, ref virq, VirqTransitions.Next(virq.State, VirqInput.Promote));
            if (virq.Gsi >= 0)
                RowOf(virq).Use = GsiUse.Pinned;
            (last, slot) = (slot, virq.Next);
        }
        ref RouteCacheState state = ref S;
        state.Waiting -= count;
        state.FirstWaiting = (ushort)slot;
        if (slot == VirqSlot.None)
            state.LastWaiting = VirqSlot.None;
        else
            _virqs[slot].Previous = VirqSlot.None;
        _virqs[last].Next = VirqSlot.None;
    }

    /// <summary>Appends a commit of the whole table, where it changed since the last one that was appended, or the last
    /// one failed.</summary>
    /// <param name="changed">Whether a pin's route changed.</param>
    internal void CommitIf(bool changed)
    {
        ref RouteCacheState state = ref S;
        if (!changed && state.Dirty == 0)
            return;
        state.Dirty = 0;
        state.Committing++;
        _events.Emit(new Event(EventKind.RoutesCommitted, 0, (uint)(CountRoutes() + (Pins?.Count ?? 0))));
    }

    /// <summary>A commit was carried out.</summary>
    internal void CommitDone()
    {
        S.Committing--;
        PromoteIfDue();
    }

    private void PromoteIfDue()
    {
        if (S.Waiting >= _options.BatchCount || S.Waiting > 0 && S.Deadline <= _events.Now)
            PromoteAll();
    }

    private void Queue(int slot, ref VirqSlot virq)
    {
        ref RouteCacheState state = ref S;
        virq.Next = VirqSlot.None;
        virq.Previous = state.LastWaiting;
        if (state.LastWaiting == VirqSlot.None)
            state.FirstWaiting = (ushort)slot;
        else
            _virqs[state.LastWaiting].Next = (ushort)slot;
        state.LastWaiting = (ushort)slot;
        if (state.Waiting++ == 0)
            state.Deadline = _events.Now + _options.BatchDelay;
        PromoteIfDue();
    }

    /// <summary>A virq that waits, waits no longer.</summary>
    private void Leave(int slot, ref VirqSlot virq)
    {
        if (virq.State != VirqState.Waiting)
            return;
        ref RouteCacheState state = ref S;
        if (virq.Previous == VirqSlot.None)
            state.FirstWaiting = virq.Next;
        else
            _virqs[virq.Previous].Next = virq.Next;
        if (virq.Next == VirqSlot.None)
            state.LastWaiting = virq.Previous;
        else
            _virqs[virq.Next].Previous = virq.Previous;
        virq.Next = virq.Previous = VirqSlot.None;
        if (--state.Waiting == 0)
            state.Deadline = 0;
    }
}
