using Microsoft.Win32.SafeHandles;
using Wirq.Linux.Files;

namespace Wirq.Cli.Outputs;

/// <summary>Writes a file until a write fails.</summary>
internal sealed class FileSink : OutputStream
{
    private readonly SafeFileHandle _file;
    private readonly Stream _stream;
    private readonly bool _isPart;
    private bool _begun, _closed;

    internal FileSink(SafeFileHandle file, bool isPart, Func<bool>? calledOff)
    {
        (_file, _isPart) = (file, isPart);
        _stream = OperatingSystem.IsLinux() ? new DescriptorStream(new DescriptorWriter(file, isPart ? null : calledOff))
            : new FileStream(file, FileAccess.Write, bufferSize: 0);
    }

    /// <summary>Why some data was not written; null if all was.</summary>
    internal string? Failure { get; private set; }

    /// <summary>Whether it is open, and is an empty file.</summary>
    internal bool IsEmpty => !_closed && _isPart && RandomAccess.GetLength(_file) == 0;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (Failure is not null || _closed)
            return;
        try
        {
            // The output of a run that was cut off is kept until there is new data.
            if (_isPart && !_begun)
                RandomAccess.SetLength(_file, 0);
            _begun = true;
            _stream.Write(buffer);
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            Fail(bad);
        }
    }

    internal void Fail(Exception bad) => Failure ??= bad.Message;

    /// <summary>Closes the file.</summary>
    /// <param name="whole">Whether to wait until the data is on disk: some file systems report a lack of space only
    /// then.</param>
    internal void Close(bool whole)
    {
        if (_closed)
            return;
        _closed = true;
        using (_stream)
        {
            if (whole && _isPart && Failure is null)
                RandomAccess.FlushToDisk(_file);
        }
    }
}
