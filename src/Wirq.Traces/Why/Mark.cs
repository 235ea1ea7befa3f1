namespace Wirq.Traces.Why;

/// <summary>A place in a log or a recording.</summary>
/// <param name="Event">The number of the event, from 1; 0 is the beginning, before any event. A log and the recording
/// of its replay have the same numbers.</param>
/// <param name="Line">The line of the log, from 1; in a recording 0.</param>
/// <param name="Time">Nanoseconds since the first line of the log, or of virtual time.</param>
/// <param name="Turn">How often everything had come to rest before it: all effects of one input have the same
/// turn.</param>
public readonly record struct Mark(long Event, long Line, long Time, long Turn = 0)
{
    /// <summary>Whether it is the beginning: what holds from there on holds since reset where the reset is seen, and
    /// is not known where it is not.</summary>
    public bool IsStart => Event == 0;
}

/// <summary>A fact, and its place in the log.</summary>
/// <param name="What">The fact, in a few words.</param>
/// <param name="At">Its place.</param>
public readonly record struct Evidence(string What, Mark At);
