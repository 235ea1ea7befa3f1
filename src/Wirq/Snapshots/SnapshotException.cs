namespace Wirq.Snapshots;

/// <summary>A snapshot cannot be restored: it is damaged, of another version, of a machine of another shape, or no
/// machine can be in the state that it describes. Nothing was restored.</summary>
public sealed class SnapshotException : FormatException
{
    internal SnapshotException(long position, string field, string found, string expected)
        : base($"byte {position}, {field} is {found}; expected {expected}") =>
        (Position, Field, Found, Expected) = (position, field, found, expected);

    /// <summary>The offset of the field in the snapshot, in bytes.</summary>
    public long Position { get; }

    /// <summary>The field, by its path: section, item, field.</summary>
    public string Field { get; }

    /// <summary>The value that it has.</summary>
    public string Found { get; }

    /// <summary>The values that it may have.</summary>
    public string Expected { get; }
}
