using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Pictures;

/// <summary>Puts the states of a lane together: those of the chips, and where they are not known, what the records tell.</summary>
/// <remarks>All work is linear in the number of spans, for a log may have any number of them in one lane.</remarks>
internal static class KnownSpans
{
    /// <summary>The states of one lane.</summary>
    /// <param name="told">What the records tell, without gates.</param>
    /// <param name="held">What the chips hold; <see cref="SpanKind.NotKnown"/> where something of it is assumed.</param>
    internal static IEnumerable<Span> Of(IEnumerable<Span> told, IReadOnlyCollection<Span> held)
    {
        Span[] unknown = InOrder(held.Where(span => span.Kind == SpanKind.NotKnown));
        ILookup<SpanKind, Span> ofRecords = told.ToLookup(span => span.Kind), ofChips = held.Where(span => span.Kind != SpanKind.NotKnown).ToLookup(span => span.Kind);
        foreach (SpanKind kind in ofRecords.Select(row => row.Key).Union(ofChips.Select(row => row.Key)))
        {
            Span[] here = InOrder(ofChips[kind]);
            foreach (Span span in Joined([.. here.Select(span => (span, true)).Concat(Without(Within(InOrder(ofRecords[kind]), unknown), here).Select(span => (span, false)))
                .OrderBy(one => one.span.Begin.Event)]))
                yield return span;
        }
    }

    /// <summary>What goes on where the other one begins to tell it is one state.</summary>
    private static IEnumerable<Span> Joined((Span Span, bool IsHeld)[] spans)
    {
        for (int at = 0; at < spans.Length; at++)
        {
            Span joined = spans[at].Span;
            while (at + 1 < spans.Length && joined.End is { } end && spans[at + 1].Span.Begin.Event == end.Event && spans[at + 1].IsHeld != spans[at].IsHeld)
                joined = joined with { End = spans[++at].Span.End };
            yield return joined;
        }
    }

    private static Span[] InOrder(IEnumerable<Span> spans) => [.. spans.OrderBy(span => span.Begin.Event)];

    /// <summary>The parts of spans that lie in others. Neither overlap among themselves.</summary>
    private static IEnumerable<Span> Within(Span[] spans, Span[] others)
    {
        for (int at = 0, other = 0; at < spans.Length && other < others.Length;)
        {
            Span part = spans[at] with { Begin = Later(spans[at].Begin, others[other].Begin), End = Earlier(spans[at].End, others[other].End) };
            if (HasLength(part))
                yield return part;
            if (IsBefore(spans[at].End, others[other].End))
                at++;
            else
                other++;
        }
    }

    /// <summary>The parts of spans that lie in no other.</summary>
    private static IEnumerable<Span> Without(IEnumerable<Span> spans, Span[] others)
    {
        int other = 0;
        foreach (Span span in spans)
        {
            Span rest = span;
            while (other < others.Length && IsBefore(others[other].End, rest.Begin))
                other++;
            for (int next = other; next < others.Length && (rest.End is not { } end || others[next].Begin.Event < end.Event); next++)
            {
                Span part = rest with { End = others[next].Begin };
                if (HasLength(part))
                    yield return part;
                if (others[next].End is not { } behind)
                    yield break;
                rest = rest with { Begin = Later(rest.Begin, behind) };
                other = next;
            }
            if (HasLength(rest))
                yield return rest;
        }
    }

    private static bool HasLength(in Span span) => span.End is not { } end || end.Event > span.Begin.Event;

    private static Mark Later(Mark one, Mark other) => one.Event >= other.Event ? one : other;

    private static Mark? Earlier(Mark? one, Mark? other) => one is null ? other : other is null || one.Value.Event <= other.Value.Event ? one : other;

    /// <summary>Whether an end comes before another; none is the last.</summary>
    private static bool IsBefore(Mark? one, Mark? other) => one is { } end && (other is not { } last || end.Event <= last.Event);
}
