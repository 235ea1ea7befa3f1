using Wirq.Events;
using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>A picture while it grows: its lanes, what is in them, and which part of the input is drawn. Who follows an input draws on
/// it.</summary>
/// <remarks>Memory is bounded by <see cref="PictureOptions.Most"/> and <see cref="PictureOptions.MostLanes"/>.</remarks>
internal sealed class Canvas
{
    private readonly PictureOptions _options;
    private readonly Dictionary<LaneKey, int> _numbers;
    private readonly List<Lane> _lanes;
    private Mark _first, _last, _start, _end;
    private long _lanesLeftOut;
    private bool _over;

    internal Canvas(PictureOptions? options)
        : this(options ?? new PictureOptions(), [], [])
    {
    }

    private Canvas(PictureOptions options, Dictionary<LaneKey, int> numbers, List<Lane> lanes)
    {
        (_options, _numbers, _lanes) = (options, numbers, lanes);
        Strips = new Strips(_options.Most) { Keeps = _options.From is null };
    }

    internal Strips Strips { get; }
    /// <summary>The place that is drawn now.</summary>
    internal Mark Now { get; private set; }
    /// <summary>Where the window begins in the input; the beginning if that is not reached yet.</summary>
    internal Mark First => _first;

    /// <summary>Goes on to the next place.</summary>
    /// <param name="now">The place.</param>
    /// <param name="stamp">The stamp of the first line of a log, in nanoseconds.</param>
    /// <param name="isSetUp">It is before the first line of a log: the chips are set up.</param>
    /// <returns>False if it is behind what is drawn.</returns>
    internal bool Move(Mark now, long stamp, bool isSetUp)
    {
        Now = now;
        if (!isSetUp)
            (_start, _end) = (_start.IsStart ? now : _start, now);
        if (_over)
            return false;
        if (IsBehind(now, stamp))
        {
            _over = true;
            return false;
        }
        // The place itself is in the window.
        if (!Strips.Keeps && _options.From is { } from && !from.IsAfter(now, stamp))
            (Strips.Keeps, _first) = (true, now);
        if (_first.IsStart && !isSetUp)
            _first = now;
        _last = now;
        return true;
    }

    /// <summary>Whether a place is behind the end of what is drawn.</summary>
    /// <param name="at">The place.</param>
    /// <param name="stamp">The stamp of the first line of a log, in nanoseconds.</param>
    internal bool IsBehind(Mark at, long stamp) => _options.To is { } to && to.IsBefore(at, stamp);

    /// <summary>The number of a lane; -1 if there is none.</summary>
    internal int Find(LaneKey key) => _numbers.GetValueOrDefault(key, -1);

    /// <summary>The number of a lane, which begins if there is none; -1 if there are too many.</summary>
    internal int LaneOf(LaneKey key, Func<LaneKey, Lane> made)
    {
        if (_numbers.TryGetValue(key, out int number))
            return number;
        if (_lanes.Count >= _options.MostLanes)
        {
            _lanesLeftOut++;
            return -1;
        }
        _lanes.Add(made(key));
        _numbers.Add(key, _lanes.Count - 1);
        return _lanes.Count - 1;
    }

    internal int Lanes => _lanes.Count;

    internal LaneKey KeyOf(int lane) => _lanes[lane].Key;

    internal void Note(int lane, InstantKind kind, in Event happened) => Strips.Add(new Instant(lane, kind, Now, happened));

    internal void Arrive(ArrowKind kind, (int Lane, Mark At) from, int to)
    {
        if (!from.At.IsStart)
            Strips.Add(new Arrow(kind, from.Lane, from.At, to, Now));
    }

    /// <summary>A canvas for more of the same input, in the same lanes.</summary>
    internal Canvas Second() => new(_options, _numbers, _lanes);

