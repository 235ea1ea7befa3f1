using Wirq.Cli.Outputs;
using Wirq.Snapshots;

namespace Wirq.Cli.Snapshots;

/// <summary>Reads a file with the state of a machine. The first bytes say which format it has.</summary>
internal static class SnapshotInput
{
    private const int MaxBytes = 1 << 30;

    // A format that is read has a row: its first bytes, and its reader.
    private static readonly (byte[] Magic, Func<string, byte[], MachineSnapshot> Read)[] s_formats =
    [
        (MachineSnapshot.Magic.ToArray(), ReadOwn),
    ];

    /// <summary>Reads a file.</summary>
    /// <exception cref="UsageException">It cannot be read, is of no known format, or is damaged.</exception>
    internal static MachineSnapshot Read(string file)
    {
        byte[] bytes = ReadBytes(file);
        foreach ((byte[] magic, Func<string, byte[], MachineSnapshot> read) in s_formats)
        {
            if (bytes.AsSpan().StartsWith(magic))
                return read(file, bytes);
        }
        throw new UsageException($"{file}: is no snapshot; expected a file that begins with WIRQSNAP, such as wirq snapshot save writes");
    }

    private static MachineSnapshot ReadOwn(string file, byte[] bytes)
    {
        try
        {
            return MachineSnapshot.Read(bytes);
        }
        catch (SnapshotException bad)
        {
            throw new UsageException($"{file}: {bad.Message}");
        }
    }

    private static byte[] ReadBytes(string file)
    {
        if (Directory.Exists(file))
            throw new UsageException($"{file}: is a folder; expected a snapshot");
        if (!File.Exists(file))
            throw new UsageException($"{file}: no such file; expected a snapshot");
        try
        {
            using FileStream stream = File.OpenRead(file);
            using var bytes = new MemoryStream();
            byte[] piece = new byte[1 << 16];
            while (stream.Read(piece) is > 0 and int length)
            {
                bytes.Write(piece, 0, length);
                if (bytes.Length > MaxBytes)
                    throw new UsageException($"{file}: more than {MaxBytes} bytes; expected a snapshot");
            }
            return bytes.ToArray();
        }
        catch (Exception bad) when (bad is IOException and not OutputException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: cannot be read: {bad.Message}");
        }
    }
}
