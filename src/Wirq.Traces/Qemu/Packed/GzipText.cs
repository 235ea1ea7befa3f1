using System.IO.Compression;

namespace Wirq.Traces.Qemu.Packed;

/// <summary>Decompresses a gzip file (RFC 1952) with one or several members, and reports whether it is
/// complete.</summary>
/// <remarks>
/// <see cref="GZipStream"/> ends silently if a file was cut off, or if other data follows the last member. So this
/// class appends one more member with a known text to the file. If that text comes out, the file ended with a complete
/// member. If the file ends within a member, the appended bytes are decompressed as part of it, and are not returned.
/// This relies on the stream returning all its data before it reads on; if that changed, complete files would be
/// reported as cut. If the stream finds damage, the text of that one call is lost, up to <see cref="UnpackedText.AtOnce"/> bytes.
/// </remarks>
internal sealed class GzipText : UnpackedText
{
    internal const byte Magic1 = 0x1F, Magic2 = 0x8B;

    private static readonly byte[] EndText = "The file has ended."u8.ToArray(), EndMember = Compress(EndText);

    private readonly MarkedFile _file;
    private readonly GZipStream _gzip;

    /// <summary>Reads from a stream of which the first bytes are already here.</summary>
    internal GzipText(Stream stream, ReadOnlySpan<byte> head)
    {
        _file = new MarkedFile(stream, head.ToArray());
        _gzip = new GZipStream(_file, CompressionMode.Decompress);
    }

    internal override int Read(Span<byte> into)
    {
        int read;
        try
        {
            read = _gzip.Read(into[..Math.Min(into.Length, AtOnce)]);
        }
        catch (InvalidDataException)
        {
            throw _file.Ended ? CutAt(_file.Given) : DamageBefore(_file.Given);
        }
        if (_file.Ended)
            return into[..read].SequenceEqual(EndText) ? 0 : throw CutAt(_file.Given);
        return read > 0 ? read : throw new CompressionDamage(
            $"other data before compressed byte {_file.Given}", "the end of the file or another gzip member");
    }

    /// <inheritdoc/>
    public override void Dispose() => _gzip.Dispose();

    private static byte[] Compress(byte[] text)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.NoCompression))
            gzip.Write(text);
        return compressed.ToArray();
    }

    /// <summary>The file, followed by the member that marks its end.</summary>
    private sealed class MarkedFile(Stream stream, ReadOnlyMemory<byte> head) : Stream
    {
        private ReadOnlyMemory<byte> _next = head;

        /// <summary>The number of bytes of the file that were read.</summary>
        internal long Given { get; private set; }

        /// <summary>Whether all of the file was read, and the mark was begun.</summary>
        internal bool Ended { get; private set; }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int read = _next.IsEmpty && !Ended ? stream.Read(buffer, offset, count) : 0;
            if (read == 0)
            {
                if (_next.IsEmpty && !Ended)
                    (Ended, _next) = (true, EndMember);
                read = Math.Min(count, _next.Length);
                _next.Span[..read].CopyTo(buffer.AsSpan(offset));
                _next = _next[read..];
            }
            Given += Ended ? 0 : read;
            return read;
        }

        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
