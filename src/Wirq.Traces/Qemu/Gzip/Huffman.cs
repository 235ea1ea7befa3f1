namespace Wirq.Traces.Qemu.Gzip;

/// <summary>A code of RFC 1951, built from the lengths of its codes.</summary>
internal sealed class Huffman(int symbols)
{
    private const int Longest = 15;

    /// <summary>Codes up to this length, nearly all, are looked up; longer ones are walked.</summary>
    private const int FastBits = 10;

    private const int LengthBits = 4;
    private const int LengthMask = (1 << LengthBits) - 1;

    private readonly ushort[] _fast = new ushort[1 << FastBits];
    private readonly ushort[] _count = new ushort[Longest + 1];
    private readonly ushort[] _symbols = new ushort[symbols];

    /// <summary>Takes new lengths, a symbol each; 0 where a symbol does not occur.</summary>
    /// <returns>False where there are more codes than bits can tell apart, or fewer (but one code alone is allowed).</returns>
    internal bool TryBuild(ReadOnlySpan<byte> lengths)
    {
        Array.Clear(_count);
        foreach (byte length in lengths)
            _count[length]++;
        int used = lengths.Length - _count[0];
        _count[0] = 0;
        int left = 1;
        Span<ushort> next = stackalloc ushort[Longest + 2];
        next.Clear();
        for (int length = 1; length <= Longest; length++)
        {
            left = (left << 1) - _count[length];
            if (left < 0)
                return false;
            next[length + 1] = (ushort)(next[length] + _count[length]);
        }
        for (int symbol = 0; symbol < lengths.Length; symbol++)
        {
            if (lengths[symbol] != 0)
                _symbols[next[lengths[symbol]]++] = (ushort)symbol;
        }
        FillFast();
        return left == 0 || used == 0 || (used == 1 && _count[1] == 1);
    }

    /// <summary>Reads one symbol.</summary>
    /// <returns>The symbol; -1 where the bits are no code.</returns>
    internal int Decode(ulong bits, out int length)
    {
        int entry = _fast[bits & ((1 << FastBits) - 1)];
        length = entry & LengthMask;
        return length != 0 ? entry >> LengthBits : Walk(bits, out length);
    }

    private int Walk(ulong bits, out int length)
    {
        int code = 0, first = 0, index = 0;
        for (length = 1; length <= Longest; length++, bits >>= 1)
        {
            code |= (int)(bits & 1);
            int count = _count[length];
            if (code - first < count)
                return _symbols[index + code - first];
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        return -1;
    }

    private void FillFast()
    {
        Array.Clear(_fast);
        int code = 0, index = 0;
        for (int length = 1; length <= FastBits; length++, code <<= 1)
        {
            for (int i = 0; i < _count[length]; i++, code++, index++)
            {
                // Codes come highest bit first, in a stream that is read lowest bit first.
                int reversed = 0;
                for (int bit = 0; bit < length; bit++)
                    reversed |= ((code >> bit) & 1) << (length - 1 - bit);
                for (int at = reversed; at < _fast.Length; at += 1 << length)
                    _fast[at] = (ushort)((_symbols[index] << LengthBits) | length);
            }
        }
    }
}
