using Wirq.Events;

namespace Wirq.Traces;

/// <summary>Receives the events of a log or a recording, each with its position.</summary>
internal interface IEventSink
{
    /// <summary>Receives an event, in the order of the queue.</summary>
    /// <param name="happened">The event. Its time is in nanoseconds since the first line of the log.</param>
    /// <param name="line">The line of the log (from 1); 0 in a recording, whose events the receiver numbers.</param>
    void Observe(in Event happened, long line);
}
