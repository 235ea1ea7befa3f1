using System.Buffers.Binary;
using Wirq.Linux;
using Wirq.Remapping;

namespace Wirq.Board.Workarounds;

/// <summary>Walks the page tables of a guest, as CPL 0 (Intel SDM vol. 3, 4.3 to 4.5). Tables of five levels are not
/// supported.</summary>
internal static class GuestPaging
{
    private const ulong PagingEnabled = 1ul << 31, WriteProtect = 1 << 16, LargePages = 1 << 4, Extension = 1 << 5, LongModeActive = 0x400;
    private const ulong ExtensionTable = 0xFFFF_FFE0;
    private const int LongLevels = 4, ExtensionLevels = 3, LargestLargeLevel = 3;

    /// <summary>Translates a linear address.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="system">The registers that select the mode.</param>
    /// <param name="linear">The address.</param>
    /// <param name="write">Whether it is for a write.</param>
    /// <param name="physical">The physical address; the linear one if the result is false.</param>
    /// <returns>Whether a page is mapped there that may be used so.</returns>
    internal static bool TryTranslate(IGuestMemory memory, in KvmSystemRegisters system, ulong linear, bool write, out ulong physical)
    {
        physical = linear;
        if ((system.Cr0 & PagingEnabled) == 0)
            return true;
        bool isLong = (system.Efer & LongModeActive) != 0;
        bool found = isLong || (system.Cr4 & Extension) != 0
            ? TryWalk(memory, system.Cr3, isLong, linear, out ulong place, out bool writable)
            : TryWalkOfOld(memory, system, (uint)linear, out place, out writable);
        if (!found || write && !writable && (system.Cr0 & WriteProtect) != 0)
            return false;
        physical = place;
        return true;
    }

    /// <summary>Tables with entries of 8 bytes: four levels, or three without 64-bit mode.</summary>
    private static bool TryWalk(IGuestMemory memory, ulong cr3, bool isLong, ulong linear, out ulong place, out bool writable)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ulong table = isLong ? new GuestPageEntry(cr3).Address : cr3 & ExtensionTable;
        (place, writable) = (0, true);
        for (int level = isLong ? LongLevels : ExtensionLevels; ; level--)
        {
            if (!memory.TryRead(table + GuestPageEntry.OffsetOf(linear, level), bytes))
                return false;
            var entry = new GuestPageEntry(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            if (!entry.Present)
                return false;
            // The four entries of the third level without 64-bit mode have neither bit (table 4-8).
            bool isPointer = !isLong && level == ExtensionLevels;
            writable &= isPointer || entry.Writable;
            if (level == 1 || level <= LargestLargeLevel && !isPointer && entry.Large)
            {
                place = entry.Place(linear, level);
                return true;
            }
            table = entry.Address;
        }
    }

    /// <summary>Two levels of tables with entries of 4 bytes.</summary>
    private static bool TryWalkOfOld(IGuestMemory memory, in KvmSystemRegisters system, uint linear, out ulong place, out bool writable)
    {
        (place, writable) = (0, false);
        if (!TryRead(memory, new GuestOldPageEntry((uint)system.Cr3).Address + GuestOldPageEntry.OffsetOf(linear, 2), out GuestOldPageEntry directory)
            || !directory.Present)
            return false;
        if (directory.Large && (system.Cr4 & LargePages) != 0)
        {
            (place, writable) = (directory.LargePlace(linear), directory.Writable);
            return true;
        }
        if (!TryRead(memory, directory.Address + GuestOldPageEntry.OffsetOf(linear, 1), out GuestOldPageEntry entry) || !entry.Present)
            return false;
        (place, writable) = (entry.Place(linear), directory.Writable && entry.Writable);
        return true;
    }

    private static bool TryRead(IGuestMemory memory, ulong address, out GuestOldPageEntry entry)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        bool read = memory.TryRead(address, bytes);
        entry = new GuestOldPageEntry(read ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : 0);
        return read;
    }
}

/// <summary>An entry of the page tables of 32-bit paging.</summary>
/// <remarks><code>
///  31              12 11   8  7 6 5   2 1 0
/// +------------------+------+--+---+---+-+-+
/// |  frame or table  |      |PS|   |   |W|P|   PS: bits 31:22 are the frame, bits 20:13 are bits 39:32 of it
/// +------------------+------+--+---+---+-+-+
/// </code>Intel SDM vol. 3, tables 4-4 to 4-6.</remarks>
internal readonly record struct GuestOldPageEntry(uint Bits)
{
    private const uint AddressMask = 0xFFFF_F000, LargeMask = 0xFFC0_0000, HighMask = 0xFF;
    private const int IndexBits = 10, PageBits = 12, HighShift = 13, HighTo = 32;

    internal bool Present => (Bits & 1) != 0;
    internal bool Writable => (Bits & 2) != 0;
    internal bool Large => (Bits & 0x80) != 0;
    internal ulong Address => Bits & AddressMask;

    /// <summary>The offset of the entry for an address in its table.</summary>
    internal static ulong OffsetOf(uint linear, int level) =>
        (linear >> (PageBits + (level - 1) * IndexBits) & ((1u << IndexBits) - 1)) * sizeof(uint);

    /// <summary>The physical address of a linear one in its page of 4 KiB.</summary>
    internal ulong Place(uint linear) => Address | linear & ~AddressMask;

    /// <summary>The physical address of a linear one in its page of 4 MiB.</summary>
    internal ulong LargePlace(uint linear) => (ulong)(Bits >> HighShift & HighMask) << HighTo | Bits & LargeMask | linear & ~LargeMask;
}
