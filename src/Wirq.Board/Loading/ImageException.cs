namespace Wirq.Board.Loading;

/// <summary>A file is not an image that the board can start.</summary>
public sealed class ImageException : Exception
{
    /// <summary>Builds the exception.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Offset of the error in the file, in bytes; negative if the file as a whole is
    /// wrong.</param>
    /// <param name="expected">What was expected there, and what was found.</param>
    /// <param name="inner">The error of the host, if there was one.</param>
    public ImageException(string file, long offset, string expected, Exception? inner = null)
        : base(offset < 0 ? $"{file}: {expected}" : $"{file}: at offset 0x{offset:x}: {expected}", inner)
    {
        File = file;
        Offset = offset;
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Offset of the error in the file, in bytes; negative if the file as a whole is wrong.</summary>
    public long Offset { get; }
}
