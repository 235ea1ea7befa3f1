using System.Buffers.Binary;
using System.Text;
using Wirq.Board.Memory;

namespace Wirq.Board.Loading;

/// <summary>The information to which EBX points when a Multiboot image starts.</summary>
/// <remarks><code>
/// +0  flags: 0 memory, 2 command line, 3 modules, 6 memory map, 9 name of the loader
/// +4  KiB from address 0    +8  KiB from 1 MiB, up to the hole for devices
/// +16 command line          +20 how many modules    +24 the modules
/// +44 bytes of the map      +48 the map             +64 name of the loader
/// module:  +0 first byte    +4 behind the last    +8 its command line    +12 zero
/// map:     +0 bytes that follow in this entry, 20    +4 address    +12 length    +20 1 for RAM
/// </code>Multiboot Specification 0.6.96, 3.3. It is written to memory that the image does not use: as high as possible
/// below 640 KiB, or else as high as possible below the end of RAM. The module lies behind the image. An image may use that
/// memory after it has read the information; images of kvm-unit-tests copy what they need.</remarks>
internal static class MultibootInfo
{
    /// <summary>The longest command line in bytes, with the zero at its end.</summary>
    internal const int MaxCommandLine = 4096;

    private const int InfoBytes = 96, ModuleBytes = 16, MapEntryBytes = 24, LoaderBytes = 8;
    private const int ModuleAt = InfoBytes, MapAt = ModuleAt + ModuleBytes,
        LoaderAt = MapAt + RamMap.MaxRanges * MapEntryBytes, CommandLineAt = LoaderAt + LoaderBytes;
    private const uint MemoryFlag = 1 << 0, CommandLineFlag = 1 << 2, ModulesFlag = 1 << 3, MapFlag = 1 << 6, LoaderFlag = 1 << 9;
    private const uint Kibibyte = 1024;

    /// <summary>Writes it.</summary>
    /// <returns>Its address.</returns>
    /// <exception cref="ImageException">It does not fit beside the image, or the command line is too long.</exception>
    internal static uint Write(BoardMemory memory, ElfImage image, string? arguments, ReadOnlySpan<byte> module)
    {
        byte[] line = CommandLine(image.File, arguments, withName: true);
        int size = CommandLineAt + line.Length;
        var room = new FreeRoom(memory, image);
        uint at = room.Take((uint)size, "its command line");
        Span<byte> block = memory.AsSpan(at, size);
        block.Clear();
        line.CopyTo(block[CommandLineAt..]);
        "wirq\0"u8.CopyTo(block[LoaderAt..]);
        int entries = WriteMap(block[MapAt..], memory);
        uint flags = MemoryFlag | CommandLineFlag | MapFlag | LoaderFlag;
        if (!module.IsEmpty)
        {
            // Common loaders put it there, and a kernel may take what follows its module for memory that is free.
            uint start = room.TakeBehind((uint)module.Length, "its module");
            memory.TryWrite(start, module);
            flags |= ModulesFlag;
            Set(block, 20, 1);
            Set(block, 24, at + ModuleAt);
            Set(block, ModuleAt, start);
            Set(block, ModuleAt + 4, start + (uint)module.Length);
            // An empty string: the zero that ends the command line.
            Set(block, ModuleAt + 8, at + (uint)size - 1);
        }
        Set(block, 0, flags);
        Set(block, 4, FreeRoom.ConventionalEnd / Kibibyte);
        Set(block, 8, (uint)((memory.LowBytes - FreeRoom.UpperStart) / Kibibyte));
        Set(block, 16, at + CommandLineAt);
        Set(block, 44, (uint)(entries * MapEntryBytes));
        Set(block, 48, at + MapAt);
        Set(block, 64, at + LoaderAt);
        return at;
    }

    /// <summary>The command line, with the zero at its end.</summary>
    /// <param name="file">The image.</param>
    /// <param name="arguments">The arguments; null for none.</param>
    /// <param name="withName">Whether it begins with the file's name, as with the loader of a PC: images count their
    /// arguments from there. A blank in the name would split it.</param>
    /// <param name="most">The most bytes, with the zero.</param>
    internal static byte[] CommandLine(string file, string? arguments, bool withName, int most = MaxCommandLine)
    {
        string name = withName ? Path.GetFileName(file).Replace(' ', '_').Replace('\t', '_') : "";
        byte[] line = Encoding.UTF8.GetBytes($"{name} {arguments}".Trim() + '\0');
        return line.Length <= most
            ? line
            : throw new ImageException(file, -1, $"expected a command line of at most {most - 1} bytes; it has {line.Length - 1}");
    }

    private static int WriteMap(Span<byte> map, BoardMemory memory)
    {
        int count = RamMap.Write(map[sizeof(uint)..], MapEntryBytes, memory);
        for (int i = 0; i < count; i++)
            Set(map, i * MapEntryBytes, MapEntryBytes - sizeof(uint));
        return count;
    }

    private static void Set(Span<byte> bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], value);
}
