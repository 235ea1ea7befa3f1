using Wirq.Board.Memory;

namespace Wirq.Board.Loading;

/// <summary>Memory that an image does not use, in whole pages: below 640 KiB without the first page, or from 1 MiB to
/// the hole for devices. The highest addresses that fit are used.</summary>
internal sealed class FreeRoom
{
    /// <summary>The end of conventional memory.</summary>
    internal const uint ConventionalEnd = 0xA0000;
    /// <summary>The address at which memory continues.</summary>
    internal const uint UpperStart = 0x100000;

    private const ulong Page = 4096;

    private readonly BoardMemory _memory;
    private readonly Elf32Image _image;
    private readonly List<(ulong Start, ulong End)> _taken;

    internal FreeRoom(BoardMemory memory, Elf32Image image)
    {
        _memory = memory;
        _image = image;
        _taken = [.. image.Segments.Select(segment => ((ulong)segment.Address, segment.End))];
    }

    /// <summary>The most ranges of <see cref="Map"/>.</summary>
    internal const int MaxRanges = 3;

    /// <summary>The ranges of RAM as a PC tells them to its guest.</summary>
    internal static ReadOnlySpan<(ulong Address, ulong Bytes)> Map(BoardMemory memory)
    {
        (ulong, ulong)[] ranges = [(0, ConventionalEnd), (UpperStart, memory.LowBytes - UpperStart), (BoardMemory.HoleEnd, memory.HighBytes)];
        return ranges.AsSpan(0, memory.HighBytes == 0 ? MaxRanges - 1 : MaxRanges);
    }

    /// <summary>Allocates memory.</summary>
    /// <param name="size">Bytes.</param>
    /// <param name="what">The purpose, for the message.</param>
    /// <returns>The address, a multiple of 4096.</returns>
    /// <exception cref="ImageException">There is not enough memory.</exception>
    internal uint Take(uint size, string what)
    {
        // The first page contains the vector table of real mode.
        ulong at = Highest(size, Page, ConventionalEnd) ?? Highest(size, UpperStart, _memory.LowBytes)
            ?? throw new ImageException(_image.File, -1, $"expected room for {what}, {size} bytes, beside what it loads; the "
                + $"board has {_memory.Bytes / BoardMemory.Granule} MiB: give it more");
        int next = _taken.FindIndex(taken => taken.Start > at);
        _taken.Insert(next < 0 ? _taken.Count : next, (at, at + size));
        return (uint)at;
    }

    /// <summary>The allocated ranges are in ascending order and do not overlap, so each gap is checked once, from the
    /// last to the first.</summary>
    private ulong? Highest(uint size, ulong from, ulong to)
    {
        ulong end = to;
        for (int i = _taken.Count; i >= 0; i--)
        {
            ulong floor = i > 0 ? Math.Max(from, _taken[i - 1].End) : from;
            if (end >= size && (end - size) / Page * Page is ulong at && at >= floor)
                return at;
            if (i > 0)
                end = Math.Min(end, _taken[i - 1].Start);
        }
        return null;
    }
}
