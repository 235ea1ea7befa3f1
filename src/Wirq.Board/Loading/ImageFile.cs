namespace Wirq.Board.Loading;

/// <summary>Reads whole files for a board, up to a limit.</summary>
public static class ImageFile
{
    /// <summary>The longest image, and the longest module, in bytes: 256 MiB.</summary>
    public const int MaxBytes = 256 << 20;

    private const int FirstRoom = 1 << 16;

    /// <summary>Reads a file. It may be one without a known length: a pipe, a device or a file of
    /// <c>/proc</c>.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ImageException">It is longer than <see cref="MaxBytes"/>, or the host refuses the
    /// read.</exception>
    public static byte[] Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            // Without this check, the host reports a folder as "access denied".
            if (Directory.Exists(path))
                throw new ImageException(path, -1, "expected a file; it is a directory");
            using FileStream file = File.OpenRead(path);
            return Read(file, path);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ImageException(path, -1, $"expected a file that can be read: {refused.Message}", refused);
        }
    }

    /// <summary>Reads to the end, and does not trust the length that the file reports: a file that reports none may be
    /// endless.</summary>
    private static byte[] Read(FileStream file, string path)
    {
        long claimed = file.CanSeek ? file.Length : 0;
        if (claimed > MaxBytes)
            throw new ImageException(path, -1, $"expected a file of at most {MaxBytes} bytes; it has {claimed}");
        byte[] bytes = new byte[Math.Max(claimed + 1, FirstRoom)];
        int length = 0;
        while (file.Read(bytes, length, bytes.Length - length) is > 0 and int count)
        {
            length += count;
            if (length > MaxBytes)
                throw new ImageException(path, -1, $"expected a file of at most {MaxBytes} bytes; it goes on");
            // One byte beyond the limit shows that the file is too long.
            if (length == bytes.Length)
                Array.Resize(ref bytes, Math.Min(2 * length, MaxBytes + 1));
        }
        Array.Resize(ref bytes, length);
        return bytes;
    }
}
