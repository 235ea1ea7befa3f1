using System.Diagnostics;
using Wirq.Events;

namespace Wirq.Routing;

/// <content>GSIs: they come when a route is first needed, go back on dispose, and when all are used up a clock takes one
/// back from a virq that has not needed it of late. Nothing is refused.</content>
public sealed partial class RouteCache
{
    /// <summary>How many GSIs there are for virqs.</summary>
    public int Budget => HasRoutes ? _rows.Count : 0;

    /// <summary>How many of them are in use.</summary>
    public int Used => S.Used;

    /// <summary>Writes the whole table, ascending by GSI: what a <see cref="EventKind.RoutesCommitted"/>
    /// means.</summary>
    /// <param name="routes">As many rows as the kernel has.</param>
    /// <returns>How many.</returns>
    public int CopyRoutes(Span<KernelRoute> routes)
    {
        int count = Pins?.Copy(routes) ?? 0;
        for (int index = 0; index < _rows.Count; index++)
        {
            ref GsiRow row = ref _rows[index];
            if (row.Committed != 0)
                routes[count++] = new KernelRoute(_firstGsi + index, row.Message);
        }
        return count;
    }

    private ref GsiRow RowOf(in VirqSlot virq) => ref _rows[virq.Gsi - _firstGsi];

    private int CountRoutes()
    {
        int count = 0;
        foreach (ref GsiRow row in _rows.Span)
            count += row.Committed;
        return count;
    }

    /// <summary>Rows that nobody has any more leave the table with a commit that comes anyway. Not before: a commit that
    /// is under way may be older than the release, and somebody bound for a moment longer.</summary>
    private void Purge()
    {
        foreach (ref GsiRow row in _rows.Span)
        {
            if (row.Owner == VirqSlot.None)
                row.Committed = 0;
        }
    }

    /// <summary>Gives a virq a GSI if it has none, and puts its translation into the table.</summary>
    private void Install(int slot, ref VirqSlot virq)
    {
        if (virq.Gsi < 0)
            virq.Gsi = _firstGsi + FindGsi(slot);
        ref GsiRow row = ref RowOf(virq);
        row.Use = GsiUse.Pinned;
        // A row that says it already needs no commit: a no-op commits nothing.
        if (row.Committed != 0 && row.Message == virq.Translation)
            return;
        row.Message = virq.Translation;
        row.Committed = 1;
        S.Dirty = 1;
    }

    /// <summary>Gives a virq the lowest free GSI; where none is free, that of a victim.</summary>
    private int FindGsi(int slot)
    {
        int index = _freeRows.Take();
        if (index < 0)
        {
            Reclaim(_rows[FindVictim()].Owner);
            index = _freeRows.Take();
        }
        _rows[index].Owner = (ushort)slot;
        S.Used++;
        return index;
    }

    private int FindVictim()
    {
        ref RouteCacheState state = ref S;
        // Twice around, for the first time all may be spared.
        for (int step = 0; step <= 2 * _rows.Count; step++)
        {
            int index = state.ClockHand;
            state.ClockHand = index + 1 < _rows.Count ? index + 1 : 0;
            if (IsVictim(ref _rows[index]))
                return index;
        }
        throw new UnreachableException("a batch is never larger than the budget, so the clock finds a victim");
    }

    private static bool IsVictim(ref GsiRow row)
    {
        if (row.Use == GsiUse.Recent)
        {
            row.Use = GsiUse.Idle;
            return false;
        }
        return row.Use == GsiUse.Idle;
    }

    private void Reclaim(int slot)
    {
        ref VirqSlot virq = ref _virqs[slot];
        if (_events.Observing)
            _events.Observe(new Event(EventKind.VirqReclaimed, (ushort)slot, (uint)virq.Gsi));
        Move(slot, ref virq, VirqTransitions.Next(virq.State, VirqInput.Reclaim));
        Release(ref virq);
    }

    /// <summary>Gives a GSI back.</summary>
    private void Release(ref VirqSlot virq)
    {
        if (virq.Gsi < 0 || virq.Kind != VirqKind.Message)
            return;
        ref GsiRow row = ref RowOf(virq);
        row.Owner = VirqSlot.None;
        row.Use = GsiUse.Idle;
        _freeRows.Free(virq.Gsi - _firstGsi);
        if (--S.Used == 0)
            S.ClockHand = 0;
        virq.Gsi = VirqSlot.NoGsi;
    }
}
