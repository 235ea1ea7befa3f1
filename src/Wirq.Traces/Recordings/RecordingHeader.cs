namespace Wirq.Traces.Recordings;

/// <summary>What a recording says of itself.</summary>
public sealed record RecordingHeader
{
    /// <summary>What was recorded: the name of a scenario, of an image, of a log.</summary>
    public string Subject { get; init; } = "";
    /// <summary>The machine.</summary>
    public FabricOptions Machine { get; init; } = new();
    /// <summary>The log whose replay was recorded; null where a machine of our own was.</summary>
    public LogFacts? Log { get; init; }
}
