namespace Wirq.Board.Bus;

/// <summary>Bytes of words, for accesses of 1 to 8 bytes.</summary>
internal static class Access
{
    private const int ByteBits = 8;

    /// <summary>The low <paramref name="size"/> bytes of a value.</summary>
    internal static uint Masked(uint value, int size) => (uint)Masked((ulong)value, size);

    /// <inheritdoc cref="Masked(uint, int)"/>
    internal static ulong Masked(ulong value, int size) => size >= sizeof(ulong) ? value : value & ((1ul << (size * ByteBits)) - 1);

    /// <summary>Bytes of a word, beginning at byte <paramref name="at"/>.</summary>
    internal static uint Part(uint word, int at, int size) => Masked(word >> (at * ByteBits), size);

    /// <summary>A word with some of its bytes replaced. Bytes beyond the word are dropped.</summary>
    internal static uint Merge(uint word, int at, int size, uint value)
    {
        uint mask = (uint)(Masked(ulong.MaxValue, size) << (at * ByteBits));
        return word & ~mask | value << (at * ByteBits) & mask;
    }

    /// <summary>One byte of a longer value.</summary>
    internal static byte Byte(ulong value, int at) => (byte)(value >> (at * ByteBits));
}
