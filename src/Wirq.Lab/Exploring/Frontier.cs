using System.Numerics;

namespace Wirq.Lab.Exploring;

/// <summary>The packed worlds of one level, in the order of their numbers.</summary>
internal sealed unsafe class Frontier(Segments memory)
{
    private const int BlockBytes = 1 << 18, Positions = 1 << 14;
    private readonly List<(nint At, int Length)> _blocks = [];
    // Where each world begins: the block, and the place in it; in pieces, so that growing moves nothing.
    private readonly List<(int Block, int At, int Length)[]> _places = [];
    private int _block = -1, _used;

    /// <summary>How many worlds it has.</summary>
    internal int Count { get; private set; }

    /// <summary>The number of the first of them.</summary>
    internal long First { get; set; }

    /// <summary>The bytes that it holds.</summary>
    internal long Bytes { get; private set; }

    internal ReadOnlySpan<byte> this[int index]
    {
        get
        {
            (int block, int at, int length) = _places[index / Positions][index % Positions];
            return new ReadOnlySpan<byte>((byte*)_blocks[block].At + at, length);
        }
    }

    internal void Add(ReadOnlySpan<byte> packed)
    {
        if (_block < 0 || _blocks[_block].Length - _used < packed.Length)
            Open(packed.Length);
        if (Count / Positions == _places.Count)
        {
            _places.Add(new (int, int, int)[Positions]);
            Bytes += Positions * 3 * sizeof(int);
        }
        packed.CopyTo(new Span<byte>((byte*)_blocks[_block].At + _used, packed.Length));
        _places[Count / Positions][Count % Positions] = (_block, _used, packed.Length);
        _used += packed.Length;
        Count++;
    }

    /// <summary>Empties it; its memory is used again.</summary>
    internal void Clear() => (Count, _block, _used) = (0, -1, 0);

    private void Open(int length)
    {
        _block++;
        _used = 0;
        if (_block < _blocks.Count && _blocks[_block].Length >= length)
            return;
        int bytes = Math.Max(BlockBytes, (int)BitOperations.RoundUpToPowerOf2((uint)length));
        Bytes += bytes;
        // One that is too small stays behind it.
        _blocks.Insert(_block, ((nint)memory.Take(bytes), bytes));
    }
}
