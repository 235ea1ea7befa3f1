namespace Wirq.Traces.Why;

/// <summary>A place in a log or a recording.</summary>
/// <param name="Event">The number of the event, from 1; 0 is the beginning, before any event. A log and the recording
/// of its replay have the same numbers.</param>
/// <param name="Line">The line of the log, from 1; 0 in a recording.</param>
/// <param name="Time">Nanoseconds since the first line of the log, or of virtual time.</param>
/// <param name="Turn">How often the machine had come to rest before it. All effects of one input have the same
/// turn.</param>
public readonly record struct Mark(long Event, long Line, long Time, long Turn = 0)
{
    /// <summary>Whether it is the beginning. A state from there on exists since reset if the log has the reset; else
    /// its begin is not known.</summary>
    public bool IsStart => Event == 0;
}

/// <summary>A fact, and its place in the log.</summary>
/// <param name="What">The fact, in a few words.</param>
/// <param name="At">Its place.</param>
public readonly record struct Evidence(string What, Mark At);
