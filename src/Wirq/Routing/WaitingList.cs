using Wirq.State;

namespace Wirq.Routing;

/// <summary>The virqs that wait for a route, in the order in which they came, and the deadline of the first. Its links
/// are in the virqs' slots.</summary>
internal sealed partial class WaitingList
{
    private readonly Block<VirqSlot> _virqs;
    private readonly Block<WaitingListState> _state;

    internal WaitingList(Block<VirqSlot> virqs, StateArena arena)
    {
        _virqs = virqs;
        _state = arena.Reserve<WaitingListState>(1, WaitingListState.MakeRelative);
        ref WaitingListState state = ref _state.Value;
        state.First = state.Last = VirqSlot.None;
    }

    /// <summary>How many wait.</summary>
    internal int Count => _state.Value.Count;

    /// <summary>When they get their routes, in ns; 0 while none waits.</summary>
    internal long Deadline
    {
        get => _state.Value.Deadline;
        set => _state.Value.Deadline = value;
    }

    /// <summary>Adds a virq at the end. The first one sets the deadline.</summary>
    internal void Add(int slot, long deadline)
    {
        ref WaitingListState state = ref _state.Value;
        ref VirqSlot virq = ref _virqs[slot];
        virq.Next = VirqSlot.None;
        virq.Previous = state.Last;
        if (state.Last == VirqSlot.None)
            state.First = (ushort)slot;
        else
            _virqs[state.Last].Next = (ushort)slot;
        state.Last = (ushort)slot;
        if (state.Count++ == 0)
            state.Deadline = deadline;
    }

    /// <summary>Removes a waiting virq. Removing the last one removes the deadline.</summary>
    internal void Remove(ref VirqSlot virq)
    {
        ref WaitingListState state = ref _state.Value;
        if (virq.Previous == VirqSlot.None)
            state.First = virq.Next;
        else
            _virqs[virq.Previous].Next = virq.Next;
        if (virq.Next == VirqSlot.None)
            state.Last = virq.Previous;
        else
            _virqs[virq.Next].Previous = virq.Previous;
        virq.Next = virq.Previous = VirqSlot.None;
        if (--state.Count == 0)
            state.Deadline = 0;
    }

    /// <summary>Removes the first ones, and leaves them linked to each other by <see cref="VirqSlot.Next"/>. The
    /// deadline stays: the rest gets another.</summary>
    /// <param name="count">How many, at least 1 and at most as many as wait.</param>
    /// <returns>The first of them.</returns>
    internal int TakeFirst(int count)
    {
        ref WaitingListState state = ref _state.Value;
        int first = state.First, last = first;
        for (int i = 1; i < count; i++)
            last = _virqs[last].Next;
        ushort rest = _virqs[last].Next;
        _virqs[last].Next = VirqSlot.None;
        state.Count -= count;
        state.First = rest;
        if (rest == VirqSlot.None)
            state.Last = VirqSlot.None;
        else
            _virqs[rest].Previous = VirqSlot.None;
        return first;
    }
}

/// <summary>The state of the list besides the links.</summary>
internal struct WaitingListState : IState
{
    public long Deadline;
    public int Count;
    public ushort First, Last;

    internal static void MakeRelative(Span<WaitingListState> copy, long now)
    {
        if (copy[0].Deadline != 0)
            copy[0].Deadline -= now;
    }
}
