using SharpCompress.Compressors.Xz;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Wirq.Traces.Qemu.Packed;

/// <summary>Decompresses an xz or a zstd file, of one part or several, and reports whether it is complete.</summary>
/// <remarks>Both formats have checksums. A file that asks for more memory than <see cref="MostWindowLog"/> allows is
/// refused: the compressors reach that size at their highest levels.</remarks>
internal sealed class PackedText : UnpackedText
{
    /// <summary>The largest dictionary, as a power of two: 128 MiB (<c>xz -9</c> has 64 MiB, <c>zstd --ultra -22</c>
    /// 128 MiB).</summary>
    private const int MostWindowLog = 27;

    private readonly HeadedStream _file;
    private readonly bool _xz;
    private Stream? _part;

    private PackedText(Stream stream, ReadOnlySpan<byte> head, bool xz) =>
        (_file, _xz) = (new HeadedStream(stream, head.ToArray()) { EndIsDamage = xz }, xz);

    /// <summary>A reader for a file that begins so; null if it is neither.</summary>
    internal static PackedText? OfXzOrZstd(Stream stream, ReadOnlySpan<byte> head) => head switch
    {
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => new(stream, head, xz: true),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => new(stream, head, xz: false),
        _ => null,
    };

    internal override int Read(Span<byte> into)
    {
        into = into[..Math.Min(into.Length, AtOnce)];
        try
        {
            for (; ; )
            {
                if (_part is null && !TryBegin())
                    return 0;
                if (_part!.Read(into) is > 0 and int read)
                    return read;
                _part.Dispose();
                _part = null;
            }
        }
        // The two libraries have many exceptions for a damaged file.
        catch (Exception damage) when (damage is not (CompressionDamage or OutOfMemoryException) && !_file.Failed)
        {
            throw _file.Ended ? CutAt(_file.Given) : DamageBefore(_file.Given);
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _part?.Dispose();

    private bool TryBegin()
    {
        if (!_xz)
        {
            // It reads all frames itself.
            if (_file.Given > 0)
                return false;
            var frames = new DecompressionStream(_file, bufferSize: 0, checkEndOfStream: true, leaveOpen: true);
            frames.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, MostWindowLog);
            _part = frames;
            return true;
        }
        // Zeros may pad the end of a stream to a multiple of four bytes.
        ReadOnlySpan<byte> next;
        while ((next = _file.Peek(XzHead)) is [0, ..])
            _file.Skip(1);
        if (next.IsEmpty)
            return false;
        if (DictionaryLog(next) > MostWindowLog)
            throw new CompressionDamage($"a dictionary of more than {1 << (MostWindowLog - 20)} MiB", "one that xz makes at level 9 or below");
        _part = new XZStream(_file);
        return true;
    }

    private const int XzHead = 32;

    /// <summary>The dictionary of the first block of an xz stream, as a power of two rounded down; 0 if it is not found
    /// there (the .xz file format, 3.1 and 5.3.1).</summary>
    private static int DictionaryLog(ReadOnlySpan<byte> stream)
    {
        const int block = 12, smallest = 12;
        const byte lzma2 = 0x21, sizes = 0xC0;
        // A block that has its sizes in its header has the filter later, after numbers of several bytes.
        int at = block + 2;
        for (int numbers = stream.Length > block + 1 ? System.Numerics.BitOperations.PopCount((uint)stream[block + 1] & sizes) : 0; numbers > 0; numbers--)
        {
            while (at < stream.Length && stream[at] >= 0x80)
                at++;
            at++;
        }
        return at + 2 < stream.Length && stream[at] == lzma2 && stream[at + 1] == 1 ? stream[at + 2] / 2 + smallest : 0;
    }

    /// <summary>The file, whose first bytes are already here.</summary>
    private sealed class HeadedStream(Stream stream, byte[] head) : Stream
    {
        private byte[] _head = head;
        private int _at;

        /// <summary>The number of bytes that were read.</summary>
        internal long Given { get; private set; }
        /// <summary>Whether all of the file was read.</summary>
        internal bool Ended { get; private set; }
        /// <summary>Whether the file itself could not be read.</summary>
        internal bool Failed { get; private set; }

        /// <summary>Whether a read at the end is an error.</summary>
        internal bool EndIsDamage { get; init; }

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position
        {
            get => Given;
            set => throw new NotSupportedException();
        }

        /// <summary>The next bytes, at most <paramref name="count"/>, without taking them.</summary>
        internal ReadOnlySpan<byte> Peek(int count)
        {
            while (_head.Length - _at < count && !Ended)
            {
                var more = new byte[count];
                int read = ReadFile(more);
                _head = [.. _head.AsSpan(_at), .. more.AsSpan(0, read)];
                _at = 0;
            }
            return _head.AsSpan(_at, Math.Min(count, _head.Length - _at));
        }

        internal void Skip(int count)
        {
            _at += count;
            Given += count;
        }

        public override int Read(Span<byte> buffer)
        {
            int read = Math.Min(buffer.Length, _head.Length - _at);
            if (read > 0)
            {
                _head.AsSpan(_at, read).CopyTo(buffer);
                _at += read;
            }
            else
                read = ReadFile(buffer);
            // The decoder of xz takes the missing bytes for zeros.
            if (EndIsDamage && Ended && read == 0)
                throw new EndOfStreamException();
            Given += read;
            return read;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        private int ReadFile(Span<byte> buffer)
        {
            try
            {
                int read = stream.Read(buffer);
                Ended |= read == 0 && buffer.Length > 0;
                return read;
            }
            catch (Exception)
            {
                Failed = true;
                throw;
            }
        }

        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
