namespace Wirq.Traces.Qemu;

/// <summary>Reads a QEMU log line by line.</summary>
public sealed class QemuLogReader : IDisposable
{
    /// <summary>Opens a log, plain or gzip (told by its first bytes).</summary>
    /// <param name="stream">Where it comes from; disposed of together with the reader.</param>
    /// <param name="file">Its name, for messages.</param>
    public QemuLogReader(Stream stream, string file) => throw new NotImplementedException($"{stream}{file}");

    /// <summary>Lines read so far, of any kind.</summary>
    public long Lines => throw new NotImplementedException();

    /// <summary>Reads up to the next line that is not <see cref="TraceEvent.Other"/>.</summary>
    /// <returns>False at the end.</returns>
    public bool TryRead(out TraceLine line) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() { }
}
