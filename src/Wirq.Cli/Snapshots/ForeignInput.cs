using Wirq.Cli.Outputs;
using Wirq.Cli.Replay;
using Wirq.Traces.Snapshots;

namespace Wirq.Cli.Snapshots;

/// <summary>Brings a file of saved state that others wrote: QEMU, KVM, Xen.</summary>
internal static class ForeignInput
{
    private const string Kinds = "a snapshot of wirq, or saved state of QEMU, KVM or Xen";

    /// <summary>Reads a file; null if its first bytes are of none of these.</summary>
    /// <exception cref="UsageException">It is damaged, or cannot be read.</exception>
    internal static SnapshotState? Read(ReplayInput input) =>
        input.Read(() => ForeignSnapshot.Looks(input.Stream) ? ForeignSnapshot.Read(input.Stream, input.Name) : null);

    /// <summary>Reads a file that <c>snapshot show</c> names; null if it is none of these.</summary>
    internal static SnapshotState? Read(string file)
    {
        using var input = ReplayInput.Open(file, Kinds);
        return Read(input);
    }
}
