namespace Wirq.Traces.Qemu;

/// <summary>A log cannot be read further.</summary>
/// <param name="file">The name of the log.</param>
/// <param name="line">The line at which reading stopped, from 1.</param>
/// <param name="offset">The byte of the text (after decompression) at which reading stopped.</param>
/// <param name="found">What was found there.</param>
/// <param name="expected">What was expected.</param>
public sealed class TraceException(string file, long line, long offset, string found, string expected)
    : Exception($"{file}: line {line}, byte {offset}: {found}; expected {expected}")
{
    /// <summary>The line at which reading stopped, from 1.</summary>
    public long Line { get; } = line;

    /// <summary>The byte of the text (after decompression) at which reading stopped.</summary>
    public long Offset { get; } = offset;
}
