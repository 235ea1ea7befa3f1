namespace Wirq.Traces.Qemu.Packed;

/// <summary>A compressed file, as the text in it.</summary>
internal abstract class UnpackedText : IDisposable
{
    /// <summary>The number of bytes that one call decompresses. It is small, because damage loses them.</summary>
    protected const int AtOnce = 1024;

    /// <summary>How many of its first bytes tell how a file is compressed.</summary>
    internal const int LongestMagic = 6;

    /// <summary>A reader of a file of which the first bytes are already here.</summary>
    /// <param name="stream">The rest of the file.</param>
    /// <param name="head">Its first bytes, <see cref="LongestMagic"/> of them or more, unless it is shorter.</param>
    /// <returns>The reader; null if the file is not compressed by gzip, xz or zstd.</returns>
    internal static UnpackedText? Of(Stream stream, ReadOnlySpan<byte> head) =>
        head is [GzipText.Magic1, GzipText.Magic2, ..] ? new GzipText(stream, head) : PackedText.OfXzOrZstd(stream, head);

    /// <summary>Whether a file that begins so is compressed by one of them.</summary>
    internal static bool IsPacked(ReadOnlySpan<byte> head)
    {
        using UnpackedText? reader = Of(Stream.Null, head);
        return reader is not null;
    }

    /// <summary>Reads the available text, at least one byte.</summary>
    /// <returns>0 at the end.</returns>
    /// <exception cref="CompressionDamage">The file is cut off or damaged; all text before that was read.</exception>
    internal abstract int Read(Span<byte> into);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>The file ends within its compressed data.</summary>
    private protected static CompressionDamage CutAt(long given) =>
        new($"compressed byte {given}: the end of the file", "the rest of the compressed file");

    /// <summary>The compressed data contradicts itself.</summary>
    private protected static CompressionDamage DamageBefore(long given) =>
        new($"damage before compressed byte {given}", "data that fits its checksum and length");
}
