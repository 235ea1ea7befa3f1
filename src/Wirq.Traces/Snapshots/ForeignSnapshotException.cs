namespace Wirq.Traces.Snapshots;

/// <summary>A file of saved state cannot be read.</summary>
internal sealed class ForeignSnapshotException : Exception
{
    /// <summary>Something else stands in it than what it begins as.</summary>
    /// <param name="file">Its name.</param>
    /// <param name="offset">The byte at which reading stopped; of a gzip file, after decompression.</param>
    /// <param name="found">What was found there.</param>
    /// <param name="expected">What was expected.</param>
    internal ForeignSnapshotException(string file, long offset, string found, string expected)
        : base($"{file}: byte {offset}: {found}; expected {expected}")
    {
    }

    /// <summary>It cannot be decompressed.</summary>
    internal ForeignSnapshotException(string message)
        : base(message)
    {
    }
}
