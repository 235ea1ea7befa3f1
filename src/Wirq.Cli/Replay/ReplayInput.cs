using Wirq.Cli.Outputs;
using Wirq.Cli.Shipped;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Kvm;
using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;
using Wirq.Traces.Snapshots;

namespace Wirq.Cli.Replay;

/// <summary>A log that can be read twice. What cannot, a pipe, is copied to a file that vanishes with it.</summary>
internal sealed class ReplayInput : IDisposable
{
    private const int PieceBytes = 1 << 16;

    private readonly string _path;
    private readonly bool _copied;

    private ReplayInput(string name, string path, bool copied) => (Name, _path, _copied) = (name, path, copied);

    /// <summary>What <c>wirq replay</c> reads.</summary>
    internal const string Log = "a log of QEMU's trace events, plain or compressed (gzip, xz, zstd)";

    /// <summary>What messages call it.</summary>
    internal string Name { get; }

    /// <summary>Whether it is inside the command, and not on the disk.</summary>
    internal bool IsShipped { get; private init; }

    /// <summary>Opens it.</summary>
    /// <param name="path">Its path; a file that ships is meant where there is none.</param>
    /// <param name="expected">What the command reads, for messages.</param>
    /// <exception cref="UsageException">It is a folder, is not there, or cannot be read.</exception>
    internal static ReplayInput Open(string path, string expected = Log)
    {
        if (Directory.Exists(path))
            throw new UsageException($"{path}: is a folder; expected {expected}");
        if (ShippedFiles.FileOf(path) is { } shipped)
            return new ReplayInput(shipped, shipped, copied: false) { IsShipped = true };
        if (!File.Exists(path))
            throw new UsageException($"{path}: no such file{ShippedFiles.HintOf(path)}; expected {expected}");
        using FileStream stream = OpenFile(path);
        if (stream.CanSeek)
            return new ReplayInput(path, path, copied: false);
        return new ReplayInput(path, Copy(stream, path), copied: true);
    }

    /// <summary>Whether a path leads to something, on the disk or among what ships.</summary>
    internal static bool IsThere(string path) => File.Exists(path) || Directory.Exists(path) || ShippedFiles.FileOf(path) is not null;

    /// <summary>Copies what cannot be read twice.</summary>
    /// <param name="input">What is read.</param>
    /// <param name="name">Its name.</param>
    /// <returns>The path of the copy.</returns>
    /// <exception cref="UsageException">It cannot be read.</exception>
    /// <exception cref="OutputException">The copy cannot be written.</exception>
    internal static string Copy(Stream input, string name)
    {
        string? copy = null;
        try
        {
            copy = Path.GetTempFileName();
            using FileStream target = File.Create(copy);
            byte[] piece = new byte[PieceBytes];
            while (Read(input, piece, name) is > 0 and int length)
                target.Write(piece, 0, length);
            return copy;
        }
        catch (Exception bad)
        {
            if (copy is not null)
                File.Delete(copy);
            if (bad is not (IOException or UnauthorizedAccessException))
                throw;
            throw new OutputException($"the copy of {name} in {Path.GetTempPath()}", bad.Message);
        }
    }

    private static int Read(Stream input, byte[] piece, string name)
    {
        try
        {
            return input.Read(piece);
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{name}: cannot be read: {bad.Message}");
        }
    }

    /// <summary>Reads it, and says what is wrong with it as a usage error: of whichever kind it is, the reader's message has the place
    /// and what was expected.</summary>
    /// <exception cref="UsageException">It is damaged, does not tell enough, or cannot be read.</exception>
    internal T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception bad) when (bad is RecordingException or TraceException or KvmFileException or DumpException or ForeignSnapshotException)
        {
            throw new UsageException(bad.Message);
        }
        catch (Exception bad) when (bad is IOException and not OutputException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new UsageException($"{Name}: cannot be read: {bad.Message}");
        }
    }

    internal Stream Stream() => IsShipped ? ShippedFiles.Open(_path) : OpenFile(_path);

    public void Dispose()
    {
        if (_copied)
            File.Delete(_path);
    }

    private static FileStream OpenFile(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1, FileOptions.SequentialScan);
}
