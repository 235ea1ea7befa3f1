using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>The spans, instants and arrows of a picture while it grows. If there are too many, the oldest are dropped.
/// What lasts is never dropped.</summary>
internal sealed class Strips(int most)
{
    private readonly Dictionary<(int Lane, SpanKind Kind), (Mark Begin, int Vector, string Gate)> _open = [];
    private readonly Dictionary<(int Lane, SpanKind Kind), Mark> _closed = [];
    private readonly Queue<Span> _spans = new();
    private readonly Queue<Instant> _instants = new();
    private readonly Queue<Arrow> _arrows = new();

    /// <summary>How many were dropped.</summary>
    internal long Dropped { get; private set; }
    /// <summary>Up to where something was dropped.</summary>
    internal Mark CutAt { get; private set; }
    /// <summary>Whether what ends now is kept, or is before what is drawn.</summary>
    internal bool Keeps { get; set; } = true;

    /// <summary>A state of a lane is so, or is not.</summary>
    /// <param name="lane">Number of the lane.</param>
    /// <param name="kind">The state.</param>
    /// <param name="on">Whether it is so.</param>
    /// <param name="now">The event that shows it.</param>
    /// <param name="vector">The vector; -1 for none.</param>
    /// <param name="since">Since when it is so, if earlier than <paramref name="now"/>.</param>
    /// <returns>Whether it changed.</returns>
    internal bool Set(int lane, SpanKind kind, bool on, Mark now, int vector = -1, Mark? since = null) => Set(lane, kind, on, now, vector, since, "");

    /// <summary>A gate holds a lane; empty for none.</summary>
    internal void SetGate(int lane, string gate, Mark now)
    {
        if (_open.TryGetValue((lane, SpanKind.Held), out (Mark, int, string Gate) held) && held.Gate != gate)
            Set(lane, SpanKind.Held, false, now);
        Set(lane, SpanKind.Held, gate.Length > 0, now, -1, null, gate);
    }

    private bool Set(int lane, SpanKind kind, bool on, Mark now, int vector, Mark? since, string gate)
    {
        if (lane < 0 || on == _open.ContainsKey((lane, kind)))
            return false;
        if (on)
        {
            // States of one kind in one lane never overlap.
            Mark begin = since ?? now;
            if (_closed.TryGetValue((lane, kind), out Mark closed) && closed.Event > begin.Event)
                begin = closed;
            _open.Add((lane, kind), (begin, vector, gate));
        }
        else if (_open.Remove((lane, kind), out (Mark Begin, int Vector, string Gate) was))
        {
            _closed[(lane, kind)] = now;
            // What ends where it begins was never so. Of two threads, the record that ends it may even stand before.
            if (now.Event > was.Begin.Event)
                Add(_spans, new Span(lane, kind, was.Begin, now, was.Vector, was.Gate));
        }
        return true;
    }

    /// <summary>Since when a state of a lane is so; null if it is not.</summary>
    internal Mark? Since(int lane, SpanKind kind) => _open.TryGetValue((lane, kind), out (Mark Begin, int Vector, string Gate) open) ? open.Begin : null;

    internal void Add(in Span span) => Add(_spans, span);

    internal void Add(in Instant instant)
    {
        if (instant.Lane >= 0)
            Add(_instants, instant);
    }

    internal void Add(in Arrow arrow)
    {
        if (arrow.From >= 0 && arrow.To >= 0)
            Add(_arrows, arrow);
    }

    /// <summary>Takes over what others have of the same input. Nothing may follow.</summary>
    /// <param name="other">The others, whose lanes have the same numbers.</param>
    /// <param name="spans">All spans that are kept, of both.</param>
    internal void TakeOver(Strips other, IEnumerable<Span> spans)
    {
        (Dropped, CutAt) = (Dropped + other.Dropped, other.CutAt.Event > CutAt.Event ? other.CutAt : CutAt);
        Span[] all = [.. spans];
        Instant[] instants = [.. _instants.Concat(other._instants).OrderBy(one => one.At.Event)];
        _open.Clear();
        _spans.Clear();
        _instants.Clear();
        foreach (Span span in all.Where(span => span.End is null))
            _open.Add((span.Lane, span.Kind), (span.Begin, span.Vector, span.Gate));
        foreach (Span span in all.Where(span => span.End is not null).OrderBy(span => span.End!.Value.Event))
            Add(_spans, span);
        foreach (Instant instant in instants)
            Add(_instants, instant);
    }

    /// <summary>The lanes in which something lasts.</summary>
    internal int[] Lasting => [.. _open.Keys.Select(key => key.Lane).Distinct()];

    internal IEnumerable<Span> Spans => _spans.Concat(_open.OrderBy(open => open.Value.Begin.Event).ThenBy(open => open.Key)
        .Select(open => new Span(open.Key.Lane, open.Key.Kind, open.Value.Begin, null, open.Value.Vector, open.Value.Gate)));
    internal IEnumerable<Instant> Instants => _instants;
    internal IEnumerable<Arrow> Arrows => _arrows;

    private void Add<T>(Queue<T> to, in T item)
    {
        if (!Keeps)
            return;
        to.Enqueue(item);
        while (_spans.Count + _instants.Count + _arrows.Count > most)
            DropOldest();
    }

    private void DropOldest()
    {
        long span = _spans.TryPeek(out Span first) ? first.End!.Value.Event : long.MaxValue;
        long instant = _instants.TryPeek(out Instant one) ? one.At.Event : long.MaxValue;
        long arrow = _arrows.TryPeek(out Arrow other) ? other.Arrived.Event : long.MaxValue;
        if (span <= instant && span <= arrow)
            Drop(_spans.Dequeue().End!.Value);
        else if (instant <= arrow)
            Drop(_instants.Dequeue().At);
        else
            Drop(_arrows.Dequeue().Arrived);
    }

    private void Drop(Mark at)
    {
        Dropped++;
        if (at.Event > CutAt.Event)
            CutAt = at;
    }
}
