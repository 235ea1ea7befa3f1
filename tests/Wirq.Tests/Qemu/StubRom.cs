using System.Buffers.Binary;

namespace Wirq.Tests.Qemu;

/// <summary>Firmware of 64 KiB that executes a list in memory: reads and writes of a local APIC's registers, which only
/// a CPU can make, and INTA cycles.</summary>
internal static class StubRom
{
    /// <summary>How many entries wait; the guest sets it to 0 when all are done.</summary>
    internal const int CountAddress = 0x9010;
    /// <summary>The entries: what to do, the address, the value, the result, and the TSC before it; 32 bytes each.</summary>
    internal const int Entries = 0x20000, EntrySize = 32, ResultOffset = 12, TimeOffset = 16;
    /// <summary>What an entry asks for.</summary>
    internal const int Read = 0, Write = 1, Take = 2;
    /// <summary>The result of <see cref="Take"/> where no interrupt came.</summary>
    internal const uint Nothing = uint.MaxValue;

    private const int Size = 0x10000, TakenAddress = 0x9000, Protected = 0x100, Tables = 0x800, Idt = 0x1000, Handlers = 0x2000,
        HandlerSize = 32, Vectors = 256, ResetVector = 0xFFF0;
    private const uint Base = 0xFFFF0000;

    internal static byte[] Make()
    {
        byte[] rom = new byte[Size];
        // cli; lgdt cs:[Tables]; cr0 |= 1; jmp 8:Protected
        Put(rom, 0, [0xFA, 0x2E, 0x66, 0x0F, 0x01, 0x16, .. Word(Tables), 0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0,
            0x66, 0xEA, .. Long(Base + Protected), 0x08, 0x00]);
        Put(rom, ResetVector, [0xE9, .. Word(Size - ResetVector - 3)]);
        // GDT at Tables + 16: null, code, data; its pointer at Tables, the IDT's at Tables + 8.
        Put(rom, Tables, [.. Word(23), .. Long(Base + Tables + 16)]);
        Put(rom, Tables + 8, [.. Word(Vectors * 8 - 1), .. Long(Base + Idt)]);
        Put(rom, Tables + 24, [0xFF, 0xFF, 0, 0, 0, 0x9A, 0xCF, 0, 0xFF, 0xFF, 0, 0, 0, 0x92, 0xCF, 0]);
        for (int vector = 0; vector < Vectors; vector++)
        {
            uint handler = Base + Handlers + (uint)(vector * HandlerSize);
            Put(rom, Idt + vector * 8, [.. Word((int)(handler & 0xFFFF)), 0x08, 0, 0, 0x8E, .. Word((int)(handler >> 16))]);
            // mov [TakenAddress], vector; and dword [esp+8], ~IF; iret
            Put(rom, Handlers + vector * HandlerSize, [0xC7, 0x05, .. Long(TakenAddress), .. Long((uint)vector),
                0x81, 0x64, 0x24, 0x08, 0xFF, 0xFD, 0xFF, 0xFF, 0xCF]);
        }
        Put(rom, Protected, [.. Start(), .. Loop()]);
        return rom;
    }

    /// <summary>mov ds, es, ss, 0x10; mov esp, 0x7000; lidt.</summary>
    private static byte[] Start() => [0x66, 0xB8, 0x10, 0x00, 0x8E, 0xD8, 0x8E, 0xC0, 0x8E, 0xD0, 0xBC, .. Long(0x7000),
        0x0F, 0x01, 0x1D, .. Long(Base + Tables + 8)];

    private static byte[] Loop()
    {
        // mov ecx, [CountAddress]; test ecx, ecx; jz wait; mov edi, Entries
        byte[] wait = [0x8B, 0x0D, .. Long(CountAddress), 0x85, 0xC9, 0x74, 0xF6, 0xBF, .. Long(Entries)];
        // mov dword [TakenAddress], -1; sti; nop; nop; cli; mov ebx, [TakenAddress]
        byte[] take = [0xC7, 0x05, .. Long(TakenAddress), .. Long(Nothing), 0xFB, 0x90, 0x90, 0xFA, 0x8B, 0x1D, .. Long(TakenAddress)];
        byte[] write = [0x89, 0x1E], read = [0x8B, 0x1E];
        // mov esi, [edi+4]; mov ebx, [edi+8]; rdtsc; mov [edi+16], eax; mov eax, [edi]; cmp eax, 1; jb read; je write
        byte[] next = [0x8B, 0x77, 0x04, 0x8B, 0x5F, 0x08, 0x0F, 0x31, 0x89, 0x47, TimeOffset, 0x8B, 0x07, 0x83, 0xF8, 0x01,
            0x72, (byte)(2 + take.Length + 2 + write.Length + 2), 0x74, (byte)(take.Length + 2)];
        byte[] all = [.. next, .. take, 0xEB, (byte)(write.Length + 2 + read.Length), .. write, 0xEB, (byte)read.Length, .. read];
        // mov [edi+12], ebx; add edi, 32; dec ecx; jnz next
        all = [.. all, 0x89, 0x5F, ResultOffset, 0x83, 0xC7, EntrySize, 0x49];
        all = [.. all, 0x75, (byte)(-all.Length - 2)];
        // mov dword [CountAddress], 0; jmp wait
        all = [.. wait, .. all, 0xC7, 0x05, .. Long(CountAddress), .. Long(0)];
        return [.. all, 0xE9, .. Long((uint)(-all.Length - 5))];
    }

    private static void Put(byte[] rom, int at, ReadOnlySpan<byte> bytes) => bytes.CopyTo(rom.AsSpan(at));

    private static byte[] Word(int value)
    {
        byte[] bytes = new byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)value);
        return bytes;
    }

    private static byte[] Long(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }
}
