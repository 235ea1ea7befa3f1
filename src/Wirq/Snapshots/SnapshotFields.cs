using Wirq.State;

namespace Wirq.Snapshots;

/// <summary>Goes over the sections of a snapshot, and the fields in them.</summary>
internal abstract class SnapshotFields : Fields
{
    /// <summary>Moves a section.</summary>
    internal abstract void Section(SectionId id, string name, Action fields);

    /// <summary>Whether the next section is this one; while writing, whether it is wanted.</summary>
    internal abstract bool Optional(SectionId id, bool wanted);

    /// <inheritdoc/>
    protected override Exception Refusal(long position, string path, string found, string expected) =>
        new SnapshotException(position, path, found, expected);
}
