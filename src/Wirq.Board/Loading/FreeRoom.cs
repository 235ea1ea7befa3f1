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
    private readonly string _file;
    private readonly List<(ulong Start, ulong End)> _taken;

    /// <summary>All memory that an image does not load.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="file">The name of the image, for messages.</param>
    /// <param name="taken">What the image loads: in ascending order, without overlaps.</param>
    internal FreeRoom(BoardMemory memory, string file, params IEnumerable<(ulong Start, ulong End)> taken)
    {
        _memory = memory;
        _file = file;
        _taken = [.. taken];
    }

    internal FreeRoom(BoardMemory memory, ElfImage image)
        : this(memory, image.File, image.Segments.Select(segment => (segment.Address, segment.End)))
    {
    }

    /// <summary>Allocates memory.</summary>
    /// <param name="size">Bytes.</param>
    /// <param name="what">The purpose, for the message.</param>
    /// <param name="upper">Whether it must be above 1 MiB: a large block below would leave no room for the start of other
    /// CPUs.</param>
    /// <param name="end">The address that its last byte must be below.</param>
    /// <returns>The address, a multiple of 4096.</returns>
    /// <exception cref="ImageException">There is not enough memory.</exception>
    internal uint Take(uint size, string what, bool upper = false, ulong end = ulong.MaxValue)
    {
        // The first page contains the vector table of real mode.
        ulong at = (upper ? null : Highest(size, Page, ConventionalEnd)) ?? Highest(size, UpperStart, Math.Min(end, _memory.LowBytes))
            ?? throw new ImageException(_file, -1, $"expected room for {what}, {size} bytes, beside what it loads; the "
                + $"board has {_memory.Bytes / BoardMemory.Granule} MiB: give it more");
        int next = _taken.FindIndex(taken => taken.Start > at);
        _taken.Insert(next < 0 ? _taken.Count : next, (at, at + size));
        return (uint)at;
    }

    /// <summary>Allocates memory behind everything that is taken, above 1 MiB.</summary>
    /// <inheritdoc cref="Take" path="/exception"/>
    internal uint TakeBehind(uint size, string what)
    {
        ulong end = Math.Max(UpperStart, _taken.Count == 0 ? 0 : _taken[^1].End), at = (end + Page - 1) / Page * Page;
        if (at + size > _memory.LowBytes)
            return Take(size, what);
        _taken.Add((at, at + size));
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
