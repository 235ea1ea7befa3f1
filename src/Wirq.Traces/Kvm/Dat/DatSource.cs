using System.Buffers.Binary;
using System.IO.Compression;
using ZstdSharp;

namespace Wirq.Traces.Kvm.Dat;

/// <summary>A trace.dat that can be read anywhere. Each read is checked against the file, and reports its place.</summary>
internal sealed class DatSource(Stream stream, string file) : IDisposable
{
    /// <summary>The largest section that is unpacked at once: the formats of all events are about 2 MiB.</summary>
    internal const int LargestSection = 1 << 26;

    /// <summary>What all CPUs' pages, and all sections of the head, may take: a small file may claim any number of them.</summary>
    private const long MostHeld = 1 << 27, MostUnpackedHead = 1 << 28;

    private Decompressor? _zstd;
    private long _held, _head;

    internal string File => file;
    internal long Length { get; } = stream.Length;

    public void Dispose()
    {
        _zstd?.Dispose();
        stream.Dispose();
    }

    internal byte[] Read(long offset, long length, string what)
    {
        if (offset < 0 || length < 0 || length > LargestSection || offset > Length - length)
            throw Damage(Math.Clamp(offset, 0, Length), $"{what} of {length} bytes at byte {offset}", $"a part of the file, which has {Length} bytes, and of at most {LargestSection}");
        byte[] bytes = new byte[length];
        Fill(offset, bytes, what);
        return bytes;
    }

    internal void Fill(long offset, Span<byte> into, string what)
    {
        if (offset < 0 || offset > Length - into.Length)
            throw Damage(Math.Clamp(offset, 0, Length), "the end of the file", what);
        stream.Position = offset;
        if (stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false) < into.Length)
            throw Damage(offset, "the end of the file", what);
    }

    internal uint UInt32(long offset, string what)
    {
        Span<byte> four = stackalloc byte[4];
        Fill(offset, four, what);
        return BinaryPrimitives.ReadUInt32LittleEndian(four);
    }

    internal ulong UInt64(long offset, string what)
    {
        Span<byte> eight = stackalloc byte[8];
        Fill(offset, eight, what);
        return BinaryPrimitives.ReadUInt64LittleEndian(eight);
    }

    /// <summary>A string that ends with a zero byte.</summary>
    internal string Text(ref long offset, int most, string what)
    {
        Span<byte> bytes = stackalloc byte[(int)Math.Min(most, Math.Max(0, Length - offset))];
        Fill(offset, bytes, what);
        int end = bytes.IndexOf((byte)0);
        if (end < 0)
            throw Damage(offset, $"a name of more than {most} bytes", what);
        offset += end + 1;
        return System.Text.Encoding.ASCII.GetString(bytes[..end]);
    }

    /// <summary>Whether pieces are packed by zlib; else by zstd.</summary>
    internal bool Zlib { get; set; }

    /// <summary>Unpacks a piece.</summary>
    internal byte[] Unpack(long offset, uint packed, uint unpacked, string what)
    {
        if (unpacked > LargestSection)
            throw Damage(offset, $"{what} of {unpacked} bytes", $"at most {LargestSection}");
        byte[] from = Read(offset, packed, what);
        byte[] into = new byte[unpacked];
        int length;
        try
        {
            length = Zlib ? Inflate(from, into) : (_zstd ??= new Decompressor()).Unwrap(from, into);
        }
        catch (Exception bad) when (bad is ZstdException or InvalidDataException)
        {
            // What it decoded so far is of no use to the next piece.
            _zstd?.Dispose();
            _zstd = null;
            throw Damage(offset, $"{what} that cannot be unpacked ({bad.Message})", $"{unpacked} bytes");
        }
        return length == unpacked ? into : throw Damage(offset, $"{what} that unpacks to {length} bytes", $"{unpacked} bytes");
    }

    private static int Inflate(byte[] from, byte[] into)
    {
        using var zlib = new ZLibStream(new MemoryStream(from), CompressionMode.Decompress);
        return zlib.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
    }

    /// <summary>Counts memory that is kept; a negative number gives it back.</summary>
    internal void Hold(long bytes, long at)
    {
        _held += bytes;
        if (_held > MostHeld)
            throw Damage(at, $"pages of {_held} bytes at once", $"at most {MostHeld}");
    }

    /// <summary>Counts what the sections of the head unpack to.</summary>
    internal void CountHead(long bytes, long at)
    {
        _head += bytes;
        if (_head > MostUnpackedHead)
            throw Damage(at, $"sections of {_head} bytes", $"at most {MostUnpackedHead}");
    }

    internal KvmFileException Damage(long offset, string found, string expected) => new(file, offset, found, expected);
}
