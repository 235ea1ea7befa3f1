namespace Wirq.Traces.Snapshots;

/// <summary>A file of saved state cannot be read.</summary>
/// <param name="file">Its name.</param>
/// <param name="offset">The byte at which reading stopped; of a gzip file, after decompression.</param>
/// <param name="found">What was found there.</param>
/// <param name="expected">What was expected.</param>
internal sealed class ForeignSnapshotException(string file, long offset, string found, string expected)
    : Exception($"{file}: byte {offset}: {found}; expected {expected}")
{
    /// <summary>The byte at which reading stopped.</summary>
    internal long Offset { get; } = offset;
}
