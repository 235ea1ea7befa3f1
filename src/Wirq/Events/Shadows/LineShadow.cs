using System.Numerics;
using Wirq.State;

namespace Wirq.Events.Shadows;

/// <summary>The known facts about one source.</summary>
internal struct SourceFact : IState
{
    public ushort Gsi;
    public SourceFacts Facts;
    public byte Reserved;
}

/// <summary>What may be known of a source.</summary>
[Flags]
internal enum SourceFacts : byte
{
    None = 0,
    Connected = 1,
    /// <summary>It asserts, as far as its line can see.</summary>
    Raised = 2,
    /// <summary>The device behind it wants service.</summary>
    Wants = 4,
}

/// <summary>The known facts about one line.</summary>
internal struct LineFact : IState
{
    /// <summary>How many of its sources assert.</summary>
    public ushort Raised;
    /// <summary>How many of its sources want service.</summary>
    public ushort Wanting;
    /// <summary>Whether it is high.</summary>
    public Fact Level;
    public byte Sourced;
    public ushort Reserved;

    /// <summary>Whether a source was seen on it.</summary>
    public readonly bool IsSourced => Sourced != 0;
    /// <summary>Whether everything about the line is known. If the line changed, it had no asserting source before or
    /// has none now, so it cannot have an unreported one. Lines of a log without sources are never known.</summary>
    public readonly bool IsKnown => IsSourced && Level.IsKnown;
    /// <summary>Whether no event was about it.</summary>
    public readonly bool IsUntouched => !IsSourced && !Level.IsKnown;
}

/// <summary>The lines that an event changed since they were last judged, one bit each. The verdict on every other line would
/// be the same as the last one, so this is not part of an identity.</summary>
internal struct TouchedLines : IState
{
    internal const int Bits = 64;

    public ulong Word;
}

/// <summary>The lines and their sources, reconstructed from the events. A source from before the first event is learned
/// from the first event that names it.</summary>
internal sealed class LineShadow
{
    private const SourceFacts RaisedAndWants = SourceFacts.Raised | SourceFacts.Wants;

    private readonly Block<SourceFact> _sources;
    private readonly Block<LineFact> _lines;
    private readonly Block<TouchedLines> _touched;

    internal LineShadow(FabricOptions options, GsiMap gsis, StateArena arena)
    {
        _sources = arena.ReserveBySource<SourceFact>(options, gsis);
        _lines = arena.Reserve<LineFact>(gsis.Count);
        _touched = arena.ReserveDerived<TouchedLines>((gsis.Count + TouchedLines.Bits - 1) / TouchedLines.Bits);
    }

    /// <summary>Everything is known about a machine: a line is low and without sources unless an event reported
    /// otherwise.</summary>
    internal void Learn()
    {
        foreach (ref LineFact line in _lines.Span)
        {
            line.Sourced = 1;
            if (!line.Level.IsKnown)
                line.Level = Fact.No;
        }
        TouchAll();
    }

    /// <summary>Marks a line: something changed that it is judged by.</summary>
    internal void Touch(int gsi) => _touched[gsi / TouchedLines.Bits].Word |= 1ul << gsi % TouchedLines.Bits;

    internal void TouchAll()
    {
        for (int gsi = 0; gsi < _lines.Count; gsi++)
            Touch(gsi);
    }

    /// <summary>Takes the lowest marked line and removes its mark; -1 if no line is marked.</summary>
    internal int TakeTouched()
    {
        for (int word = 0; word < _touched.Count; word++)
        {
            ref ulong lines = ref _touched[word].Word;
            if (lines == 0)
                continue;
            int gsi = word * TouchedLines.Bits + BitOperations.TrailingZeroCount(lines);
            lines &= lines - 1;
            return gsi;
        }
        return -1;
    }

    internal int Count => _lines.Count;
    internal ref readonly LineFact this[int gsi] => ref _lines[gsi];

    /// <summary>Whether a source is on a line.</summary>
    internal bool IsOn(int slot, int gsi) => _sources[slot].Facts != SourceFacts.None && _sources[slot].Gsi == gsi;

    /// <summary>Whether a source holds a line: it is on the line and asserts.</summary>
    internal bool Holds(int slot, int gsi) =>
        slot < _sources.Count && IsOn(slot, gsi) && (_sources[slot].Facts & SourceFacts.Raised) != 0;

    /// <summary>A source that holds a line; -1 if there is none.</summary>
    internal int HolderOf(int gsi)
    {
        int slot = _sources.Count - 1;
        while (slot >= 0 && !Holds(slot, gsi))
            slot--;
        return slot;
    }

    internal void Observe(in Event e)
    {
        switch (e.Kind)
        {
            case EventKind.SourceConnected:
                Forget(e.Source);
                Learn(e, SourceFacts.None, SourceFacts.None);
                break;
            case EventKind.SourceRaised:
                Learn(e, RaisedAndWants, SourceFacts.None);
                break;
            case EventKind.SourceLowered:
                Learn(e, SourceFacts.None, RaisedAndWants);
                break;
            case EventKind.SourceWithdrawn:
                Learn(e, SourceFacts.None, SourceFacts.Wants);
                break;
            case EventKind.SourceWanted:
                Learn(e, SourceFacts.Wants, SourceFacts.None);
                break;
            case EventKind.Ack:
                Learn(e, SourceFacts.None, SourceFacts.None);
                break;
            case EventKind.SourceRemoved:
                Forget(e.Source);
                break;
            case EventKind.LineChanged when e.Index < (uint)_lines.Count:
                _lines[e.Gsi].Level = Facts.Of(LineChanged.Of(e).Asserted);
                Touch(e.Gsi);
                break;
        }
    }

    private void Learn(in Event e, SourceFacts added, SourceFacts removed)
    {
        if (e.Unit >= _sources.Count || e.Index >= (uint)_lines.Count)
            return;
        ref SourceFact source = ref _sources[e.Source];
        if (source.Gsi != e.Gsi)
            Forget(e.Source);
        SourceFacts before = source.Facts;
        source.Gsi = (ushort)e.Gsi;
        source.Facts = (before | SourceFacts.Connected | added) & ~removed;
        ref LineFact line = ref _lines[e.Gsi];
        line.Sourced = 1;
        Touch(e.Gsi);
        Recount(ref line, before, source.Facts);
    }

    private void Forget(int slot)
    {
        if (slot >= _sources.Count || _sources[slot].Facts == SourceFacts.None)
            return;
        ref SourceFact source = ref _sources[slot];
        Touch(source.Gsi);
        Recount(ref _lines[source.Gsi], source.Facts, SourceFacts.None);
        source = default;
    }

    private static void Recount(ref LineFact line, SourceFacts before, SourceFacts after)
    {
        line.Raised = (ushort)(line.Raised + Change(before, after, SourceFacts.Raised));
        line.Wanting = (ushort)(line.Wanting + Change(before, after, SourceFacts.Wants));
    }

    private static int Change(SourceFacts before, SourceFacts after, SourceFacts fact) =>
        ((after & fact) != 0 ? 1 : 0) - ((before & fact) != 0 ? 1 : 0);
}
