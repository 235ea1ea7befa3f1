using Wirq.Events;
using Wirq.Host;
using Wirq.Laws;
using Wirq.Remapping;
using Wirq.Routing;
using Wirq.State;
using Wirq.Xen;

namespace Wirq;

/// <summary>The interrupt system of a machine: lines, 8259 pair, I/OAPICs, local APICs, and the wires between
/// them.</summary>
/// <remarks>
/// Pure and synchronous: it has no thread, clock or callback. Each input changes state and appends events to
/// <see cref="Events"/>. The owner of the fabric drains them (<see cref="Drain"/>), in order. Inputs may be made from
/// within an effect; they only queue. Not thread-safe.
/// <para>All mutable state lies in one <see cref="StateArena"/>: see <see cref="Fork"/> and <see
/// cref="Identity"/>.</para>
/// </remarks>
public sealed partial class Fabric : IRouteOwner
{
    private readonly Block<FabricState> _state;
    private readonly IoApic[] _ioApics;
    private readonly (int Start, int Count) _region;
    private readonly List<LawSet> _laws = [];
    private readonly int _intrSource = -1;
    // The lines below this number lead to the chips of a kernel.
    private readonly int _kernelLines;
    // A line below this number may lead to something else than the chips of this machine. Most lines need no more than this comparison.
    private int _ownedGsis;

    /// <summary>Builds a machine in its reset state.</summary>
    /// <param name="options">How the machine is built.</param>
    /// <param name="arena">Where its state goes; null for an arena of its own.</param>
    /// <exception cref="OptionException">The options are invalid. Nothing was built.</exception>
    public Fabric(FabricOptions options, StateArena? arena = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        _kernelLines = _ownedGsis = options.Routing?.Kernel is { OwnsIoApic: true } kernel ? kernel.LineGsis : 0;
        Arena = arena ?? new StateArena();
        int start = Arena.Count;
        Events = new EventBuffer();
        Gsis = new GsiMap(options) { Machine = this };
        _state = Arena.Reserve<FabricState>();
        Lines = new LineTable(Gsis.Count, options.Sources, Arena);
        Pic = options.Pic is null ? null : new PicPair(options.Pic, Arena);
        _ioApics = [.. options.IoApics.Select((io, index) => new IoApic(io, Arena, index))];
        LocalApics = KernelOwnsLocalApics ? null : new LocalApics(options.LocalApics, Arena);
        if (options.Routing is not null)
            RouteCache = new RouteCache(options.Routing, this, Events, options.Format, Arena) { Pins = PinRoutesOf(options.Routing) };
        _units = new RemapperSet(options, Arena);
        _remaps = KernelOwnsLocalApics || !_units.IsEmpty;
        if (LocalApics is { EoiByDestination: true } && !_remaps)
        {
            LocalApics.Listeners = new EoiListeners(this, LocalApics);
            foreach (IoApic ioApic in _ioApics)
                ioApic.Listeners = LocalApics.Listeners;
        }
        if (Pic is not null && options.IntrAtPinZero && _ioApics.Length > 0)
            (_intrSource, _) = Lines.Connect(Gsis.OfPin(0, 0), "8259 INTR", SourceKind.Wired, Events);
        if (options.Xen is not null)
            Xen = new XenMachine(options.Xen, this);
        Carrier = new Carrier(this);
        _region = (start, Arena.Count - start);
    }

    /// <summary>How it was built.</summary>
    public FabricOptions Options { get; }
    /// <summary>Where its state lies.</summary>
    public StateArena Arena { get; }
    /// <summary>Its queue.</summary>
    public EventBuffer Events { get; }
    /// <summary>Which GSI leads where.</summary>
    public GsiMap Gsis { get; }
    /// <summary>Its lines.</summary>
    public LineTable Lines { get; }
    /// <summary>Its 8259 pair, if it has one.</summary>
    public PicPair? Pic { get; }
    /// <summary>Its I/OAPICs.</summary>
    public IReadOnlyList<IoApic> IoApics => _ioApics;
    /// <summary>Its local APICs; null if they are in a kernel (<see cref="RoutingOptions.Kernel"/>).</summary>
    public LocalApics? LocalApics { get; }
    /// <summary>Guest memory, which remapping units read. A fork uses the memory of its original until it is
    /// set.</summary>
    public IGuestMemory Memory { get; set; } = NoGuestMemory.Instance;
    /// <summary>What makes it an HVM domain of a Xen hypervisor; null for none.</summary>
    public XenMachine? Xen { get; }
    /// <summary>The memory that Xen's guests share with their hypervisor. Until it is set, it is a shared-info page for each
    /// domain. A fork uses the memory of its original until it is set.</summary>
    public IXenPages XenPages
    {
        get => field ??= new SharedInfoPages();
        set;
    }
    /// <summary>Its virqs and the routes of a kernel that they use, if it has any.</summary>
    public RouteCache? RouteCache { get; }

    /// <summary>The carrier of its effects.</summary>
    internal Carrier Carrier { get; }

    /// <summary>Whether a call of the host has begun and has no answer yet.</summary>
    internal bool HasCallInFlight => Carrier.InFlight;

