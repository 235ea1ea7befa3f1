using System.Buffers.Binary;

namespace Wirq.Traces.Qemu.Gzip;

/// <summary>A stream as bits, lowest first, as RFC 1951 reads them.</summary>
internal sealed class BitSource
{
    private const int Chunk = 1 << 16;

    /// <summary>As many bits as can always be had at once: more than the longest match takes (48).</summary>
    private const int Loaded = 56;

    private readonly Stream _stream;
    private readonly byte[] _buffer;
    private int _at, _end, _count;
    private long _before;
    private ulong _bits;

    /// <summary>Reads from a stream of which the first bytes are already here.</summary>
    internal BitSource(Stream stream, ReadOnlySpan<byte> head)
    {
        _stream = stream;
        _buffer = new byte[Math.Max(Chunk, head.Length)];
        head.CopyTo(_buffer);
        _end = head.Length;
    }

    /// <summary>The byte that is read next, from the beginning of the stream.</summary>
    internal long Offset => _before + _at - _count / 8;

    /// <summary>Bits to come; past the end of the stream they are zero.</summary>
    internal ulong Peek()
    {
        if (_count < Loaded)
            Load();
        return _bits;
    }

    /// <summary>Passes over bits that <see cref="Peek"/> has shown.</summary>
    internal void Drop(int count)
    {
        if (count > _count)
            throw new GzipDamage(_before + _end, "the end of the file", "the rest of the compressed log");
        _bits >>= count;
        _count -= count;
    }

    /// <summary>Takes up to 32 bits.</summary>
    internal uint Take(int count)
    {
        ulong bits = Peek();
        Drop(count);
        return (uint)(bits & ((1UL << count) - 1));
    }

    /// <summary>Goes on to the next whole byte.</summary>
    internal void Align() => Drop(_count & 7);

    /// <summary>Whether nothing follows.</summary>
    internal bool AtEnd()
    {
        Peek();
        return _count == 0;
    }

    private void Load()
    {
        if (_end - _at >= sizeof(ulong))
        {
            // What does not fit is loaded again later, as the same bits in the same place.
            _bits |= BinaryPrimitives.ReadUInt64LittleEndian(_buffer.AsSpan(_at)) << _count;
            _at += (63 - _count) >> 3;
            _count |= Loaded;
            return;
        }
        while (_count <= Loaded)
        {
            if (_at == _end && !Fill())
                return;
            _bits |= (ulong)_buffer[_at++] << _count;
            _count += 8;
        }
    }

    private bool Fill()
    {
        _before += _end;
        _at = 0;
        _end = _stream.Read(_buffer);
        return _end > 0;
    }
}
