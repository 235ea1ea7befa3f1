namespace Wirq.Traces.Qemu.Gzip;

/// <summary>Decompresses one DEFLATE stream (RFC 1951) after another.</summary>
internal sealed class Inflater(BitSource bits)
{
    private const int EndOfBlock = 256, FirstLength = 257;
    private const int LiteralSymbols = 288, LengthSymbols = 29, DistanceSymbols = 30, FixedDistances = 32, LengthCodes = 19;
    private const int CopyPrevious = 16, RepeatZero = 17;
    private const int LongestMatch = 258, Window = 1 << 15, Chunk = 1 << 16;

    private static readonly byte[] LengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    private static readonly ushort[] LengthBases =
        [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];

    private static readonly byte[] LengthExtra =
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    private static readonly ushort[] DistanceBases =
    [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
        8193, 12289, 16385, 24577,
    ];

    private static readonly byte[] DistanceExtra =
        [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    private readonly byte[] _output = new byte[Window + Chunk + LongestMatch];
    private readonly Huffman _literals = new(LiteralSymbols), _distances = new(FixedDistances), _lengths = new(LengthCodes);
    private int _given, _end, _start;
    private int _stored;
    private Block _block = Block.None;
    private bool _last;

    private enum Block
    {
        None,
        Stored,
        Coded,
    }

    /// <summary>What was decompressed and not yet <see cref="Take"/>n.</summary>
    internal ReadOnlySpan<byte> Output => _output.AsSpan(_given, _end - _given);

    /// <summary>Counts output as taken.</summary>
    internal void Take(int count) => _given += count;

    /// <summary>Begins the next stream, which cannot refer to the last one.</summary>
    internal void Begin()
    {
        _start = _end;
        _last = false;
        _block = Block.None;
    }

    /// <summary>Decompresses until there is output enough, all of which must have been taken.</summary>
    /// <returns>False at the end of the stream.</returns>
    internal bool Decompress()
    {
        int keep = Math.Min(_end - _start, Window);
        _output.AsSpan(_end - keep, keep).CopyTo(_output);
        _start = 0;
        _given = _end = keep;
        while (_end < Window + Chunk)
        {
            switch (_block)
            {
                case Block.None when _last:
                    return false;
                case Block.None:
                    BeginBlock();
                    break;
                case Block.Stored:
                    Copy();
                    break;
                default:
                    Decode();
                    break;
            }
        }
        return true;
    }

    private void BeginBlock()
    {
        _last = bits.Take(1) != 0;
        switch (bits.Take(2))
        {
            case 0:
                bits.Align();
                _stored = (int)bits.Take(16);
                if ((uint)_stored != (~bits.Take(16) & ushort.MaxValue))
                    throw Damage("a length that contradicts its complement", "a stored block");
                _block = Block.Stored;
                break;
            case 1:
                BuildFixed();
                _block = Block.Coded;
                break;
            case 2:
                BuildDynamic();
                _block = Block.Coded;
                break;
            default:
                throw Damage("a block of type 3", "a block of type 0 to 2");
        }
    }

    private void Copy()
    {
        for (; _stored > 0 && _end < Window + Chunk; _stored--)
            _output[_end++] = (byte)bits.Take(8);
        if (_stored == 0)
            _block = Block.None;
    }

    private void Decode()
    {
        while (_end < Window + Chunk)
        {
            ulong next = bits.Peek();
            int symbol = _literals.Decode(next, out int used);
            if ((uint)symbol < EndOfBlock)
            {
                bits.Drop(used);
                _output[_end++] = (byte)symbol;
                continue;
            }
            if (symbol == EndOfBlock)
            {
                bits.Drop(used);
                _block = Block.None;
                return;
            }
            symbol -= FirstLength;
            if ((uint)symbol >= LengthSymbols)
                throw Damage("no code", "a literal or a length");
            int length = LengthBases[symbol] + Extra(next, ref used, LengthExtra[symbol]);
            int far = _distances.Decode(next >> used, out int more);
            if ((uint)far >= DistanceSymbols)
                throw Damage("no code", "a distance");
            used += more;
            int distance = DistanceBases[far] + Extra(next, ref used, DistanceExtra[far]);
            bits.Drop(used);
            if (distance > _end - _start)
                throw Damage("a distance to before the beginning", "a distance into what came");
            Repeat(distance, length);
        }
    }

    private static int Extra(ulong next, ref int used, int count)
    {
        int extra = (int)(next >> used) & ((1 << count) - 1);
        used += count;
        return extra;
    }

    private void Repeat(int distance, int length)
    {
        // A match may reach into what it writes itself; each copy doubles what the next one may take at once.
        for (; length > distance; length -= distance, distance *= 2)
        {
            _output.AsSpan(_end - distance, distance).CopyTo(_output.AsSpan(_end));
            _end += distance;
        }
        _output.AsSpan(_end - distance, length).CopyTo(_output.AsSpan(_end));
        _end += length;
    }

    private void BuildFixed()
    {
        Span<byte> lengths = stackalloc byte[LiteralSymbols];
        lengths[..144].Fill(8);
        lengths[144..256].Fill(9);
        lengths[256..280].Fill(7);
        lengths[280..].Fill(8);
        _literals.TryBuild(lengths);
        lengths[..FixedDistances].Fill(5);
        _distances.TryBuild(lengths[..FixedDistances]);
    }

    private void BuildDynamic()
    {
        int literals = (int)bits.Take(5) + FirstLength;
        int distances = (int)bits.Take(5) + 1;
        int codes = (int)bits.Take(4) + 4;
        if (literals > FirstLength + LengthSymbols || distances > DistanceSymbols)
            throw Damage("too many codes", "at most 286 literals and lengths and 30 distances");
        Span<byte> lengths = stackalloc byte[FirstLength + LengthSymbols + DistanceSymbols];
        lengths.Clear();
        for (int i = 0; i < codes; i++)
            lengths[LengthOrder[i]] = (byte)bits.Take(3);
        if (!_lengths.TryBuild(lengths[..LengthCodes]))
            throw Damage("lengths that make no code", "the code of the lengths");
        ReadLengths(lengths[..(literals + distances)]);
        if (lengths[EndOfBlock] == 0 || !_literals.TryBuild(lengths[..literals])
            || !_distances.TryBuild(lengths.Slice(literals, distances)))
            throw Damage("lengths that make no code", "the codes of a block");
    }

    private void ReadLengths(Span<byte> lengths)
    {
        for (int at = 0; at < lengths.Length;)
        {
            int symbol = _lengths.Decode(bits.Peek(), out int used);
            if (symbol < 0)
                throw Damage("no code", "a length of a code");
            bits.Drop(used);
            if (symbol < CopyPrevious)
            {
                lengths[at++] = (byte)symbol;
                continue;
            }
            if (symbol == CopyPrevious && at == 0)
                throw Damage("a repetition of nothing", "a length of a code");
            byte repeated = symbol == CopyPrevious ? lengths[at - 1] : (byte)0;
            int times = symbol switch
            {
                CopyPrevious => 3 + (int)bits.Take(2),
                RepeatZero => 3 + (int)bits.Take(3),
                _ => 11 + (int)bits.Take(7),
            };
            if (times > lengths.Length - at)
                throw Damage("more lengths than codes", "the lengths of the codes");
            lengths.Slice(at, times).Fill(repeated);
            at += times;
        }
    }

    private GzipDamage Damage(string found, string expected) => new(bits.Offset, found, expected);
}
