using Wirq.Events;
using Wirq.Remapping;
using Wirq.State;

namespace Wirq.Routing;

/// <summary>Identifies a virq: its slot, and the owner of the slot.</summary>
/// <param name="Slot">The slot, which events carry.</param>
/// <param name="Owner">Counts the owners of the slot.</param>
public readonly record struct VirqHandle(int Slot, uint Owner);

/// <summary>The virqs of a machine. The routes and irqfds of a kernel are a cache of their translated messages. A miss
/// is served in userspace; a hot virq is served by the kernel alone.</summary>
/// <remarks>
/// Pure, like every chip: it decides, and appends to the machine's queue what must be bound, committed, polled, read
/// and injected (<see cref="EventKind.VirqUnbound"/> to <see cref="EventKind.VirqInjected"/>). The states of a virq,
/// and the reader of its eventfd in each, are the table in <see cref="VirqTransitions"/>.
/// <para>While the I/OAPIC is in the fabric, userspace always reads the eventfd of a level source: a plain irqfd on a
/// level route would bypass Remote IRR and the mask. The same holds for an edge source, which may share its pin. If a
/// kernel owns the I/OAPIC, the kernel serves both, and identifies the line by its GSI.</para>
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
    /// <summary>Whether a kernel serves eventfds, and has free GSIs for them.</summary>
    internal bool HasRoutes { get; }
    /// <summary>How many virqs fit.</summary>
    internal int Capacity => _virqs.Count;
    /// <summary>How many virqs wait for a route.</summary>
    internal int Waiting => _waiting.Count;
    /// <summary>How many GSIs there are for virqs.</summary>
    public int Budget => _budget.Count;
    /// <summary>How many of them are in use.</summary>
    public int Used => _budget.Used;

    /// <summary>The routes of the I/OAPIC pins, if a kernel owns the local APICs but not the I/OAPIC.</summary>
    internal PinRoutes? Pins { get; init; }

    private ref RouteCacheState S => ref _state.Value;

    /// <summary>Counters tell the current owner and translation of a slot from earlier ones. Canonical events replace
    /// such a number by whether it is current (<see cref="Host.CanonicalEvent"/>).</summary>
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

    /// <summary>The label of a slot's virq.</summary>
    internal string LabelAt(int slot) => _labels[slot];

    /// <summary>The kind of a slot's virq.</summary>
    internal VirqKind KindAt(int slot) => _virqs[slot].Kind;

    /// <summary>Whether any virq has an eventfd.</summary>
    internal bool HasEventFds
    {
        get
        {
            foreach (ref readonly VirqSlot virq in _virqs.Span)
            {
                if (virq.State != VirqState.Free && (virq.Trigger.Exists || virq.Resample.Exists))
                    return true;
            }
            return false;
        }
    }

    /// <summary>Whether a slot has an owner.</summary>
    internal bool IsInUse(int slot) => _virqs[slot].State != VirqState.Free;

    /// <summary>The GSI that a slot's virq has from the budget; negative for none.</summary>
    internal int BudgetGsiOf(int slot) => _virqs[slot] is { State: not VirqState.Free, Kind: VirqKind.Message } virq ? virq.Gsi : VirqSlot.NoGsi;

    /// <summary>Commits that were appended and not carried out yet.</summary>
    internal int Committing => S.Committing;

    /// <summary>Whether the virq in a slot has a message.</summary>
    internal bool IsProgrammed(int slot) => _virqs[slot].Has(VirqFlags.Programmed);

    /// <summary>The cookie of a virq's translation; false if it has no translation.</summary>
    internal bool TryGetTranslation(int slot, out RouteCookie cookie)
    {
        cookie = _virqs[slot].Cookie;
        return _virqs[slot].Has(VirqFlags.Translated);
    }

    /// <summary>The generation of a virq's valid translation.</summary>
    internal uint GenerationOf(int slot) => _virqs[slot].Generation;

    /// <summary>Registers a virq that sends messages. It starts unmasked and cold, without a message. An interrupt
    /// before a message is set is lost, as on hardware.</summary>
    /// <param name="label">Its name, for reports.</param>
    /// <param name="requester">Bus, device and function of its messages.</param>
    /// <param name="prefault">Whether it is translated when it is programmed, so that not even its first interrupt
    /// comes to userspace. This never records a fault; a virq whose entry cannot be translated stays cold.</param>
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
    /// <param name="label">Its name.</param>
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

    /// <summary>Frees a virq: unbinds it, removes it from the poll and frees its GSI. A pending interrupt is
    /// lost.</summary>
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

    /// <summary>Whether a handle's virq still exists.</summary>
    public bool IsCurrent(VirqHandle handle) =>
        (uint)handle.Slot < (uint)_virqs.Count && _virqs[handle.Slot].Owner == handle.Owner
        && _virqs[handle.Slot].State != VirqState.Free;

    /// <summary>The handle of a slot's current owner.</summary>
    internal VirqHandle HandleAt(int slot) => new(slot, _virqs[slot].Owner);

    /// <summary>The state of a virq; <see cref="VirqState.Free"/> if it was disposed of.</summary>
    public VirqState StateOf(VirqHandle handle) => IsCurrent(handle) ? _virqs[handle.Slot].State : VirqState.Free;

    /// <summary>The GSI that a virq has in the kernel's table; -1 for none.</summary>
    public int GsiOf(VirqHandle handle) => IsCurrent(handle) ? _virqs[handle.Slot].Gsi : VirqSlot.NoGsi;

    /// <summary>Whether a virq has ever fired, as far as userspace can know. Null if the kernel served it from the
    /// first interrupt on, which happens only with prefault.</summary>
    public bool? HasFired(VirqHandle handle)
    {
        if (!IsCurrent(handle))
            return false;
        ref VirqSlot virq = ref _virqs[handle.Slot];
        return virq.Has(VirqFlags.Fired) ? true : virq.Has(VirqFlags.BoundUnfired) ? null : false;
    }

    /// <summary>Whether a virq without an eventfd has an interrupt pending. With an eventfd, only the eventfd has this
    /// information.</summary>
    internal bool IsLatched(VirqHandle handle) => IsCurrent(handle) && _virqs[handle.Slot].Has(VirqFlags.Latched);

    /// <summary>Whether a masked virq has an interrupt pending: the bit of a PBA.</summary>
    /// <param name="handle">The virq.</param>
    /// <param name="ask">If the result is false and this exists, an interrupt is pending if this is readable.</param>
    public bool IsPending(VirqHandle handle, out EventFd ask)
    {
        bool masked = IsCurrent(handle) && VirqTransitions.ReaderIn(_virqs[handle.Slot].State) == VirqReader.Nobody;
        ask = masked ? _virqs[handle.Slot].Trigger : EventFd.None;
        return masked && IsLatched(handle);
    }

    /// <summary>The eventfd of a virq.</summary>
    public EventFd TriggerOf(VirqHandle handle) => IsCurrent(handle) ? _virqs[handle.Slot].Trigger : EventFd.None;

    /// <summary>The resample eventfd of a virq, which is written at each acknowledge of its line.</summary>
    internal EventFd ResampleOf(int slot) => slot < 0 ? EventFd.None : _virqs[slot].Resample;

    /// <summary>The resample eventfd of a virq was written, if the virq still exists.</summary>
    internal void NoteResampled(int slot, int source)
    {
        if (_events.Observing && slot >= 0)
            _events.Observe(new VirqResampled(slot, (uint)source).ToEvent());
    }

    /// <summary>The slot of the source that a virq drives; -1 for none.</summary>
    internal int SourceOf(VirqHandle handle) =>
        IsCurrent(handle) && _virqs[handle.Slot].Kind != VirqKind.Message ? _virqs[handle.Slot].Source : -1;

    /// <summary>Takes over what is not state: names.</summary>
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

    /// <summary>Moves a virq to a state, and appends what the change of its reader requires: first the kernel unbinds,
    /// then userspace starts or stops polling. <see cref="Bind"/> does the binding, after the commit.</summary>
    private void Move(int slot, ref VirqSlot virq, VirqState to)
    {
        VirqState from = virq.State;
        if (from == to)
            return;
        virq.State = to;
        if (_events.Observing)
            _events.Observe(new VirqStateChanged(slot, to, from).ToEvent());
        if (!virq.Trigger.Exists || IsSuspended)
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
            // An event that the poll reported in between was left to the kernel, whose binding may have been overtaken.
            // An edge-triggered poll reports each write only once and would never report it again.
            _events.Emit(OfEventFd(EventKind.VirqUnwatched, slot, virq));
            _events.Emit(OfEventFd(EventKind.VirqWatched, slot, virq));
        }
    }

    /// <summary>Whether a virq drives a line of a kernel that owns the I/OAPIC: its GSI is the line's, not a
    /// route's.</summary>
    private static bool OnKernelLine(in VirqSlot virq) => virq.Kind != VirqKind.Message && virq.Gsi >= 0;

    private void Bind(int slot, in VirqSlot virq)
    {
        if (!IsSuspended)
            _events.Emit(new VirqBound(slot, virq.Gsi, new OwnedEventFd(virq.Trigger, virq.Owner), virq.Resample).ToEvent());
    }

    private static Event OfEventFd(EventKind kind, int slot, in VirqSlot virq, int gsi = 0) =>
        new(kind, (ushort)slot, (uint)gsi, (ulong)virq.Trigger.Number);

    /// <summary>If the kernel consumes first, userspace need not leave the poll.</summary>
    private bool IsPolled(VirqReader reader) => reader == VirqReader.Userspace
        || reader == VirqReader.Kernel && _options.Kernel is { ConsumesFirst: true };
}
