namespace Wirq.Board.Loading;

/// <summary>A file is no image that the board can start.</summary>
public sealed class ImageException : Exception
{
    /// <summary>Builds the exception.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">Bytes from its beginning to what is wrong; negative where it is the file as a
    /// whole.</param>
    /// <param name="expected">What was expected there, and what was found.</param>
    /// <param name="inner">What the host said, if it did.</param>
    public ImageException(string file, long offset, string expected, Exception? inner = null)
        : base(offset < 0 ? $"{file}: {expected}" : $"{file}: at offset 0x{offset:x}: {expected}", inner)
    {
        File = file;
        Offset = offset;
    }

    /// <summary>The file.</summary>
    public string File { get; }

    /// <summary>Bytes from its beginning to what is wrong; negative where it is the file as a whole.</summary>
    public long Offset { get; }
}
