namespace Wirq.Traces.Recordings;

/// <summary>A recording cannot be read.</summary>
/// <param name="file">Its name.</param>
/// <param name="offset">The byte at which reading stopped.</param>
/// <param name="found">What stands there.</param>
/// <param name="expected">What was expected.</param>
public sealed class RecordingException(string file, long offset, string found, string expected)
    : Exception($"{file}: byte {offset}: {found}; expected {expected}")
{
    /// <summary>Whether the recording ends too soon: what stands before is sound, and what came later is not known.</summary>
    public bool IsCutOff { get; init; }

    /// <summary>The byte at which reading stopped.</summary>
    public long Offset { get; } = offset;
}
