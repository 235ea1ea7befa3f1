using Microsoft.Win32.SafeHandles;
using Wirq.Linux.Files;

namespace Wirq.Cli.Outputs;

/// <summary>Writes as long as that goes well.</summary>
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

    /// <summary>Why not all was written; null where all was.</summary>
    internal string? Failure { get; private set; }

    /// <summary>Whether it is open, and a file with nothing in it.</summary>
    internal bool IsEmpty => !_closed && _isPart && RandomAccess.GetLength(_file) == 0;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (Failure is not null || _closed)
            return;
        try
        {
            // What a run that was cut off has left is kept until there is something new.
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
    /// <param name="whole">Whether to wait until the data is on disk: some file systems report a lack of room only
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
