using Wirq.Events;
using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Routing;

/// <summary>The name of a virq: its slot, and which owner of the slot it means.</summary>
/// <param name="Slot">The slot, which events bear.</param>
/// <param name="Owner">Counts the owners of the slot.</param>
public readonly record struct VirqHandle(int Slot, uint Owner);

/// <summary>The virqs of a machine. The routes and irqfds of a kernel are a cache of their translated messages: a miss is
/// served in userspace, and what is hot is served by the kernel alone.</summary>
/// <remarks>
/// Pure, as every chip: it decides, and appends to the machine's queue what is to be bound, committed, polled, read and
/// injected (<see cref="EventKind.VirqUnbound"/> to <see cref="EventKind.VirqInjected"/>). Where a virq stands, and who
/// reads its eventfd there, is the table of <see cref="VirqTransitions"/>.
/// <para>A level source's eventfd is always read by userspace while the I/OAPIC is here: a plain irqfd on a level route
/// would go past Remote IRR and the mask. So is an edge source's, which may share its pin. Where a kernel owns the
/// I/OAPIC, it serves both, and knows the line by its GSI.</para>
/// <para>Not thread-safe: <c>Wirq.Host</c> has the lock.</para>
/// </remarks>
public sealed partial class RouteCache
{
    private readonly RoutingOptions _options;
    private readonly IRouteOwner _owner;
    private readonly EventBuffer _events;
    private readonly MsiFormat _format;
    private readonly Block<RouteCacheState> _state;
    private readonly Block<VirqSlot> _virqs;
    private readonly SlotSet _freeVirqs;
    private readonly CookieIndex _cookies;
    private readonly WaitingList _waiting;
    private readonly GsiBudget _budget;
    private readonly string[] _labels;

    internal RouteCache(RoutingOptions options, IRouteOwner owner, EventBuffer events, MsiFormat format, StateArena arena)
    {
        options.Validate();
        _options = options;
        _owner = owner;
        _events = events;
        _format = format;
        _state = arena.Reserve<RouteCacheState>();
        _virqs = arena.Reserve<VirqSlot>(options.Virqs, MakeCanonical);
        _freeVirqs = new SlotSet(options.Virqs, arena);
        _budget = new GsiBudget(options.Kernel, arena);
        _waiting = new WaitingList(_virqs, arena);
        _cookies = new CookieIndex(_virqs, arena);
        _labels = new string[options.Virqs];
        Array.Fill(_labels, "");
        HasRoutes = _budget.Count > 0;
    }

    /// <summary>How it was built.</summary>
    internal RoutingOptions Options => _options;
    /// <summary>Whether a kernel serves eventfds, and has GSIs to spare for them.</summary>
    internal bool HasRoutes { get; }
    /// <summary>How many virqs fit.</summary>
    internal int Capacity => _virqs.Count;
    /// <summary>How many virqs wait for a route.</summary>
    internal int Waiting => _waiting.Count;
    /// <summary>How many GSIs there are for virqs.</summary>
    public int Budget => _budget.Count;
    /// <summary>How many of them are in use.</summary>
    public int Used => _budget.Used;

    /// <summary>The routes of the I/OAPIC pins, where a kernel owns the local APICs and not the I/OAPIC.</summary>
    internal PinRoutes? Pins { get; init; }

    private ref RouteCacheState S => ref _state.Value;

    /// <summary>Counters tell the present owner and translation of a slot from former ones; whoever holds such a number says
    /// so in its own place (<see cref="Host.CanonicalEvent"/>).</summary>
    private void MakeCanonical(Span<VirqSlot> copy, long now)
    {
        foreach (ref VirqSlot virq in copy)
        {
            if (virq.State == VirqState.Free)
            {
                virq = default;
                continue;
            }
            (virq.Owner, virq.Generation) = (0, 0);
            if (virq.Kind != VirqKind.Message)
                virq.Source = _owner.PlaceOf(virq.Source);
        }
    }

    /// <summary>Which translation of a virq holds.</summary>
    internal uint GenerationOf(int slot) => _virqs[slot].Generation;

    /// <summary>Registers a virq that sends messages. It begins unmasked and cold, without a message: what comes before
    /// one is set is lost, as it would be on hardware.</summary>
    /// <param name="label">Who it is, for those who ask.</param>
    /// <param name="requester">Bus, device and function that its messages bear.</param>
    /// <param name="prefault">Whether it is translated when it is programmed, so that not even its first interrupt comes
    /// to userspace. That never records a fault; an entry that cannot be translated stays cold.</param>
    /// <exception cref="InvalidOperationException">All slots are taken.</exception>
    public VirqHandle Register(string label, ushort requester, bool prefault = false)
    {
        VirqHandle handle = Take(label, VirqKind.Message);
        ref VirqSlot virq = ref _virqs[handle.Slot];
        virq.Requester = requester;
        if (prefault)
            virq.Add(VirqFlags.Prefault);
        return handle;
    }

