namespace Wirq.Traces.Replay;

/// <summary>A difference between the chips and the log.</summary>
/// <param name="Line">The line of the log at which it was found.</param>
/// <param name="Event">The event, by QEMU's name.</param>
/// <param name="Predicted">What the chips do.</param>
/// <param name="Logged">What the log says.</param>
public sealed record Mismatch(long Line, string Event, string Predicted, string Logged)
{
    /// <summary>The lines of the log around it, with their numbers.</summary>
    public IReadOnlyList<string> LogAround { get; internal set; } = [];
    /// <summary>The chips' events before it and at it, each with the line that it belongs to.</summary>
    public IReadOnlyList<string> EventsAround { get; internal set; } = [];

    /// <inheritdoc/>
    public override string ToString() => $"line {Line}: the log says {Logged}; the chips say {Predicted}";
}
