using System.Buffers.Binary;
using Wirq.Board.Memory;

namespace Wirq.Board.Loading;

/// <summary>The ranges of RAM as a PC tells them to its guest.</summary>
/// <remarks><code>
/// +0 address    +8 bytes    +16 1 for RAM
/// </code>Each boot protocol has entries of this form, and more around it.</remarks>
internal static class RamMap
{
    /// <summary>The most ranges.</summary>
    internal const int MaxRanges = 3;

    private const int LengthAt = 8, KindAt = 16;
    private const uint Ram = 1;

    /// <summary>Writes an entry for each range.</summary>
    /// <param name="map">Where the first begins; it is clear.</param>
    /// <param name="entryBytes">Bytes from one entry to the next.</param>
    /// <param name="memory">The guest's memory.</param>
    /// <returns>How many there are.</returns>
    internal static int Write(Span<byte> map, int entryBytes, BoardMemory memory)
    {
        ReadOnlySpan<(ulong Address, ulong Bytes)> ranges = Of(memory);
        for (int i = 0; i < ranges.Length; i++)
        {
            Span<byte> entry = map[(i * entryBytes)..];
            BinaryPrimitives.WriteUInt64LittleEndian(entry, ranges[i].Address);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[LengthAt..], ranges[i].Bytes);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[KindAt..], Ram);
        }
        return ranges.Length;
    }

    private static ReadOnlySpan<(ulong Address, ulong Bytes)> Of(BoardMemory memory)
    {
        (ulong, ulong)[] ranges =
        [
            (0, FreeRoom.ConventionalEnd), (FreeRoom.UpperStart, memory.LowBytes - FreeRoom.UpperStart), (BoardMemory.HoleEnd, memory.HighBytes),
        ];
        return ranges.AsSpan(0, memory.HighBytes == 0 ? MaxRanges - 1 : MaxRanges);
    }
}
