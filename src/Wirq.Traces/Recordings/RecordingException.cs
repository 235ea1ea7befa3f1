namespace Wirq.Traces.Recordings;

/// <summary>A recording cannot be read.</summary>
/// <param name="file">The name of the recording.</param>
/// <param name="offset">The byte at which reading stopped.</param>
/// <param name="found">What was found there.</param>
/// <param name="expected">What was expected.</param>
public sealed class RecordingException(string file, long offset, string found, string expected)
    : Exception($"{file}: byte {offset}: {found}; expected {expected}")
{
    /// <summary>Whether the recording ends too early. The part before the end is valid; what happened later is not
    /// known.</summary>
    public bool IsCutOff { get; init; }

    /// <summary>The byte at which reading stopped.</summary>
    public long Offset { get; } = offset;
}
