using Wirq.Events;
using Wirq.Events.Shadows;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>The laws that watch one machine.</summary>
/// <remarks>Feed it every event of one machine, from power-on and in order. A stream that begins later must begin with
/// an <see cref="EventKind.EntryWritten"/> for each entry that is no longer in its reset state. Earlier sources and
/// levels are learned when they show. All state lies in the arena. If that is the machine's own arena, the laws fork
/// with the machine (<see cref="Fabric.Laws"/>) and are part of its identity.
/// <para>Effects without observations look like breaks of nearly every law. So a set that is built for a machine turns
/// on <see cref="EventBuffer.Observing"/> of that machine. If no event waits and no call is in flight, the set learns
/// the state of the machine from the machine itself: entries, sources, levels, what each pin waits for, virqs and bindings. It
/// does not judge what the machine does not know: what an eventfd holds, and which EOIs CPUs signalled
/// earlier.</para></remarks>
public sealed class LawSet
{
    private static readonly (string Name, Func<MachineShadow, StateArena, Law?> Make)[] All =
    [
        (nameof(NoLostEdge), (shadow, arena) => new NoLostEdge(shadow, arena)),
        (nameof(LevelRedelivered), (shadow, arena) => new LevelRedelivered(shadow, arena)),
        (nameof(FreshRoute), (shadow, arena) => new FreshRoute(shadow, arena)),
        (nameof(RemoteIrrMatches), (shadow, arena) => new RemoteIrrMatches(shadow, arena)),
        (nameof(MaskedIsSilent), (shadow, arena) => new MaskedIsSilent(shadow, arena)),
        (nameof(SharersIndependent), (shadow, arena) => new SharersIndependent(shadow, arena)),
        (nameof(AckReachesAllSharers), (shadow, arena) => new AckReachesAllSharers(shadow, arena)),
        (nameof(NoPhantom), (shadow, arena) => new NoPhantom(shadow, arena)),
        (nameof(FaultAtDelivery), (shadow, arena) => new FaultAtDelivery(shadow, arena)),
        (nameof(InvalidateIsExact), (shadow, arena) => new InvalidateIsExact(shadow, arena)),
        (nameof(HotStaysInKernel), (shadow, arena) => new HotStaysInKernel(shadow, arena)),
        (nameof(NothingLostAcrossUpdate), (shadow, arena) => new NothingLostAcrossUpdate(shadow, arena)),
        (nameof(UpcallMatchesLine), (shadow, arena) => shadow.Options.Xen is { } xen ? new UpcallMatchesLine(shadow, xen, arena) : null),
        (nameof(PermittedBeforeMapped), (shadow, arena) => shadow.Options.Xen?.Pirqs is null ? null : new PermittedBeforeMapped(arena)),
        (nameof(OneshotHeld), (shadow, arena) => shadow.Options.OneshotLines is { } lines ? new OneshotHeld(lines, arena) : null),
    ];

    private readonly MachineShadow _shadow;
    private readonly Law[] _laws;
    private readonly StateArena _arena;
    private readonly int _start;
    private readonly EventBuffer? _events;

    /// <summary>Builds the laws with their state in <paramref name="arena"/>.</summary>
    /// <param name="options">How the machine is built.</param>
    /// <param name="gsis">The GSI map; the machine of the map observes from now on.</param>
    /// <param name="arena">Where the state goes: the machine's own arena, or another.</param>
    /// <param name="only">Names of the laws to check; null for all.</param>
    /// <exception cref="ArgumentException">There is no law of such a name.</exception>
    public LawSet(FabricOptions options, GsiMap gsis, StateArena arena, IEnumerable<string>? only = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(gsis);
        ArgumentNullException.ThrowIfNull(arena);
        HashSet<string> wanted = [.. only ?? Names];
        if (wanted.FirstOrDefault(name => !Names.Contains(name)) is { } unknown)
            throw new ArgumentException($"there is no law '{unknown}'; there are {string.Join(", ", Names)}", nameof(only));
        _arena = arena;
        _start = arena.Count;
        _shadow = new MachineShadow(options, gsis, arena);
        // A law about a part that the machine does not have is not built.
        _laws = [.. All.Where(law => wanted.Contains(law.Name)).Select(law => law.Make(_shadow, arena)).OfType<Law>()];
        BlockCount = arena.Count - _start;
        if (gsis.Machine is not { } machine)
            return;
        _events = machine.Events;
        machine.Watch(this, arena);
        // The state of the machine is then ahead of the events, or the answer of a call is still to come.
        if (_events.Count == 0 && !machine.HasCallInFlight)
            Learn(machine);
    }

