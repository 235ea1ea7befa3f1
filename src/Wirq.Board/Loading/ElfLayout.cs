using System.Buffers.Binary;

namespace Wirq.Board.Loading;

/// <summary>Where the fields of an ELF file are: they differ between files of 32 and of 64 bits.</summary>
/// <remarks>System V ABI, chapter 4 "ELF Header" and chapter 5 "Program Header"; for 64 bits, ELF-64 Object File Format 1.5,
/// 3 and 6.</remarks>
/// <param name="Is64">Whether addresses and offsets have 64 bits.</param>
internal readonly record struct ElfLayout(bool Is64)
{
    internal const byte Class32 = 1, Class64 = 2;
    internal const int EntryAt = 24;

    internal int HeaderBytes => Is64 ? 64 : 52;
    internal int ProgramHeaderBytes => Is64 ? 56 : 32;
    internal int ProgramHeadersAt => Is64 ? 32 : 28;
    internal int EntryBytesAt => Is64 ? 54 : 42;
    internal int CountAt => Is64 ? 56 : 44;
    // Of a program header.
    internal int OffsetAt => Is64 ? 8 : 4;
    internal int AddressAt => Is64 ? 24 : 12;
    internal int FileBytesAt => Is64 ? 32 : 16;
    internal int MemoryBytesAt => Is64 ? 40 : 20;

    /// <summary>An address, an offset or a size.</summary>
    internal ulong Number(ReadOnlySpan<byte> bytes, int at) => Is64
        ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..])
        : BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);
}
