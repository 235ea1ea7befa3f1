namespace Wirq.Traces.Recordings;

/// <summary>A recording cannot be read.</summary>
/// <param name="file">Its name.</param>
/// <param name="offset">The byte at which reading stopped.</param>
/// <param name="found">What stands there.</param>
/// <param name="expected">What was expected.</param>
public sealed class RecordingException(string file, long offset, string found, string expected)
    : Exception($"{file}: byte {offset}: {found}; expected {expected}")
{
    /// <summary>The byte at which reading stopped.</summary>
    public long Offset { get; } = offset;
}
