using System.Buffers.Binary;
using Wirq.Board.Memory;

namespace Wirq.Board.Loading;

/// <summary>The information to which EBX points when a PVH image starts.</summary>
/// <remarks><code>
/// +0 magic 0x336EC578   +4 version 1   +8 flags   +12 how many modules   +16 the modules   +24 command line
/// +32 RSDP, 0 for none  +40 the memory map        +48 its entries        +52 zero
/// module: +0 first byte   +8 bytes    +16 its command line   +24 zero
/// map:    +0 address      +8 bytes    +16 1 for RAM          +20 zero
/// </code>Xen, public/arch-x86/hvm/start_info.h. It lies where <see cref="MultibootInfo"/> would.</remarks>
internal static class PvhInfo
{
    private const uint Magic = 0x336EC578, Version = 1;
    private const int InfoBytes = 56, ModuleBytes = 32, MapEntryBytes = 24;
    private const int ModuleAt = InfoBytes, MapAt = ModuleAt + ModuleBytes, CommandLineAt = MapAt + RamMap.MaxRanges * MapEntryBytes;

    /// <summary>Writes it.</summary>
    /// <returns>Its address.</returns>
    /// <exception cref="ImageException">It does not fit beside the image, or the command line is too long.</exception>
    internal static uint Write(BoardMemory memory, ElfImage image, string? arguments, ReadOnlySpan<byte> module, ulong rsdp = 0)
    {
        byte[] line = MultibootInfo.CommandLine(image.File, arguments, withName: !PvhNote.IsLinux(image));
        int size = CommandLineAt + line.Length;
        var room = new FreeRoom(memory, image);
        uint at = room.Take((uint)size, "its command line");
        Span<byte> block = memory.AsSpan(at, size);
        block.Clear();
        line.CopyTo(block[CommandLineAt..]);
        Set(block, 0, Magic);
        Set(block, 4, Version);
        if (!module.IsEmpty)
        {
            uint start = room.Take((uint)module.Length, "its module", upper: true);
            memory.TryWrite(start, module);
            Set(block, 12, 1);
            Set(block, 16, at + ModuleAt);
            Set(block, ModuleAt, start);
            Set(block, ModuleAt + 8, (uint)module.Length);
        }
        Set(block, 24, at + CommandLineAt);
        BinaryPrimitives.WriteUInt64LittleEndian(block[32..], rsdp);
        Set(block, 40, at + MapAt);
        Set(block, 48, (uint)RamMap.Write(block[MapAt..], MapEntryBytes, memory));
        return at;
    }

    private static void Set(Span<byte> bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], value);
}
