using Wirq.Cli.Outputs;

namespace Wirq.Cli.Replay;

/// <summary>A log that can be read twice. What cannot, a pipe, is copied to a file that vanishes with it.</summary>
internal sealed class ReplayInput : IDisposable
{
    private readonly string _path;
    private readonly bool _copied;

    private ReplayInput(string name, string path, bool copied) => (Name, _path, _copied) = (name, path, copied);

    /// <summary>What messages call it.</summary>
    internal string Name { get; }

    internal static ReplayInput Open(string path)
    {
        if (Directory.Exists(path))
            throw new UsageException($"{path}: is a folder; expected a log of QEMU's trace events");
        if (!File.Exists(path))
            throw new UsageException($"{path}: no such file; expected a log of QEMU's trace events, plain or gzip");
        using FileStream stream = OpenFile(path);
        if (stream.CanSeek)
            return new ReplayInput(path, path, copied: false);
        return new ReplayInput(path, Copy(stream), copied: true);
    }

    private static string Copy(FileStream stream)
    {
        string? copy = null;
        try
        {
            copy = Path.GetTempFileName();
            using FileStream target = File.Create(copy);
            stream.CopyTo(target);
            return copy;
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            if (copy is not null)
                File.Delete(copy);
            throw new OutputException($"the copy of {stream.Name} in {Path.GetTempPath()}", bad.Message);
        }
    }

    internal Stream Stream() => OpenFile(_path);

    public void Dispose()
    {
        if (_copied)
            File.Delete(_path);
    }

    private static FileStream OpenFile(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1, FileOptions.SequentialScan);
}
