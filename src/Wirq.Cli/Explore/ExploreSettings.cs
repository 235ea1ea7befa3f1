using Wirq.Lab.Exploring;

namespace Wirq.Cli.Explore;

/// <summary>The options of <c>wirq explore</c>.</summary>
internal sealed record ExploreSettings(IReadOnlyList<string> Paths, ExploreOptions Search, bool Json, bool Verbose, FileInfo? Record);
