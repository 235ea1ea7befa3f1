using System.Buffers.Binary;

namespace Wirq.Board.Tests.Loading;

/// <summary>A file with a setup header of Linux: one sector of setup code, and a kernel whose code is at its 64-bit
/// entry.</summary>
internal sealed class SampleKernel
{
    internal const int KernelAt = 1024;
    internal const uint Address = 0x200000, Memory = 0x8000;

    internal SampleKernel(params ReadOnlySpan<byte> code)
    {
        Bytes = new byte[KernelAt + 0x400];
        Bytes[0x1F1] = 1;
        Half(0x1FE, 0xAA55);
        Bytes[0x201] = 0x6A;
        "HdrS"u8.CopyTo(Bytes.AsSpan(0x202));
        Half(0x206, 0x20F);
        Bytes[0x211] = 1;
        Word(0x22C, 0x7FFFFFFF);
        Half(0x236, 1);
        Word(0x238, 63);
        Word(0x258, Address);
        Word(0x260, Memory);
        code.CopyTo(Bytes.AsSpan(KernelAt + 0x200));
    }

    internal byte[] Bytes { get; }

    internal void Word(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Bytes.AsSpan(at), value);

    internal void Half(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Bytes.AsSpan(at), value);
}