    /// <summary>The names of all laws that this library can check.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(law => law.Name)];

    /// <summary>The laws.</summary>
    public IReadOnlyList<Law> Laws => _laws;

    /// <summary>Whether any of them is broken.</summary>
    internal bool AnyBroken
    {
        get
        {
            foreach (Law law in _laws)
            {
                if (law.IsBroken)
                    return true;
            }
            return false;
        }
    }

    /// <summary>Learns the state of the machine from before the first event. What the machine itself does not know (the
    /// counts of eventfds, earlier EOIs of CPUs) stays unknown, and no law judges by it.</summary>
    private void Learn(Fabric machine)
    {
        LearnPins(machine);
        for (int gsi = 0; gsi < machine.Gsis.Count; gsi++)
        {
            foreach (int slot in machine.Lines.SourcesOf(gsi))
                LearnSource(machine, slot, gsi);
            if (machine.Lines.IsAsserted(gsi))
                Observe(new LineChanged(gsi, Asserted: true).ToEvent() with { Time = machine.Now });
        }
        LearnPic(machine);
        // Last, because the events above are changes, and a change resets some of this.
        _shadow.Learn(machine);
        foreach (Law law in _laws)
            law.Learn(machine);
    }

    private void LearnSource(Fabric machine, int slot, int gsi)
    {
        SourceKind kind = machine.Lines.KindOf(slot);
        Observe(new SourceConnected(slot, gsi, kind).ToEvent() with { Time = machine.Now });
        if (machine.Lines.IsAsserting(slot))
            Observe(new SourceChanged(slot, gsi, Asserts: true, kind, ByAck: false).ToEvent() with { Time = machine.Now });
    }

    /// <summary>Learns the entries that the guest wrote, and which pins are asserted. Whether a level latches a request
    /// depends on the entry, so the entry comes first.</summary>
    private void LearnPins(Fabric machine)
    {
        for (int chip = 0; chip < machine.IoApics.Count; chip++)
        {
            IoApic ioApic = machine.IoApics[chip];
            for (int pin = 0; pin < ioApic.Options.Pins; pin++)
            {
                RedirectionEntry entry = ioApic.Entry(pin);
                if (entry != RedirectionEntry.Reset)
                    Observe(new EntryWritten(chip, pin, entry, OldEntry: entry).ToEvent() with { Time = machine.Now });
                // Reported as a change of polarity, which makes no edge.
                if (ioApic.IsAsserted(pin))
                    Observe(new PinChanged(chip, pin, Asserted: true, ByPolarity: true).ToEvent() with { Time = machine.Now });
            }
        }
    }

    private void LearnPic(Fabric machine)
    {
        if (machine.Pic is not { } pic)
            return;
        Observe(new PicTriggerChanged(pic.LevelTriggered, pic.LevelTriggered).ToEvent() with { Time = machine.Now });
        Observe(new PicMaskChanged(pic.MaskRegister, pic.MaskRegister).ToEvent() with { Time = machine.Now });
        for (int irq = 0; irq < GsiMap.IsaIrqs; irq++)
        {
            if (irq != GsiMap.CascadeIrq && pic.IsHigh(irq))
                Observe(new PicPinChanged(irq, High: true).ToEvent() with { Time = machine.Now });
        }
    }

    /// <summary>How many blocks of its arena are its own.</summary>
    internal int BlockCount { get; }

    /// <summary>Sets of the same key have the same layout.</summary>
    internal string Key => string.Join(' ', _laws.Select(law => law.Name));

    /// <summary>Processes the next event.</summary>
    /// <exception cref="InvalidOperationException">The machine no longer observes.</exception>
    public void Observe(in Event e)
    {
        if (_events is { Observing: false })
        {
            throw new InvalidOperationException("the machine does not observe, and effects alone look like broken laws: leave "
                + $"{nameof(EventBuffer)}.{nameof(EventBuffer.Observing)} set while its events are fed to a {nameof(LawSet)}");
        }
        _shadow.Observe(e);
        foreach (Law law in _laws)
            law.Observe(e);
    }

    /// <summary>Builds the same laws over the arena of a fork.</summary>
    internal void BuildFor(Fabric fork) => _ = new LawSet(_shadow.Options, fork.Gsis, fork.Arena, _laws.Select(law => law.Name));

    /// <summary>Takes over the state of laws with the same key.</summary>
    internal void CopyFrom(LawSet other) => _arena.CopyFrom(other._arena, other._start, _start, BlockCount);
}
