using System.Buffers.Binary;

namespace Wirq.Board.Devices.Clock;

/// <summary>Writes the values that firmware would write into the memory of the real-time clock.</summary>
/// <remarks>IBM PC/AT Technical Reference, "CMOS RAM"; bytes 0x34 on as SeaBIOS reads them (docs, memory
/// map).</remarks>
internal static class CmosMemory
{
    private const int BaseAt = 0x15, ExtendedAt = 0x17, ExtendedAgainAt = 0x30, Above16At = 0x34, HighAt = 0x5B, CpusAt = 0x5F;
    private const ulong Kibibyte = 1 << 10, Mebibyte = 1 << 20, Block = 64 * Kibibyte, Above16 = 16 * Mebibyte;
    private const ushort BaseKibibytes = 640;
    private const uint HighMask = 0xFFFFFF;

    internal static void Describe(Span<byte> registers, ulong lowBytes, ulong highBytes, int cpus)
    {
        ulong extended = lowBytes > Mebibyte ? (lowBytes - Mebibyte) / Kibibyte : 0;
        ulong above = lowBytes > Above16 ? (lowBytes - Above16) / Block : 0;
        BinaryPrimitives.WriteUInt16LittleEndian(registers[BaseAt..], BaseKibibytes);
        BinaryPrimitives.WriteUInt16LittleEndian(registers[ExtendedAt..], (ushort)Math.Min(extended, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16LittleEndian(registers[ExtendedAgainAt..], (ushort)Math.Min(extended, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16LittleEndian(registers[Above16At..], (ushort)Math.Min(above, ushort.MaxValue));
        // 24 bits: the byte after them has another meaning, and is still zero.
        BinaryPrimitives.WriteUInt32LittleEndian(registers[HighAt..], (uint)Math.Min(highBytes / Block, HighMask));
        registers[CpusAt] = (byte)Math.Clamp(cpus - 1, 0, byte.MaxValue);
    }
}