    /// <summary>The laws whose state lies in its arena, in the order in which they were built. A fork has its own
    /// copies of them.</summary>
    public IReadOnlyList<LawSet> Laws => _laws;

    /// <summary>Virtual time, in nanoseconds.</summary>
    public long Now => Events.Now;

    /// <summary>Makes an independent machine in the same state, including waiting events. Laws in the arena of this
    /// machine are forked too: see <see cref="Laws"/>.</summary>
    /// <exception cref="InvalidOperationException">The arena contains other state too, which the fork would
    /// lack.</exception>
    public Fabric Fork()
    {
        int others = Arena.Count - _region.Count - _laws.Sum(laws => laws.BlockCount);
        if (others != 0)
        {
            throw new InvalidOperationException($"{others} blocks of the arena are neither the machine's nor its laws', and a "
                + "fork would lack them: give them an arena of their own and copy that, too, or build a second machine and all "
                + $"else over a new arena in the same order, and call its {nameof(StateArena.CopyFrom)} and that of its {nameof(Events)}");
        }
        var fork = new Fabric(Options, new StateArena()) { Memory = Memory };
        if (Xen is not null)
            fork.XenPages = XenPages;
        foreach (LawSet laws in _laws)
            laws.BuildFor(fork);
        fork.CopyFrom(this);
        return fork;
    }

    /// <summary>Takes over the state of a machine that was built from equal options. The laws in this machine's arena
    /// take over the state of the other's laws.</summary>
    /// <exception cref="ArgumentException">The machine was built from other options, or lacks laws that this one has in
    /// its arena. Nothing was taken over.</exception>
    public void CopyFrom(Fabric other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other._region.Count != _region.Count)
            throw new ArgumentException($"a machine of {other._region.Count} blocks of state does not fit one of {_region.Count}", nameof(other));
        // Laws that have not seen the other's history would judge its consequences wrongly.
        if (_laws.Count > 0 && !_laws.Select(laws => laws.Key).SequenceEqual(other._laws.Select(laws => laws.Key)))
        {
            throw new ArgumentException("the laws in this machine's arena are not in the other's, so they have not seen its "
                + $"history: build the same {nameof(LawSet)}s over both arenas, or these over an arena of their own", nameof(other));
        }
        Arena.CopyFrom(other.Arena, other._region.Start, _region.Start, _region.Count);
        for (int i = 0; i < _laws.Count; i++)
            _laws[i].CopyFrom(other._laws[i]);
        Copied(other);
        CopyLabels(other);
    }

    internal void CopyLabels(Fabric other)
    {
        Lines.CopyLabels(other.Lines);
        RouteCache?.CopyLabels(other.RouteCache!);
    }

    /// <summary>The arena took over that of a machine with the same names: takes over the state outside the
    /// arena.</summary>
    internal void Copied(Fabric other)
    {
        Events.CopyFrom(other.Events);
        Carrier.Copied();
    }

    /// <summary>A hash of all state, including the events in the queue and a call in flight. Machines with the same
    /// identity behave the same from here on, and machines that behave the same have one identity.</summary>
    /// <remarks>Times are relative. Values that only distinguish old from new (generations, owners) count only as old
    /// or new. The slots of sources do not count, nor does the order in which sources left. Everything else in the
    /// arena counts as it is.</remarks>
    public UInt128 Identity() =>
        Events.HashAfter(Arena.Identity(Now), this, static (waiting, fabric) => CanonicalEvent.Of(waiting, fabric, fabric.Now));

    /// <summary>Registers laws that will be fed this machine's events.</summary>
    internal void Watch(LawSet laws, StateArena arena)
    {
        Events.Observing = IsWatched = true;
        if (arena == Arena)
            _laws.Add(laws);
    }

    /// <summary>Whether laws were built for this machine, which need its observations.</summary>
    internal bool IsWatched { get; private set; }

    /// <summary>The handle of the source in a slot: the devices of a fork, and those of a restored machine, find their
    /// sources with it.</summary>
    /// <param name="slot">Its slot, 0 to <see cref="LineTable.Capacity"/> - 1.</param>
    /// <exception cref="ArgumentException">The slot is free.</exception>
    public Source SourceAt(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)slot, (uint)Lines.Capacity, nameof(slot));
        return Lines.InUse(slot) ? new(this, slot, Lines.GenerationOf(slot))
            : throw new ArgumentException($"slot {slot} has no source", nameof(slot));
    }

    /// <summary>The handle of the virq in a slot: the devices of a restored machine find their virqs with it.</summary>
    /// <param name="slot">Its slot, from 0 on, below <see cref="RoutingOptions.Virqs"/>.</param>
    /// <exception cref="ArgumentException">The slot is free, or the machine has no virqs.</exception>
    public VirqHandle VirqAt(int slot) => RouteCache is { } virqs && (uint)slot < (uint)virqs.Capacity && virqs.IsInUse(slot)
        ? virqs.HandleAt(slot) : throw new ArgumentException($"slot {slot} has no virq", nameof(slot));
}
