namespace Wirq.Traces.Replay;

/// <summary>The log's wall clock as virtual time: it starts at 0 and never goes back. Where the clock was set back, or
/// another log begins, time goes on from where it was.</summary>
internal struct LogClock
{
    private const long PerMicrosecond = 1000, Second = 1_000_000, Longest = 1L << 50;

    private long _start, _last;
    /// <summary>Starts it.</summary>
    /// <param name="first">The first time stamp, in microseconds.</param>
    internal LogClock(long first) => _start = _last = first;

    internal long Nanoseconds(long microseconds)
    {
        // A jump by years is a damaged line; one of seconds backwards is a clock that was set.
        long step = microseconds - _last;
        if (step is < -Second or > Longest)
            _start += step;
        _last = microseconds;
        return Math.Clamp(microseconds - _start, 0, Longest) * PerMicrosecond;
    }
}
