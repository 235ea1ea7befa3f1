namespace Wirq.Traces.Replay;

/// <summary>The log's wall clock as virtual time: it starts at 0 and never decreases. If the clock was set back, or
/// another log begins, time continues from its last value.</summary>
internal struct LogClock
{
    private const long PerMicrosecond = 1000, Second = 1_000_000, Longest = 1L << 50;

    private long _start, _last;
    /// <summary>Starts it.</summary>
    /// <param name="first">The first time stamp, in microseconds.</param>
    internal LogClock(long first) => _start = _last = first;

    internal long Nanoseconds(long microseconds)
    {
        // A jump of years is a damaged line. A jump of seconds backwards is a clock that was set.
        long step = microseconds - _last;
        if (step is < -Second or > Longest)
            _start += step;
        _last = microseconds;
        return Math.Clamp(microseconds - _start, 0, Longest) * PerMicrosecond;
    }
}
