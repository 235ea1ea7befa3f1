using System.Buffers.Binary;

namespace Wirq.Board.Loading;

/// <summary>The setup header of Linux's <c>bzImage</c>: what a loader must know of it.</summary>
/// <remarks><code>
/// +0x1F1 sectors of the setup code, 0 for 4    +0x1FE 0xAA55     +0x201 bytes of the header from +0x202 on
/// +0x202 "HdrS"    +0x206 version              +0x211 load flags: 0 the kernel is loaded above 1 MiB
/// +0x22C highest address of the initial RAM disk    +0x236 further flags: 0 there is an entry of 64 bits
/// +0x238 longest command line, without the zero     +0x258 preferred address    +0x260 memory that it needs there
/// </code>Linux Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". The kernel follows the setup code, in whole
/// sectors of 512 bytes. It unpacks itself; what it is packed with is not the loader's affair.</remarks>
/// <param name="File">The file, for messages.</param>
/// <param name="KernelAt">Offset of the kernel in the file.</param>
/// <param name="Length">The end of the setup header: an offset in the file, and in the zero page.</param>
/// <param name="Address">Physical address to load the kernel to.</param>
/// <param name="MemoryBytes">Memory that it needs from there on.</param>
/// <param name="LastInitrdByte">The highest address of the initial RAM disk.</param>
/// <param name="CommandLineBytes">The longest command line, without the zero.</param>
internal sealed record LinuxHeader(string File, int KernelAt, int Length, ulong Address, uint MemoryBytes, uint LastInitrdByte,
    uint CommandLineBytes)
{
    /// <summary>Offset of the header in the file, and in the zero page.</summary>
    internal const int Offset = 0x1F1;
    /// <summary>Offset of the 64-bit entry in the kernel.</summary>
    internal const uint EntryOffset = 0x200;

    private const int BootFlagAt = 0x1FE, JumpLengthAt = 0x201, MagicAt = 0x202, VersionAt = 0x206, LoadFlagsAt = 0x211,
        InitrdLastAt = 0x22C, MoreFlagsAt = 0x236, CommandLineAt = 0x238, AddressAt = 0x258, MemoryAt = 0x260, NeededBytes = 0x264;
    private const int Sector = 512, DefaultSectors = 4;
    // The header ends before the next field of the zero page.
    private const int ZeroPageRoom = 0x290;
    private const ushort BootFlag = 0xAA55, FirstVersion = 0x20C;
    private const byte LoadedHigh = 1, Has64BitEntry = 1;

    /// <summary>Whether a file is a <c>bzImage</c>, or at least says so.</summary>
    internal static bool IsIn(ReadOnlySpan<byte> bytes) => bytes.Length >= MagicAt + 4 && bytes.Slice(MagicAt, 4).SequenceEqual("HdrS"u8);

    /// <summary>Reads the header.</summary>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="bytes">The file; <see cref="IsIn"/> is true.</param>
    /// <exception cref="ImageException">The board cannot start it.</exception>
    internal static LinuxHeader Read(string file, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < NeededBytes)
            throw new ImageException(file, bytes.Length, $"expected a setup header of Linux up to 0x{NeededBytes:x}; the file ends here");
        Expect(file, bytes, BootFlagAt, Half(bytes, BootFlagAt) == BootFlag, "the boot flag 0xaa55");
        Expect(file, bytes, VersionAt, Half(bytes, VersionAt) >= FirstVersion, "version 2.12 (0x20c) of the boot protocol, or a later one");
        Expect(file, bytes, LoadFlagsAt, (bytes[LoadFlagsAt] & LoadedHigh) != 0, "load flags with bit 0, a bzImage, set");
        Expect(file, bytes, MoreFlagsAt, (bytes[MoreFlagsAt] & Has64BitEntry) != 0, "load flags with bit 0, an entry of 64 bits, set");
        int sectors = bytes[Offset] == 0 ? DefaultSectors : bytes[Offset];
        int kernelAt = (sectors + 1) * Sector;
        if (kernelAt + (long)EntryOffset >= bytes.Length)
            throw new ImageException(file, Offset, $"expected a kernel at 0x{kernelAt:x}, after {sectors} sectors of setup code, with its "
                + $"entry at 0x{EntryOffset:x}; the file ends at 0x{bytes.Length:x}");
        ulong address = BinaryPrimitives.ReadUInt64LittleEndian(bytes[AddressAt..]);
        uint memory = Word(bytes, MemoryAt), kernelBytes = (uint)(bytes.Length - kernelAt);
        if (memory < kernelBytes)
            throw new ImageException(file, MemoryAt, $"expected at least 0x{kernelBytes:x} bytes of memory, as many as the kernel "
                + $"has in the file; found 0x{memory:x}");
        // What follows in the zero page is the loader's.
        int end = Math.Min(MagicAt + bytes[JumpLengthAt], ZeroPageRoom);
        if (end < NeededBytes)
            throw new ImageException(file, JumpLengthAt, $"expected a setup header that ends at 0x{NeededBytes:x} or later; it ends at 0x{end:x}");
        return new(file, kernelAt, end, address, memory, Word(bytes, InitrdLastAt), Word(bytes, CommandLineAt));
    }

    private static void Expect(string file, ReadOnlySpan<byte> bytes, int at, bool holds, string what)
    {
        if (!holds)
            throw new ImageException(file, at, $"expected {what}; found 0x{Half(bytes, at):x}");
    }

    private static ushort Half(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint Word(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
