namespace Wirq.Traces.Recordings;

/// <summary>The description of a recording, in its header.</summary>
public sealed record RecordingHeader
{
    /// <summary>The name of what was recorded: a scenario, an image, a log.</summary>
    public string Subject { get; init; } = "";
    /// <summary>The machine.</summary>
    public FabricOptions Machine { get; init; } = new();
    /// <summary>The machine's remapping units besides <see cref="FabricOptions.Vtd"/>; null for none.</summary>
    public IReadOnlyList<RemapperFacts>? Remappers { get; init; }
    /// <summary>The log whose replay was recorded; null if a Wirq machine was recorded.</summary>
    public LogFacts? Log { get; init; }
}
