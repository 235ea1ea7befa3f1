using System.Buffers.Binary;

namespace Wirq.Board.Tests.Loading;

/// <summary>An ELF image with a Multiboot header, written byte by byte.</summary>
internal sealed class SampleImage
{
    internal const int HeaderAt = 0x100, CodeAt = 0x10C, ProgramHeaders = 52;

    internal SampleImage(uint address = 0x400000, params ReadOnlySpan<byte> code)
    {
        Bytes = new byte[0x200];
        new byte[] { 0x7F, (byte)'E', (byte)'L', (byte)'F', 1, 1, 1 }.CopyTo(Bytes, 0);
        Half(16, 2);
        Half(18, 3);
        Word(24, address + CodeAt - HeaderAt);
        Word(28, ProgramHeaders);
        Half(42, 32);
        Half(44, 2);
        Segment(0, offset: HeaderAt, address, fileBytes: 0x80, memoryBytes: 0x1000);
        Segment(1, offset: 0x180, address + 0x2000, fileBytes: 0, memoryBytes: 0x3000);
        Word(HeaderAt, 0x1BADB002);
        Word(HeaderAt + 4, 0);
        Word(HeaderAt + 8, unchecked(0u - 0x1BADB002));
        code.CopyTo(Bytes.AsSpan(CodeAt));
    }

    internal byte[] Bytes { get; }

    internal void Segment(int number, uint offset, uint address, uint fileBytes, uint memoryBytes)
    {
        int at = ProgramHeaders + number * 32;
        Word(at, 1);
        Word(at + 4, offset);
        Word(at + 8, address);
        Word(at + 12, address);
        Word(at + 16, fileBytes);
        Word(at + 20, memoryBytes);
    }

    internal void Word(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Bytes.AsSpan(at), value);

    internal void Half(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Bytes.AsSpan(at), value);
}