    /// <summary>Registers a virq that drives a line.</summary>
    /// <param name="label">Who it is.</param>
    /// <param name="source">Slot of its source.</param>
    /// <param name="kind"><see cref="VirqKind.Level"/> or <see cref="VirqKind.Edge"/>.</param>
    /// <param name="gsi">Its line.</param>
    internal VirqHandle RegisterOnLine(string label, int source, VirqKind kind, int gsi)
    {
        VirqHandle handle = Take(label, kind);
        _virqs[handle.Slot].Source = (ushort)source;
        if (_options.Kernel is { OwnsIoApic: true, HasIrqfd: true })
            _virqs[handle.Slot].Gsi = gsi;
        return handle;
    }

    /// <summary>Frees a virq: unbound, left alone, its GSI given back. What it had pending is gone.</summary>
    public void Dispose(VirqHandle handle)
    {
        if (!IsCurrent(handle))
            return;
        ref VirqSlot virq = ref _virqs[handle.Slot];
        Forget(handle.Slot, ref virq);
        Leave(ref virq);
        Move(handle.Slot, ref virq, VirqState.Free);
        Release(ref virq);
        uint owner = virq.Owner + 1, generation = virq.Generation;
        virq = new VirqSlot
        {
            Owner = owner,
            Generation = generation,
            Gsi = VirqSlot.NoGsi,
            Trigger = EventFd.None,
            Resample = EventFd.None,
            Source = VirqSlot.None,
            Previous = VirqSlot.None,
            Next = VirqSlot.None,
        };
        _freeVirqs.Free(handle.Slot);
        _labels[handle.Slot] = "";
        if (_events.Observing)
            _events.Observe(new Event(EventKind.VirqDisposed, (ushort)handle.Slot));
    }

    /// <summary>Whether a handle's virq is still there.</summary>
    public bool IsCurrent(VirqHandle handle) =>
        (uint)handle.Slot < (uint)_virqs.Count && _virqs[handle.Slot].Owner == handle.Owner
        && _virqs[handle.Slot].State != VirqState.Free;

    /// <summary>The handle of whoever has a slot.</summary>
    internal VirqHandle HandleAt(int slot) => new(slot, _virqs[slot].Owner);

    /// <summary>Where a virq stands; <see cref="VirqState.Free"/> where it is gone.</summary>
    public VirqState StateOf(VirqHandle handle) => IsCurrent(handle) ? _virqs[handle.Slot].State : VirqState.Free;

    /// <summary>The GSI that a virq has in the kernel's table; -1 for none.</summary>
    public int GsiOf(VirqHandle handle) => IsCurrent(handle) ? _virqs[handle.Slot].Gsi : VirqSlot.NoGsi;

    /// <summary>Whether a virq has ever fired, as far as userspace can know: null where the kernel served it from the
    /// first interrupt on, which only prefaulting brings about.</summary>
    public bool? HasFired(VirqHandle handle)
    {
        if (!IsCurrent(handle))
            return false;
        ref VirqSlot virq = ref _virqs[handle.Slot];
        return virq.Has(VirqFlags.Fired) ? true : virq.Has(VirqFlags.BoundUnfired) ? null : false;
    }

    /// <summary>Whether a virq without an eventfd has an interrupt pending. What is pending in an eventfd, only the
    /// eventfd knows.</summary>
    internal bool IsLatched(VirqHandle handle) => IsCurrent(handle) && _virqs[handle.Slot].Has(VirqFlags.Latched);

    /// <summary>Whether a masked virq has an interrupt pending: the bit of a PBA.</summary>
    /// <param name="handle">The virq.</param>
    /// <param name="ask">Where the answer is false and this exists, it is pending if this is readable.</param>
    public bool IsPending(VirqHandle handle, out EventFd ask)
    {
        bool masked = IsCurrent(handle) && VirqTransitions.ReaderIn(_virqs[handle.Slot].State) == VirqReader.Nobody;
        ask = masked ? _virqs[handle.Slot].Trigger : EventFd.None;
        return masked && IsLatched(handle);
    }

