using System.Buffers.Binary;

namespace Wirq.Traces.Kvm.Dat;

/// <summary>The pages of one CPU, one after another, in memory that does not grow with the file.</summary>
internal sealed class DatPages
{
    /// <summary>trace-cmd packs ten pages at a time; a larger piece is damage, or would fill the memory with many CPUs.</summary>
    private const int LargestChunk = 1 << 22;

    private readonly DatSource _source;
    private readonly int _pageSize;
    private readonly bool _packed;
    private readonly long _end;
    private byte[] _page;
    private byte[] _chunk = [];
    private int _inChunk;
    private uint _chunksLeft;
    private long _at;

    internal DatPages(DatSource source, DatBuffer buffer, DatCpuData data)
    {
        (_source, _pageSize, _packed, Cpu) = (source, buffer.PageSize, buffer.Packed && data.Size > 0, data.Cpu);
        if (data.Size > 0 && data.Offset > source.Length - data.Size)
            throw source.Damage(source.Length, "the end of the file", $"the records of CPU {data.Cpu} up to byte {data.Offset + data.Size}");
        (_at, _end) = (data.Offset, data.Offset + data.Size);
        // Each page is copied once, to where its records are read.
        source.Hold(data.Size > 0 ? 2L * _pageSize : 0, data.Offset);
        _page = _packed ? [] : new byte[data.Size > 0 ? _pageSize : 0];
        if (_packed)
        {
            _chunksLeft = source.UInt32(_at, "the number of packed pieces");
            _at += 4;
        }
    }

    internal int Cpu { get; }

    /// <summary>Where the page, or the piece that it was packed in, lies in the file.</summary>
    internal long Place { get; private set; }

    internal bool TryRead(out ReadOnlySpan<byte> page)
    {
        page = default;
        if (!_packed)
        {
            if (_end - _at < _pageSize)
            {
                _page = [];
                return false;
            }
            Place = _at;
            _source.Fill(_at, _page, "a page of records");
            _at += _pageSize;
            page = _page;
            return true;
        }
        if (_inChunk >= _chunk.Length && !NextChunk())
            return false;
        int length = Math.Min(_pageSize, _chunk.Length - _inChunk);
        page = _chunk.AsSpan(_inChunk, length);
        _inChunk += length;
        return true;
    }

    private bool NextChunk()
    {
        _source.Hold(-_chunk.Length, _at);
        _chunk = [];
        if (_chunksLeft == 0 || _at >= _end)
            return false;
        _chunksLeft--;
        uint packed = _source.UInt32(_at, "the size of a packed piece"), unpacked = _source.UInt32(_at + 4, "the size of an unpacked piece");
        if (unpacked > LargestChunk || packed > LargestChunk)
            throw _source.Damage(_at, $"a piece of {packed} bytes that unpacks to {unpacked}", $"at most {LargestChunk}");
        Place = _at;
        _source.Hold(unpacked, _at);
        _chunk = _source.Unpack(_at + 8, packed, unpacked, "packed records");
        _inChunk = 0;
        _at += 8 + (long)packed;
        return _chunk.Length > 0 ? true : throw _source.Damage(Place, "an empty piece", "pages");
    }
}
