using System.Buffers.Binary;
using Wirq.Board.Loading;
using Wirq.Board.Memory;

namespace Wirq.Board.Firmware;

/// <summary>Writes what a guest asks of a BIOS's data: where base memory ends.</summary>
/// <remarks><code>
/// 0x40E  segment of the extended data area, 0: there is none   0x413  KiB of base memory, 16 bits
/// </code>IBM PS/2 and PC BIOS Interface Technical Reference, BIOS data area. MultiProcessor Specification 1.4, chapter 4: a guest
/// looks for the pointer of the MP tables at the end of base memory before it looks at 0xF0000. Where base memory ended at 0, it
/// would look below address 0.</remarks>
internal static class BiosDataArea
{
    internal const uint BaseMemory = 0x413;

    private const int Kibibyte = 1024;

    /// <summary>Writes it.</summary>
    internal static void Write(BoardMemory memory)
    {
        Span<byte> kibibytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(kibibytes, (ushort)(FreeRoom.ConventionalEnd / Kibibyte));
        memory.TryWrite(BaseMemory, kibibytes);
    }
}
