using System.Diagnostics;
using Wirq.State;

namespace Wirq.Routing;

/// <summary>The GSIs that a kernel has for virqs, and the route of each in its table. When all GSIs are in use, a clock
/// algorithm evicts the route of a virq that has not needed it recently. So no virq is refused.</summary>
internal sealed partial class GsiBudget
{
    private readonly Block<GsiBudgetState> _state;
    private readonly Block<GsiRow> _rows;
    private readonly SlotSet _free;
    private readonly int _first;

    /// <param name="kernel">What the kernel can do; null for none.</param>
    /// <param name="arena">Where its state goes.</param>
    internal GsiBudget(KernelLimits? kernel, StateArena arena)
    {
        _first = kernel is null ? 0 : Math.Min(kernel.FirstFree, kernel.Routes);
        int count = kernel is { HasIrqfd: true } ? kernel.Routes - _first : 0;
        Count = count;
        _state = arena.Reserve<GsiBudgetState>();
        _rows = arena.Reserve<GsiRow>(Math.Max(1, count));
        _free = new SlotSet(_rows.Count, arena);
        foreach (ref GsiRow row in _rows.Span)
            row.Owner = VirqSlot.None;
    }

    /// <summary>How many GSIs there are.</summary>
    internal int Count { get; }
    /// <summary>How many of them have a virq.</summary>
    internal int Used => _state.Value.Used;

    /// <summary>How many routes the table has.</summary>
    internal int Routes
    {
        get
        {
            int count = 0;
            foreach (ref GsiRow row in _rows.Span)
                count += row.Committed;
            return count;
        }
    }

    /// <summary>Gives a virq the lowest free GSI.</summary>
    /// <returns>The GSI; negative where none is free.</returns>
    internal int Take(int virq)
    {
        int index = _free.Take();
        if (index < 0)
            return index;
        _rows[index].Owner = (ushort)virq;
        _state.Value.Used++;
        return _first + index;
    }

    /// <summary>Frees a virq's GSI. Its route stays in the table until <see cref="Purge"/>.</summary>
    internal void Free(int gsi)
    {
        ref GsiRow row = ref RowOf(gsi);
        row.Owner = VirqSlot.None;
        row.Use = GsiUse.Idle;
        _free.Free(gsi - _first);
        ref GsiBudgetState state = ref _state.Value;
        if (--state.Used == 0)
            state.ClockHand = 0;
    }

    /// <summary>The virq whose GSI will be reclaimed.</summary>
    internal int FindVictim()
    {
        ref GsiBudgetState state = ref _state.Value;
        // Twice around: in the first round every virq may be spared.
        for (int step = 0; step <= 2 * _rows.Count; step++)
        {
            int index = state.ClockHand;
            state.ClockHand = index + 1 < _rows.Count ? index + 1 : 0;
            ref GsiRow row = ref _rows[index];
            if (row.Use == GsiUse.Idle)
                return row.Owner;
            if (row.Use == GsiUse.Recent)
                row.Use = GsiUse.Idle;
        }
        throw new UnreachableException("a batch is never larger than the budget, so the clock finds a victim");
    }

    /// <summary>Pins a GSI: it belongs to the batch that is being given routes, and the clock skips it.</summary>
    internal void Pin(int gsi) => RowOf(gsi).Use = GsiUse.Pinned;
    /// <summary>Unpins a GSI: its batch has its routes, and the clock spares it once.</summary>
    internal void Unpin(int gsi) => RowOf(gsi).Use = GsiUse.Recent;

    /// <summary>Puts the route of a GSI into the table.</summary>
    /// <returns>Whether the table changed, and a commit is needed.</returns>
    internal bool SetRoute(int gsi, InterruptMessage message)
    {
        ref GsiRow row = ref RowOf(gsi);
        if (row.Committed != 0 && row.Message == message)
            return false;
        row.Message = message;
        row.Committed = 1;
        return true;
    }

    /// <summary>Removes the routes of GSIs that no virq has, with a commit that happens anyway. Not earlier: a commit
    /// that is under way may be older than the release, and an eventfd may still be bound for a moment.</summary>
    internal void Purge()
    {
        foreach (ref GsiRow row in _rows.Span)
        {
            if (row.Owner == VirqSlot.None)
                (row.Committed, row.Message) = (0, default);
        }
    }

    /// <summary>The contents of the kernel's table are no longer known: no route counts as committed.</summary>
    internal void ForgetRoutes()
    {
        foreach (ref GsiRow row in _rows.Span)
            (row.Committed, row.Message) = (0, default);
    }

    /// <summary>The virq of a GSI, counted from 0; negative for none.</summary>
    internal int OwnerOf(int index) => _rows[index].Owner is var owner and not VirqSlot.None ? owner : -1;

    /// <summary>Writes the routes of the table, ascending by GSI.</summary>
    /// <returns>How many.</returns>
    internal int Copy(Span<KernelRoute> routes)
    {
        int count = 0;
        for (int index = 0; index < _rows.Count; index++)
        {
            ref GsiRow row = ref _rows[index];
            if (row.Committed != 0)
                routes[count++] = new KernelRoute(_first + index, row.Message);
        }
        return count;
    }

    private ref GsiRow RowOf(int gsi) => ref _rows[gsi - _first];
}

/// <summary>The state of the budget besides its rows.</summary>
internal struct GsiBudgetState : IState
{
    /// <summary>How many GSIs have a virq.</summary>
    public int Used;
    /// <summary>Where the search for a victim continues; 0 while no GSI has a virq.</summary>
    public int ClockHand;
}

/// <summary>One GSI that a virq can have.</summary>
internal struct GsiRow : IState
{
    /// <summary>The route that the kernel's table has, if <see cref="Committed"/> is set; else zero.</summary>
    public InterruptMessage Message;
    /// <summary>The virq that has it, <see cref="VirqSlot.None"/> for none.</summary>
    public ushort Owner;
    public byte Committed;
    public GsiUse Use;
    public uint Reserved;
}

/// <summary>How the search for a victim treats a GSI.</summary>
internal enum GsiUse : byte
{
    /// <summary>It may be taken.</summary>
    Idle,
    /// <summary>It is spared once.</summary>
    Recent,
    /// <summary>It belongs to the batch that is being given routes.</summary>
    Pinned,
}
