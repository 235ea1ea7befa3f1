using Wirq.Cli.Replay;
using Wirq.Traces.Kvm.Raises;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Cli.Why;

/// <summary>Which arguments of <c>wirq why</c> are files, and which names an interrupt.</summary>
/// <param name="Files">The files.</param>
/// <param name="Asked">The name; null if there is none.</param>
internal sealed record WhyArguments(string[] Files, string? Asked)
{
    /// <summary>The last argument names an interrupt if there is no such file. Of several it must have the form of a name, for
    /// otherwise it is a file that is missing.</summary>
    internal static WhyArguments Of(string first, string[] rest)
    {
        if (rest.Length == 0 || ReplayInput.IsThere(rest[^1]))
            return new([first, .. rest], null);
        bool names = WhyQuestion.Parse(rest[^1], out _) is not null || SnapshotQuestion.Parse(rest[^1]) is not null || KvmPlaced.IsOne(rest[^1]);
        // A word that is written as a path is a file that is missing.
        bool isPath = !names && (rest[^1].Contains('/', StringComparison.Ordinal) || Path.HasExtension(rest[^1]));
        return names || rest.Length == 1 && !isPath ? new([first, .. rest[..^1]], rest[^1]) : new([first, .. rest], null);
    }
}