    /// <summary>Takes over what a second canvas has. Nothing may follow.</summary>
    /// <param name="second">The second canvas.</param>
    /// <param name="spans">All spans that are kept, of both.</param>
    internal void TakeOver(Canvas second, IEnumerable<Span> spans)
    {
        _lanesLeftOut += second._lanesLeftOut;
        Strips.TakeOver(second.Strips, spans);
    }

    /// <summary>Makes the picture. Nothing may follow.</summary>
    /// <param name="drawing">What its builder knows of it: names, answers, notes. Lanes of answers are numbers of this canvas.</param>
    /// <param name="earlier">States of the time before the first thing in a lane.</param>
    internal Picture Build(Picture drawing, IEnumerable<Span>? earlier = null)
    {
        int[] order = [.. Enumerable.Range(0, _lanes.Count).OrderBy(lane => _lanes[lane].Key.Order)];
        int[] places = new int[_lanes.Count];
        foreach ((int place, int lane) in order.Index())
            places[lane] = place;
        Mark first = Strips.CutAt.Event > _first.Event ? Strips.CutAt : _first;
        // What a record shows late may have ended before the picture begins.
        Span[] spans = [.. (earlier ?? []).Concat(Strips.Spans).Where(span => span.End is not { } end || end.Event > first.Event)
            .Select(span => span with { Lane = places[span.Lane] })];
        Instant[] instants = [.. Strips.Instants.Select(one => one with { Lane = places[one.Lane] }).OrderBy(one => one.At.Event)];
        Arrow[] arrows = [.. Strips.Arrows.Where(arrow => arrow.Left.Event >= first.Event)
            .Select(arrow => arrow with { From = places[arrow.From], To = places[arrow.To] })];
        IEnumerable<Mark> drawn = [first, _last,
            .. spans.Select(span => span.Begin), .. spans.Where(span => span.End is not null).Select(span => span.End!.Value),
            .. instants.Select(one => one.At), .. arrows.SelectMany(arrow => new[] { arrow.Left, arrow.Arrived }),
            .. drawing.Owed.SelectMany(mark => mark.Evidence.Select(one => one.At).Append(mark.At).Append(mark.Since ?? mark.At))];
        return drawing with
        {
            Lanes = [.. order.Select(lane => _lanes[lane])],
            Spans = spans,
            Instants = instants,
            Arrows = arrows,
            Owed = [.. drawing.Owed.Select(mark => mark with { Lane = mark.Lane < 0 ? -1 : places[mark.Lane] })],
            Notes = [.. Notes(first, drawing.Stamps), .. drawing.Notes],
            Clock = new DrawnClock(drawn.Where(mark => mark.Event >= first.Event && mark.Event <= _last.Event)),
            Ends = (first, _last),
            Missed = Missed(drawing.Stamps),
        };
    }

    private IEnumerable<string> Notes(Mark first, Stamps stamps)
    {
        if (Strips.Dropped > 0)
        {
            yield return $"This picture begins at {stamps.At(first)}. At most {_options.Most} spans, instants and arrows are drawn, the last ones; "
                + $"{Phrase.Count(Strips.Dropped, "earlier one is", "earlier ones are")} left out.";
        }
        else if (_options.From is not null)
            yield return $"This picture begins at {stamps.At(first)}, {(first == _start ? "where the input begins" : "as was asked")}.";
        if (_over)
            yield return $"This picture ends at {stamps.At(_last)}, as was asked. What is owed is owed at the end of the whole input.";
        else if (_options.To is not null)
            yield return $"This picture ends at {stamps.At(_last)}, where the input ends.";
        if (_lanesLeftOut > 0)
            yield return $"At most {_options.MostLanes} lanes are drawn; some sources, pins or vectors have none here.";
    }

    private string? Missed(Stamps stamps)
    {
        if (_start.IsStart || Strips.Keeps && !_last.IsStart)
            return null;
        string input = $"it has {stamps.At(_start)} to {stamps.At(_end)}";
        return _over && _last.IsStart ? $"it ends before anything of the input; {input}"
            : _over ? $"it ends before it begins; {input}"
            : $"it begins after the input's end; {input}";
    }
}
