using System.Buffers.Binary;
using Wirq.Board.Memory;

namespace Wirq.Board.Loading;

/// <summary>The page to which RSI points when Linux starts by its 64-bit boot protocol.</summary>
/// <remarks><code>
/// +0x070 RSDP, 64 bits    +0x1E8 entries of the memory map    +0x1F1 the setup header of the image, and in it:
/// +0x210 loader, 0xFF for none with a number    +0x218 initial RAM disk    +0x21C its bytes    +0x228 command line
/// +0x2D0 the memory map: +0 address    +8 bytes    +16 1 for RAM
/// </code>Linux Documentation/arch/x86/zero-page.rst and boot.rst. The RSDP counts from version 2.14 of the protocol on; older
/// kernels search for it between 0xE0000 and 1 MiB.</remarks>
internal static class ZeroPage
{
    private const int Bytes = 4096, RsdpAt = 0x070, MapCountAt = 0x1E8, LoaderAt = 0x210, InitrdAt = 0x218, InitrdBytesAt = 0x21C,
        CommandLineAt = 0x228, MapAt = 0x2D0, MapEntryBytes = 20;
    private const byte UnknownLoader = 0xFF;

    /// <summary>Writes it, the command line and the initial RAM disk.</summary>
    /// <returns>Its address.</returns>
    /// <exception cref="ImageException">There is no room, or the command line is too long.</exception>
    internal static uint Write(BoardMemory memory, FreeRoom room, LinuxHeader header, ReadOnlySpan<byte> file, string? arguments,
        ReadOnlySpan<byte> initrd, ulong rsdp)
    {
        int most = (int)Math.Min(header.CommandLineBytes, MultibootInfo.MaxCommandLine - 1) + 1;
        byte[] line = MultibootInfo.CommandLine(header.File, arguments, withName: false, most);
        uint at = room.Take((uint)(Bytes + line.Length), "its zero page");
        Span<byte> page = memory.AsSpan(at, Bytes + line.Length);
        page.Clear();
        line.CopyTo(page[Bytes..]);
        file[LinuxHeader.Offset..header.Length].CopyTo(page[LinuxHeader.Offset..]);
        page[LoaderAt] = UnknownLoader;
        Set(page, CommandLineAt, at + Bytes);
        Set(page, InitrdAt, 0);
        Set(page, InitrdBytesAt, 0);
        BinaryPrimitives.WriteUInt64LittleEndian(page[RsdpAt..], rsdp);
        page[MapCountAt] = (byte)RamMap.Write(page[MapAt..], MapEntryBytes, memory);
        if (!initrd.IsEmpty)
        {
            uint start = room.Take((uint)initrd.Length, "its initial RAM disk", upper: true, end: header.LastInitrdByte + 1ul);
            memory.TryWrite(start, initrd);
            Set(page, InitrdAt, start);
            Set(page, InitrdBytesAt, (uint)initrd.Length);
        }
        return at;
    }

    private static void Set(Span<byte> bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], value);
}
