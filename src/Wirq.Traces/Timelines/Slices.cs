using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>A rectangle in a row of a viewer: a span, or what is owed.</summary>
/// <param name="Track">Number of its row.</param>
/// <param name="Lane">Number of its lane.</param>
/// <param name="Name">What stands in it.</param>
/// <param name="Category">What kind it is, for a filter.</param>
/// <param name="Begin">Where it is drawn, in nanoseconds.</param>
/// <param name="End">Where it ends.</param>
/// <param name="Event">The number of the event that began it.</param>
/// <param name="Facts">What a viewer shows of it: names and values.</param>
internal sealed record Slice(int Track, int Lane, string Name, string Category, long Begin, long End, long Event,
    IReadOnlyList<(string Name, string Value)> Facts)
{
    /// <summary>All slices of a picture, by their begin; of those that begin at one place, the longest first.</summary>
    internal static IReadOnlyList<Slice> Of(Picture picture, Tracks tracks) =>
    [
        .. picture.Spans.Select(span => Of(picture, tracks, span))
            .Concat(picture.Owed.Where(mark => mark.Lane >= 0).Select(mark => Of(picture, tracks, mark)))
            .OrderBy(slice => slice.Begin).ThenByDescending(slice => slice.End).ThenBy(slice => slice.Track),
    ];

    private static Slice Of(Picture picture, Tracks tracks, in Span span) =>
        new(tracks.Of(span.Lane, span.Kind), span.Lane, ItemWords.Of(span), "state", picture.Begin(span), picture.End(span), span.Begin.Event,
            [("from", picture.Stamps.At(span.Begin)), ("to", span.End is { } end ? picture.Stamps.At(end) : "lasts at the end")]);

    private static Slice Of(Picture picture, Tracks tracks, OwedMark mark)
    {
        List<(string, string)> facts = [("answer", string.Join(" ", mark.Sentences)), ("since", picture.Stamps.At(mark.At))];
        if (mark.Gate.Length > 0)
            facts.Add(("gate", mark.Gate));
        if (mark.Since is { } since)
            facts.Add(("gate closed", picture.Stamps.At(since)));
        return new(tracks.OfOwed(mark.Lane), mark.Lane, NameOf(mark), ItemWords.Of(mark.Rank), picture.Clock.At(mark.At), picture.Until,
            mark.At.Event, facts);
    }

    private static string NameOf(OwedMark mark) =>
        $"{ItemWords.Of(mark.Rank)}: {mark.Title}" + (mark.Gate.Length > 0 ? $" ({mark.Gate})" : "");
}