    /// <summary>The eventfd of a virq.</summary>
    public EventFd TriggerOf(VirqHandle handle) => IsCurrent(handle) ? _virqs[handle.Slot].Trigger : EventFd.None;

    /// <summary>The eventfd that hears the acknowledges of a virq's line.</summary>
    internal EventFd ResampleOf(int slot) => slot < 0 ? EventFd.None : _virqs[slot].Resample;

    /// <summary>The resample eventfd of a virq was written, if the virq is still there.</summary>
    internal void NoteResampled(int slot, int source)
    {
        if (_events.Observing && slot >= 0)
            _events.Observe(new VirqResampled(slot, (uint)source).ToEvent());
    }

    /// <summary>The slot of the source that a virq drives; -1 for none.</summary>
    internal int SourceOf(VirqHandle handle) =>
        IsCurrent(handle) && _virqs[handle.Slot].Kind != VirqKind.Message ? _virqs[handle.Slot].Source : -1;

    /// <summary>Takes over what is no state: names.</summary>
    internal void CopyLabels(RouteCache other) => other._labels.CopyTo(_labels, 0);

    private VirqHandle Take(string label, VirqKind kind)
    {
        ArgumentException.ThrowIfNullOrEmpty(label);
        int slot = _freeVirqs.Take();
        if (slot < 0)
        {
            throw new InvalidOperationException(
                $"all {Capacity} virqs are taken; raise {nameof(RoutingOptions)}.{nameof(RoutingOptions.Virqs)}");
        }
        ref VirqSlot virq = ref _virqs[slot];
        virq = new VirqSlot
        {
            Owner = virq.Owner,
            Generation = virq.Generation,
            Gsi = VirqSlot.NoGsi,
            Trigger = EventFd.None,
            Resample = EventFd.None,
            Cookie = RouteCookie.None,
            Source = VirqSlot.None,
            Next = VirqSlot.None,
            Previous = VirqSlot.None,
            State = VirqState.Cold,
            Kind = kind,
        };
        _labels[slot] = label;
        if (_events.Observing)
            _events.Observe(new VirqRegistered(slot, kind).ToEvent());
        return HandleAt(slot);
    }

    /// <summary>Moves a virq to a state, and appends what the change of its reader asks for: first the kernel lets go,
    /// then userspace begins or ceases to poll. Binding is for <see cref="Bind"/>, after the commit.</summary>
    private void Move(int slot, ref VirqSlot virq, VirqState to)
    {
        VirqState from = virq.State;
        if (from == to)
            return;
        virq.State = to;
        if (_events.Observing)
            _events.Observe(new VirqStateChanged(slot, to, from).ToEvent());
        if (!virq.Trigger.Exists)
            return;
        VirqReader before = VirqTransitions.ReaderIn(from), after = VirqTransitions.ReaderIn(to);
        if (before == VirqReader.Kernel)
            _events.Emit(OfEventFd(EventKind.VirqUnbound, slot, virq, virq.Gsi));
        if (IsPolled(after) && !IsPolled(before))
            _events.Emit(OfEventFd(EventKind.VirqWatched, slot, virq));
        else if (IsPolled(before) && !IsPolled(after))
            _events.Emit(OfEventFd(EventKind.VirqUnwatched, slot, virq));
        else if (before == VirqReader.Kernel && after == VirqReader.Userspace)
        {
            // What the poll told of meanwhile was left to the kernel, whose binding may have been overtaken; a poll that
            // tells of each write once would never tell of it again.
            _events.Emit(OfEventFd(EventKind.VirqUnwatched, slot, virq));
            _events.Emit(OfEventFd(EventKind.VirqWatched, slot, virq));
        }
    }

    /// <summary>Whether a virq drives a line of a kernel that owns the I/OAPIC: its GSI is the line's, and no route.</summary>
    private static bool OnKernelLine(in VirqSlot virq) => virq.Kind != VirqKind.Message && virq.Gsi >= 0;

    private void Bind(int slot, in VirqSlot virq) =>
        _events.Emit(new VirqBound(slot, virq.Gsi, new OwnedEventFd(virq.Trigger, virq.Owner), virq.Resample).ToEvent());

    private static Event OfEventFd(EventKind kind, int slot, in VirqSlot virq, int gsi = 0) =>
        new(kind, (ushort)slot, (uint)gsi, (ulong)virq.Trigger.Number);

    /// <summary>Where the kernel consumes first, userspace need not leave the poll.</summary>
    private bool IsPolled(VirqReader reader) => reader == VirqReader.Userspace
        || reader == VirqReader.Kernel && _options.Kernel is { ConsumesFirst: true };
}
