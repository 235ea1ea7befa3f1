namespace Wirq.Board.Loading;

/// <summary>Reading a file whole.</summary>
internal static class ImageFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="limit">The most bytes that it may have.</param>
    /// <exception cref="ImageException">It is longer, or the host does not let it be read.</exception>
    internal static byte[] Read(string path, long limit)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using FileStream file = System.IO.File.OpenRead(path);
            if (file.Length > limit)
                throw new ImageException(path, -1, $"expected a file of at most {limit} bytes; it has {file.Length}");
            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ImageException(path, -1, $"expected a file that can be read: {refused.Message}", refused);
        }
    }
}
