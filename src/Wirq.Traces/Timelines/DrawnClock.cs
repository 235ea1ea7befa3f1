using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>Where events are drawn: at their time in nanoseconds, but each at least one nanosecond after the one before
/// it.</summary>
/// <remarks>Many events have the same time: all effects of one input do, and logs count microseconds or have no times.
/// Drawn at one place, their order would be lost, and a state that one of them begins and another ends would have no
/// length.</remarks>
internal sealed class DrawnClock
{
    private readonly Mark[] _marks;
    private readonly long[] _drawn;

    /// <summary>Places events.</summary>
    /// <param name="marks">Every place that a picture shows, in any order.</param>
    internal DrawnClock(IEnumerable<Mark> marks)
    {
        _marks = [.. marks.DistinctBy(mark => mark.Event).OrderBy(mark => mark.Event)];
        _drawn = new long[_marks.Length];
        for (int i = 0; i < _marks.Length; i++)
        {
            // No recording is so long, but its header may say so.
            long least = i == 0 ? 0 : _drawn[i - 1] == long.MaxValue ? long.MaxValue : _drawn[i - 1] + 1;
            _drawn[i] = Math.Max(least, _marks[i].Time);
        }
    }

    /// <summary>The places, in order.</summary>
    internal IReadOnlyList<Mark> Marks => _marks;

    /// <summary>The number of a place among all that are drawn. What lies before the first is drawn there.</summary>
    internal int IndexOf(Mark mark)
    {
        int low = 0, high = _marks.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_marks[middle].Event <= mark.Event)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }

    /// <summary>Where a place is drawn, in nanoseconds.</summary>
    internal long At(Mark mark) => _drawn.Length == 0 ? 0 : _drawn[IndexOf(mark)];
}
