using System.Buffers.Binary;
using Wirq.Traces.Qemu.Packed;

namespace Wirq.Traces.Snapshots;

/// <summary>The beginning and the end of a file, in bounded memory: what lies between them, such as the guest's memory, is
/// skipped, or read once and forgotten where the file cannot be sought in.</summary>
internal sealed class SnapshotWindow
{
    /// <summary>Bytes kept of the beginning.</summary>
    internal const int HeadBytes = 1 << 12;
    /// <summary>Bytes kept of the end. Device state and its description are a few MiB, also with a thousand CPUs.</summary>
    internal const int TailBytes = 1 << 26;

    private const int PieceBytes = 1 << 16;

    private SnapshotWindow(string file, byte[] head, byte[] tail, int tailLength, long length) =>
        (File, Head, _tail, _tailLength, Length) = (file, head, tail, tailLength, length);

    private readonly byte[] _tail;
    private readonly int _tailLength;

    internal string File { get; }
    internal byte[] Head { get; }
    /// <summary>Bytes of the file, after decompression.</summary>
    internal long Length { get; }
    internal ReadOnlyMemory<byte> Tail => _tail.AsMemory(0, _tailLength);
    /// <summary>The byte of the file at which <see cref="Tail"/> begins.</summary>
    internal long TailBase => Length - _tailLength;

    /// <summary>The first bytes of a file, after decompression, at most <paramref name="most"/>.</summary>
    internal static byte[] ReadHead(Stream stream, int most)
    {
        byte[] head = new byte[most];
        int read = stream.ReadAtLeast(head, most, throwOnEndOfStream: false);
        using UnpackedText? unpacked = UnpackedText.Of(stream, head.AsSpan(0, read));
        if (unpacked is null)
            return head[..read];
        byte[] text = new byte[most];
        int length = 0;
        try
        {
            while (length < most && unpacked.Read(text.AsSpan(length)) is > 0 and int more)
                length += more;
        }
        catch (CompressionDamage)
        {
            // What came before the damage says what it is; who reads the whole of it reports the damage.
        }
        return text[..length];
    }

    /// <summary>Reads a file.</summary>
    /// <param name="stream">The file, at its beginning.</param>
    /// <param name="file">Its name.</param>
    /// <param name="from">The byte at which the part begins that may be compressed, such as after libvirt's header.</param>
    /// <exception cref="ForeignSnapshotException">It is damaged.</exception>
    internal static SnapshotWindow Read(Stream stream, string file, long from = 0)
    {
        for (long skipped = 0; skipped < from;)
        {
            byte[] piece = new byte[Math.Min(PieceBytes, from - skipped)];
            int read = stream.Read(piece);
            if (read == 0)
                throw new ForeignSnapshotException(file, skipped, "the end of the file", $"{from - skipped} more bytes of its header");
            skipped += read;
        }
        byte[] first = new byte[HeadBytes];
        int length = stream.ReadAtLeast(first, HeadBytes, throwOnEndOfStream: false);
        Array.Resize(ref first, length);
        using UnpackedText? unpacked = UnpackedText.Of(stream, first);
        if (unpacked is not null)
            return OfPieces(file, 0, into => Unpack(unpacked, into, file));
        if (stream.CanSeek)
            return OfSeekable(stream, file, first);
        int given = 0;
        return OfPieces(file, from, into =>
        {
            if (given == first.Length)
                return stream.Read(into.Span);
            int some = Math.Min(into.Length, first.Length - given);
            first.AsSpan(given, some).CopyTo(into.Span);
            given += some;
            return some;
        });
    }

    /// <summary>Big-endian, as QEMU's streams are.</summary>
    internal uint Word(long offset) => BinaryPrimitives.ReadUInt32BigEndian(At(offset, sizeof(uint)));

    internal bool Has(long offset, long length) =>
        offset >= TailBase && length >= 0 && offset <= Length && length <= Length - offset;

    /// <summary>Bytes of the tail.</summary>
    /// <exception cref="ForeignSnapshotException">They are not in it.</exception>
    internal ReadOnlySpan<byte> At(long offset, int length) => Has(offset, length) ? Tail.Span.Slice((int)(offset - TailBase), length)
        : throw new ForeignSnapshotException(File, Math.Min(offset, Length), $"the end of what is read, {length} bytes short of a field", "a field inside of its device");

    private static SnapshotWindow OfSeekable(Stream stream, string file, byte[] head)
    {
        long length = stream.Length;
        byte[] tail = new byte[Math.Min(length, TailBytes)];
        stream.Seek(length - tail.Length, SeekOrigin.Begin);
        int read = stream.ReadAtLeast(tail, tail.Length, throwOnEndOfStream: false);
        // A file that shrinks while it is read has no more than was read.
        return new(file, head, tail, read, length - tail.Length + read);
    }

    private static SnapshotWindow OfPieces(string file, long begun, Func<Memory<byte>, int> read)
    {
        byte[] ring = new byte[PieceBytes], head = [];
        long length = begun;
        int at = 0, kept = 0;
        for (; ; )
        {
            if (at == ring.Length && ring.Length < TailBytes)
                Array.Resize(ref ring, ring.Length * 2);
            if (at == ring.Length)
                at = 0;
            int more = read(ring.AsMemory(at));
            if (more == 0)
                break;
            (at, length, kept) = (at + more, length + more, (int)Math.Min(ring.Length, (long)kept + more));
            if (head.Length < HeadBytes && length - begun == kept)
                head = ring[..Math.Min(HeadBytes, kept)];
        }
        if (length - begun > kept)
        {
            // The oldest byte stands behind the newest: three turns put them in order without a second buffer.
            ring.AsSpan(0, at).Reverse();
            ring.AsSpan(at).Reverse();
            ring.AsSpan().Reverse();
        }
        return new(file, head, ring, kept, length);
    }

    private static int Unpack(UnpackedText unpacked, Memory<byte> into, string file)
    {
        try
        {
            return unpacked.Read(into.Span);
        }
        catch (CompressionDamage damage)
        {
            throw new ForeignSnapshotException($"{file}: {damage.Message}; expected {damage.Expected}");
        }
    }
}
