namespace Wirq.Traces.Recordings;

/// <summary>The description of a recording, in its header.</summary>
public sealed record RecordingHeader
{
    /// <summary>What was recorded: the name of a scenario, of an image, of a log.</summary>
    public string Subject { get; init; } = "";
    /// <summary>The machine.</summary>
    public FabricOptions Machine { get; init; } = new();
    /// <summary>The machine's remapping units behind <see cref="FabricOptions.Vtd"/>; null for none.</summary>
    public IReadOnlyList<RemapperFacts>? Remappers { get; init; }
    /// <summary>The log whose replay was recorded; null where a machine of our own was.</summary>
    public LogFacts? Log { get; init; }
}
