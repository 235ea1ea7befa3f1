namespace Wirq.Traces.Why;

/// <summary>A place in a log or a recording.</summary>
/// <param name="Line">The line of the log, or the number of the event in a recording, from 1; 0 is the beginning,
/// before
/// anything was told.</param>
/// <param name="Time">Nanoseconds since the first line of the log, or of virtual time.</param>
public readonly record struct Mark(long Line, long Time)
{
    /// <summary>Whether it is the beginning: what holds from there on holds since reset, as far as anybody can
    /// see.</summary>
    public bool IsStart => Line == 0;
}

/// <summary>A fact, and where it stands in the log.</summary>
/// <param name="What">The fact, in a few words.</param>
/// <param name="At">Where it stands.</param>
public readonly record struct Evidence(string What, Mark At);
