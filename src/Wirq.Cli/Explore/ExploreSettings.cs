using Wirq.Lab.Exploring;

namespace Wirq.Cli.Explore;

/// <summary>The options of <c>wirq explore</c>.</summary>
internal sealed record ExploreSettings(IReadOnlyList<string> Paths, ExploreOptions Search, bool Json, bool Verbose, FileInfo? Record)
{
    /// <summary>The historic design that is explored instead of the world itself; null for none.</summary>
    internal string? Design { get; init; }
    /// <summary>Files with the JSON of other searches, which are merged.</summary>
    internal IReadOnlyList<string> Merge { get; init; } = [];
    /// <summary>Whether a person walks the world.</summary>
    internal bool Steps { get; init; }
    /// <summary>The file of the diagram; null for none.</summary>
    internal FileInfo? Diagram { get; init; }
    /// <summary>Of what the diagram is; null for the default.</summary>
    internal string? Of { get; init; }
}
