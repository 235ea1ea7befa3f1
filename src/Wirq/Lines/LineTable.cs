using System.Numerics;
using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.State;

namespace Wirq;

/// <summary>The lines of a machine, one per GSI, and the sources on them. A line is the OR of its sources.</summary>
public sealed partial class LineTable
{
    private const int WordBits = 64;

    private readonly Block<LineState> _lines;
    private readonly Block<SourceState> _sources;
    private readonly SlotSet _free;
    // By slot; used only while an identity is computed.
    private readonly ushort[] _places;
    private readonly ulong[] _placedSlots;
    private int _placed;
    private readonly string[] _labels;

    /// <summary>Builds the table with its state in <paramref name="arena"/>.</summary>
    /// <param name="gsis">How many lines there are, 1 to 65535.</param>
    /// <param name="capacity">The maximum number of sources at the same time, 1 to
    /// <see cref="FabricOptions.MaxSources"/>.</param>
    /// <param name="arena">Where its state goes.</param>
    internal LineTable(int gsis, int capacity, StateArena arena)
    {
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentOutOfRangeException.ThrowIfLessThan(gsis, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(gsis, ushort.MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, FabricOptions.MaxSources);
        _lines = arena.Reserve<LineState>(gsis, static (copy, _) =>
        {
            foreach (ref LineState line in copy)
                line.First = 0;
        });
        _sources = arena.Reserve<SourceState>(capacity, MakeCanonical);
        _free = new SlotSet(capacity, arena);
        _places = new ushort[capacity];
        _placedSlots = new ulong[(capacity + WordBits - 1) / WordBits];
        _labels = new string[capacity];
        Array.Fill(_labels, "");
        foreach (ref LineState line in _lines.Span)
            line.First = SourceState.None;
    }

    /// <summary>How many lines there are.</summary>
    public int Count => _lines.Count;

    /// <summary>How many sources fit.</summary>
    public int Capacity => _sources.Count;

    /// <summary>Whether a line is asserted.</summary>
    public bool IsAsserted(int gsi) => _lines[gsi].Asserting != 0;

    /// <summary>Whether a source asserts.</summary>
    public bool IsAsserting(int slot) => _sources[slot].IsAsserted;

    /// <summary>Whether a slot has a source.</summary>
    internal bool InUse(int slot) => _sources[slot].InUse;

    /// <summary>Whether a slot is held by the owner of this generation.</summary>
    internal bool IsCurrent(int slot, uint generation) => _sources[slot].Generation == generation;

    /// <summary>The label of the source in a slot.</summary>
    public string Label(int slot) => _labels[slot];

    /// <summary>The GSI of the source in a slot.</summary>
    public int GsiOf(int slot) => _sources[slot].Gsi;

    /// <summary>The kind of the source in a slot.</summary>
    public SourceKind KindOf(int slot) => _sources[slot].Kind;

    /// <summary>The labels of the sources that assert a line.</summary>
    public IReadOnlyList<string> HoldersOf(int gsi) =>
        [.. SourcesOf(gsi).Where(slot => _sources[slot].IsAsserted).Select(Label)];

    /// <summary>The slots of all sources on a line, asserting or not, in the order in which they joined.</summary>
    public IEnumerable<int> SourcesOf(int gsi)
    {
        for (int slot = _lines[gsi].First; slot != SourceState.None; slot = _sources[slot].Next)
            yield return slot;
    }

    /// <summary>Whether one of the sources on a line is sampled, so that it needs a resample.</summary>
    internal bool HasSampled(int gsi)
    {
        for (int slot = _lines[gsi].First; slot != SourceState.None; slot = _sources[slot].Next)
        {
            if (_sources[slot].Kind == SourceKind.Sampled)
                return true;
        }
        return false;
    }

    /// <summary>Gives a source a slot.</summary>
    /// <param name="gsi">The line.</param>
    /// <param name="label">The source's name.</param>
    /// <param name="kind">How much of its level is visible.</param>
    /// <param name="events">Where this is reported.</param>
    /// <param name="kept">How many slots must be free afterwards.</param>
    /// <exception cref="InvalidOperationException">All slots are taken, or fewer would be left.</exception>
    internal (int Slot, uint Generation) Connect(int gsi, string label, SourceKind kind, EventBuffer events, int kept = 0)
    {
        int slot = _free.Next(0), last = slot;
        for (int i = 0; i < kept && last >= 0; i++)
            last = _free.Next(last + 1);
        if (last < 0)
        {
            throw new InvalidOperationException($"all {Capacity} source slots are taken{(kept == 0 ? "" : $", {kept} of them for the Xen callback")}; "
                + $"raise {nameof(FabricOptions)}.{nameof(FabricOptions.Sources)}");
        }
        _free.Take(slot);
        ref SourceState source = ref _sources[slot];
        source = new SourceState { Generation = source.Generation + 1, Gsi = (ushort)gsi, Kind = kind, Next = SourceState.None };
        // At the end of the list, so that holders get acknowledges in the order in which they joined.
        ref ushort link = ref _lines[gsi].First;
        while (link != SourceState.None)
            link = ref _sources[link].Next;
        link = (ushort)slot;
        _labels[slot] = label;
        if (events.Observing)
            events.Observe(new SourceConnected(slot, gsi, kind).ToEvent());
        return (slot, source.Generation);
    }

    /// <summary>Frees a slot that no longer asserts.</summary>
    internal void Remove(int slot, EventBuffer events)
    {
        ref SourceState source = ref _sources[slot];
        int gsi = source.Gsi;
        ref ushort link = ref _lines[gsi].First;
        while (link != slot)
            link = ref _sources[link].Next;
        link = source.Next;
        source = new SourceState { Generation = source.Generation + 1 };
        _free.Free(slot);
        _labels[slot] = "";
        if (events.Observing)
            events.Observe(new Event(EventKind.SourceRemoved, (ushort)slot, (uint)gsi));
    }

    /// <summary>Sets the level of a source; does nothing if the slot has another owner by now.</summary>
    /// <returns>Whether the level of its line changed.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Set(int slot, uint generation, bool asserted, bool byAck, EventBuffer events, out int gsi)
    {
        ref SourceState source = ref _sources[slot];
        gsi = source.Gsi;
        if (source.IsAsserted == asserted || source.Generation != generation)
            return false;
        source.Asserted = asserted ? (byte)1 : (byte)0;
        ref LineState line = ref _lines[gsi];
        bool before = line.Asserting != 0;
        line.Asserting = (ushort)(asserted ? line.Asserting + 1 : line.Asserting - 1);
        if (events.Observing)
            events.Observe(new SourceChanged(slot, source.Gsi, asserted, source.Kind, byAck).ToEvent());
        return before != (line.Asserting != 0);
    }

    /// <summary>Acknowledges a line: every sampled source is lowered, and every source gets an acknowledge.</summary>
    /// <param name="gsi">The line.</param>
    /// <param name="onlySampled">Whether only the sampled sources that asserted get it (a resample), or all.</param>
    /// <param name="events">Where the acknowledges go.</param>
    /// <returns>Whether the line fell.</returns>
    internal bool Acknowledge(int gsi, bool onlySampled, EventBuffer events)
    {
        bool fell = false;
        for (int slot = _lines[gsi].First; slot != SourceState.None;)
        {
            ref SourceState source = ref _sources[slot];
            bool drops = source.Kind == SourceKind.Sampled && source.IsAsserted;
            if (drops)
                fell |= Set(slot, source.Generation, asserted: false, byAck: true, events, out _);
            if (drops || !onlySampled)
                events.Emit(new Ack(slot, gsi, source.Generation).ToEvent());
            slot = source.Next;
        }
        return fell;
    }

    /// <summary>The place of a source in an identity: in the order of the lines, and on a line in the order in which
    /// the sources joined; after them the free slots in their order. The slot numbers of sources do not matter. Blocks
    /// that are reserved after these may call this while they are put into canonical form.</summary>
    internal int PlaceOf(int slot)
    {
        ulong word = _placedSlots[slot / WordBits], bit = 1ul << slot % WordBits;
        if ((word & bit) != 0)
            return _places[slot];
        int placedBelow = BitOperations.PopCount(word & (bit - 1));
        foreach (ulong below in _placedSlots.AsSpan(0, slot / WordBits))
            placedBelow += BitOperations.PopCount(below);
        return _placed + slot - placedBelow;
    }

    /// <summary>As <see cref="PlaceOf"/>, plus 1; 0 for no slot.</summary>
    internal ushort PlaceAndOneOf(ushort slotAndOne) => slotAndOne == 0 ? slotAndOne : (ushort)(PlaceOf(slotAndOne - 1) + 1);

    private void MakeCanonical(Span<SourceState> copy, long now)
    {
        copy.Clear();
        Array.Clear(_placedSlots);
        ushort place = 0;
        foreach (ref readonly LineState line in _lines.Span)
        {
            for (int slot = line.First; slot != SourceState.None; slot = _sources[slot].Next)
            {
                _places[slot] = place;
                _placedSlots[slot / WordBits] |= 1ul << slot % WordBits;
                ref SourceState source = ref copy[place++];
                source = _sources[slot];
                (source.Generation, source.Next) = (1, 0);
            }
        }
        _placed = place;
    }

    /// <summary>Names a source whose state came from elsewhere.</summary>
    internal void Rename(int slot, string label) => _labels[slot] = label;

    internal void CopyLabels(LineTable other) => other._labels.CopyTo(_labels, 0);

    /// <summary>The virq that drives a source; -1 for none.</summary>
    internal int VirqOf(int slot) => _sources[slot].VirqAndOne - 1;

    /// <summary>Sets the virq that drives a source.</summary>
    internal void SetVirq(int slot, int virq) => _sources[slot].VirqAndOne = (ushort)(virq + 1);

    internal uint GenerationOf(int slot) => _sources[slot].Generation;
}
