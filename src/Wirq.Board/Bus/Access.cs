namespace Wirq.Board.Bus;

/// <summary>Parts of words, as accesses of 1 to 8 bytes have them.</summary>
internal static class Access
{
    private const int ByteBits = 8;

    /// <summary>The bits that an access of <paramref name="size"/> bytes has.</summary>
    internal static uint Masked(uint value, int size) => (uint)Masked((ulong)value, size);

    /// <inheritdoc cref="Masked(uint, int)"/>
    internal static ulong Masked(ulong value, int size) => size >= sizeof(ulong) ? value : value & ((1ul << (size * ByteBits)) - 1);

    /// <summary>Bytes of a word, from the one at <paramref name="at"/> on.</summary>
    internal static uint Part(uint word, int at, int size) => Masked(word >> (at * ByteBits), size);

    /// <summary>A word with some of its bytes replaced; what lies beyond it is dropped.</summary>
    internal static uint Merge(uint word, int at, int size, uint value)
    {
        uint mask = (uint)(Masked(ulong.MaxValue, size) << (at * ByteBits));
        return word & ~mask | value << (at * ByteBits) & mask;
    }

    /// <summary>One byte of a longer value.</summary>
    internal static byte Byte(ulong value, int at) => (byte)(value >> (at * ByteBits));
}
