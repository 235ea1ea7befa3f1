using Wirq.Tests.Shared;
using Wirq.Traces.Kvm.Pictures;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Timelines;

/// <summary>The states of the chips, and where they are not known, those that the records tell: measured by looking at each place.</summary>
public class KnownSpanTests(ITestOutputHelper output)
{
    private const int Seed = 20311, Rounds = 2000, Places = 24;

    private static readonly SpanKind[] Kinds = [SpanKind.Requested, SpanKind.InService, SpanKind.NotKnown];

    [Fact]
    public void At_each_place_the_chips_are_right_where_they_know()
    {
        output.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        for (int round = 0; round < Rounds; round++)
        {
            Span[] told = [.. Kinds.SelectMany(kind => Some(random, kind))], held = [.. Kinds.SelectMany(kind => Some(random, kind))];
            Span[] made = [.. KnownSpans.Of(told.OrderBy(_ => random.Next()), held)];
            foreach (SpanKind kind in Kinds)
            {
                for (int place = 0; place <= Places; place++)
                {
                    bool unknown = Is(held, SpanKind.NotKnown, place), expected = kind != SpanKind.NotKnown && Is(held, kind, place) || unknown && Is(told, kind, place);
                    Assert.True(expected == Is(made, kind, place), $"round {round}, {kind} at {place}");
                }
                Span[] row = [.. made.Where(span => span.Kind == kind).OrderBy(span => span.Begin.Event)];
                Assert.All(row, span => Assert.True(span.End is not { } end || end.Event > span.Begin.Event));
                Assert.All(row.Zip(row.Skip(1)), pair => Assert.True(pair.First.End is { } end && end.Event <= pair.Second.Begin.Event, $"round {round}: {pair}"));
            }
        }
    }

    /// <summary>A state that goes on where the chips learn it is one.</summary>
    [Fact]
    public void What_goes_on_is_one_state()
    {
        Span whole = Assert.Single(KnownSpans.Of([Of(SpanKind.Requested, 2, 9)], [Of(SpanKind.NotKnown, 0, 5), Of(SpanKind.Requested, 5, 8)]));
        Assert.Equal((2, 8), (whole.Begin.Event, whole.End!.Value.Event));
        // Two of the chips that touch are two.
        Assert.Equal(2, KnownSpans.Of([], [Of(SpanKind.RemoteIrr, 2, 5), Of(SpanKind.RemoteIrr, 5, 8)]).Count());
    }

    [Fact]
    public void Many_spans_of_one_lane_are_linear_work() => LinearWork.Demand(output, few: 30_000, most: 8, TimeOf);

    private static TimeSpan TimeOf(int count)
    {
        Span[] told = [.. Enumerable.Range(0, count).Select(at => Of(SpanKind.Requested, at * 4, at * 4 + 3))], held = [.. Enumerable.Range(0, count)
            .SelectMany(at => (Span[])[Of(SpanKind.NotKnown, at * 4 + 1, at * 4 + 4), Of(SpanKind.Requested, at * 4 + 2, at * 4 + 4)])];
        TimeSpan begun = ThreadTime.Now;
        Assert.Equal(count, KnownSpans.Of(told, held).Count());
        return ThreadTime.Now - begun;
    }

    private static Span Of(SpanKind kind, int begin, int? end) => new(0, kind, new Mark(begin, begin, begin), end is { } at ? new Mark(at, at, at) : null, -1);

    private static IEnumerable<Span> Some(Random random, SpanKind kind)
    {
        int at = random.Next(6);
        while (at < Places - 1)
        {
            int end = at + random.Next(1, 8);
            bool lasts = end >= Places || random.Next(8) == 0;
            yield return Of(kind, at, lasts ? null : end);
            if (lasts)
                yield break;
            at = end + random.Next(4);
        }
    }

    private static bool Is(IEnumerable<Span> spans, SpanKind kind, int place) =>
        spans.Any(span => span.Kind == kind && span.Begin.Event <= place && (span.End is not { } end || end.Event > place));
}
