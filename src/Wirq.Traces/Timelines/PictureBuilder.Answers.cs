using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <content>The picture at the end.</content>
internal sealed partial class PictureBuilder
{
    /// <summary>Makes the picture. No event may follow.</summary>
    /// <param name="subject">What was recorded.</param>
    /// <param name="owed">What is owed at the end, if it is known already; else the engine is asked.</param>
    internal Picture Build(string subject, OwedList? owed = null)
    {
        owed ??= _engine.Owed();
        OwedMark[] marks = [.. Marks(owed)];
        int[] order = [.. Enumerable.Range(0, _lanes.Count).OrderBy(lane => _lanes[lane].Key.Order)];
        int[] places = new int[_lanes.Count];
        foreach ((int place, int lane) in order.Index())
            places[lane] = place;
        Mark first = _strips.CutAt.Event > _first.Event ? _strips.CutAt : _first;
        Span[] spans = [.. _strips.Spans.Select(span => span with { Lane = places[span.Lane] })];
        Instant[] instants = [.. _strips.Instants.Select(one => one with { Lane = places[one.Lane] })];
        Arrow[] arrows = [.. _strips.Arrows.Where(arrow => arrow.Left.Event >= first.Event)
            .Select(arrow => arrow with { From = places[arrow.From], To = places[arrow.To] })];
        IEnumerable<Mark> drawn = [first, _last,
            .. spans.Select(span => span.Begin), .. spans.Where(span => span.End is not null).Select(span => span.End!.Value),
            .. instants.Select(one => one.At), .. arrows.SelectMany(arrow => new[] { arrow.Left, arrow.Arrived }),
            .. marks.SelectMany(mark => mark.Evidence.Select(one => one.At).Append(mark.At).Append(mark.Since ?? mark.At))];
        return new Picture
        {
            Subject = subject,
            Lanes = [.. order.Select(lane => _lanes[lane])],
            Spans = spans,
            Instants = instants,
            Arrows = arrows,
            Owed = [.. marks.Select(mark => mark with { Lane = mark.Lane < 0 ? -1 : places[mark.Lane] })],
            Verdict = WhyText.Headline(owed, _engine),
            State = WhyJson.Word(owed.Verdict),
            Notes = [.. Notes(first), .. WhyText.Differences(_engine), .. owed.Limits.Select(limit => limit.Sentence)],
            Clock = new DrawnClock(drawn.Where(mark => mark.Event >= first.Event && mark.Event <= _last.Event)),
            Stamps = _engine.Stamps,
            Ends = (first, _last),
        };
    }

    private IEnumerable<string> Notes(Mark first)
    {
        if (_strips.Dropped > 0)
        {
            yield return $"This picture begins at {_engine.Stamps.At(first)}. At most {_options.Most} spans, instants and arrows are drawn, the last ones; "
                + $"{Phrase.Count(_strips.Dropped, "earlier one is", "earlier ones are")} left out.";
        }
        else if (_options.From is not null)
            yield return $"This picture begins at {_engine.Stamps.At(first)}, as was asked.";
        if (_over)
            yield return $"This picture ends at {_engine.Stamps.At(_last)}, as was asked. What is owed is owed at the end of the whole input.";
        if (_lanesLeftOut > 0)
            yield return $"At most {_options.MostLanes} lanes are drawn; some sources, pins or vectors have none here.";
    }

    private IEnumerable<OwedMark> Marks(OwedList owed) =>
    [
        .. owed.Silent.Select(one => new OwedMark(OwedRank.Silent, $"cpu{one.Cpu}", LaneOf(LaneKey.Cpu(one.Cpu)), one.Since, null, "",
            one.Sentences, one.Evidence)),
        .. owed.Owed.Select(one => MarkOf(OwedRank.Owed, one)),
        .. owed.Unknown.Select(one => MarkOf(OwedRank.Unknown, one)),
        .. owed.Masked.Select(one => MarkOf(OwedRank.Masked, one)),
    ];

    private OwedMark MarkOf(OwedRank rank, OwedAnswer one)
    {
        bool atCpu = one is { Cpu: >= 0, Vector: >= 0, Fate: Fate.Pending or Fate.InService, Source.Class: not SourceClass.Irq };
        return new OwedMark(rank, atCpu ? $"vector 0x{one.Vector:x2} of {one.Source} at cpu{one.Cpu}" : one.Source.ToString(),
            LaneOf(atCpu ? LaneKey.Vector(one.Cpu, one.Vector) : LaneKey.Of(one.Source)), one.At, one.Since,
            one.Gate == Gate.None ? "" : WhyJson.Word(one.Gate), one.Sentences, one.Evidence);
    }
}
