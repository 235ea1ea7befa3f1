using System.Buffers.Binary;
using System.Text;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Tests.Shared.Images;

/// <summary>A Multiboot image that is assembled by the test: it enters 64-bit mode with a one-to-one mapping, and runs
/// the instructions of the test.</summary>
/// <remarks>Each store of a word changes RBX.<code>
/// 0x100000  Multiboot header, and 32-bit code that enters 64-bit mode
/// 0x101000  64-bit code
/// 0x108000  descriptor table: 0x08 code, 0x10 data
/// 0x109000  gates
/// 0x10A000  a counter
/// 0x10F000  top of the stack
/// 0x110000  page tables: 4 GiB
/// </code></remarks>
internal sealed class GuestImage
{
    internal const uint Address = 0x100000, Idt = 0x109000, Counter = 0x10A000, LocalApic = 0xFEE00000, IoApic = 0xFEC00000;
    internal const ushort Com1 = 0x3F8, ExitPort = 0xF4;

    private const uint HeaderBytes = 12, Code = 0x101000, Gdt = 0x108000, StackTop = 0x10F000;
    private const uint Tables = 0x110000, ImageBytes = 0x16000, ExtendedFeatures = 0xC0000080;
    private const int FileHeader = 0x54, GateBytes = 16, Vectors = 256, Table = 0x1000, Directories = 4, Entries = 512;
    private const uint Magic = 0x1BADB002;
    private const ulong FlatCode = 0x00AF9B000000FFFF, FlatData = 0x00CF93000000FFFF, GateAttributes = 0x8E00;
    private const ulong TableEntry = 3, LargePage = 0x83, LargePageBytes = 0x200000;

    private readonly List<(byte Vector, Label Label)> _handlers = [];

    private GuestImage()
    {
        Asm = new Assembler(64);
        Asm.mov(esp, StackTop);
        Asm.sub(rsp, 16);
        Asm.mov(__word_ptr[rsp], (short)(Vectors * GateBytes - 1));
        Asm.mov(__qword_ptr[rsp + 2], (int)Idt);
        Asm.lidt(__[rsp]);
        Asm.add(rsp, 16);
    }

    /// <summary>Writes instructions.</summary>
    internal Assembler Asm { get; }

    /// <summary>Writes an image to a file that its owner deletes.</summary>
    internal static TemporaryImage Write(Action<GuestImage> write) => new(Bytes(write));

    /// <summary>An image.</summary>
    internal static byte[] Bytes(Action<GuestImage> write)
    {
        var image = new GuestImage();
        write(image);
        return image.Assemble();
    }

    /// <summary>Writes text to COM1.</summary>
    internal void Say(string text)
    {
        Asm.mov(dx, Com1);
        foreach (byte character in Encoding.ASCII.GetBytes(text))
        {
            Asm.mov(al, character);
            Asm.@out(dx, al);
        }
    }

    /// <summary>Ends the machine, and halts until it ends.</summary>
    internal void Exit(byte value)
    {
        Asm.mov(al, value);
        Asm.@out((byte)ExitPort, al);
        Halt();
    }

    /// <summary>Halts forever.</summary>
    internal void Halt()
    {
        Label again = Asm.CreateLabel();
        Asm.Label(ref again);
        Asm.hlt();
        Asm.jmp(again);
    }

    /// <summary>Enables the local APIC and masks the 8259s, which KVM leaves unmasked.</summary>
    internal void EnableLocalApic()
    {
        Out(0x21, 0xFF);
        Out(0xA1, 0xFF);
        Store(LocalApic + 0xF0, 0x1FF);
    }

    /// <summary>Writes a register or a word of memory.</summary>
    internal void Store(uint address, uint value)
    {
        Asm.mov(ebx, address);
        Asm.mov(__dword_ptr[rbx], value);
    }

    /// <summary>Writes a port.</summary>
    internal void Out(ushort port, byte value)
    {
        Asm.mov(dx, (short)port);
        Asm.mov(al, value);
        Asm.@out(dx, al);
    }

    /// <summary>Writes a port of 4 bytes.</summary>
    internal void OutWord(ushort port, uint value)
    {
        Asm.mov(dx, (short)port);
        Asm.mov(eax, value);
        Asm.@out(dx, eax);
    }

    /// <summary>Writes an I/OAPIC register by its index.</summary>
    internal void StoreIoApic(uint index, uint value)
    {
        Store(IoApic, index);
        Store(IoApic + 0x10, value);
    }

    /// <summary>A vector's handler begins here.</summary>
    internal void Handler(byte vector)
    {
        Label label = Asm.CreateLabel();
        Asm.Label(ref label);
        _handlers.Add((vector, label));
    }

    /// <summary>A handler that counts, sends an EOI and returns.</summary>
    internal void CountingHandler(byte vector)
    {
        Handler(vector);
        Asm.push(rbx);
        Count();
        Store(LocalApic + 0xB0, 0);
        Asm.pop(rbx);
        Asm.iretq();
    }

    /// <summary>A handler that counts, and ends its interrupt at the first 8259.</summary>
    internal void CountingHandlerOf8259(byte vector)
    {
        Handler(vector);
        Asm.push(rax);
        Asm.push(rbx);
        Asm.push(rdx);
        Count();
        Out(0x20, 0x20);
        Asm.pop(rdx);
        Asm.pop(rbx);
        Asm.pop(rax);
        Asm.iretq();
    }

    /// <summary>Counts.</summary>
    internal void Count()
    {
        Asm.mov(ebx, Counter);
        Asm.inc(__dword_ptr[rbx]);
    }

    /// <summary>Waits, with interrupts on, until the counter has reached a value.</summary>
    internal void AwaitCount(int count)
    {
        Label again = Asm.CreateLabel();
        Asm.Label(ref again);
        Asm.sti();
        Asm.hlt();
        Asm.cli();
        Asm.mov(ebx, Counter);
        Asm.cmp(__dword_ptr[rbx], count);
        Asm.jb(again);
    }

    private byte[] Assemble()
    {
        var writer = new MemoryCode();
        AssemblerResult result = Asm.Assemble(writer, Code, BlockEncoderOptions.ReturnNewInstructionOffsets);
        var file = new byte[FileHeader + ImageBytes];
        new byte[] { 0x7F, (byte)'E', (byte)'L', (byte)'F', 1, 1, 1 }.CopyTo(file, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(16), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(18), 3);
        Word(file, 20, 1);
        Word(file, 24, Address + HeaderBytes);
        Word(file, 28, 52);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(40), 52);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(42), 32);
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(44), 1);
        uint[] segment = [1, FileHeader, Address, Address, ImageBytes, ImageBytes, 7, 4];
        for (int word = 0; word < segment.Length; word++)
            Word(file, 52 + word * sizeof(uint), segment[word]);
        Span<byte> image = file.AsSpan(FileHeader);
        Word(image, 0, Magic);
        Word(image, 8, unchecked(0 - Magic));
        Entry().CopyTo(image[(int)HeaderBytes..]);
        writer.ToArray().CopyTo(image[(int)(Code - Address)..]);
        WriteTables(image[(int)(Tables - Address)..]);
        BinaryPrimitives.WriteUInt64LittleEndian(image[(int)(Gdt - Address + 8)..], FlatCode);
        BinaryPrimitives.WriteUInt64LittleEndian(image[(int)(Gdt - Address + 16)..], FlatData);
        foreach ((byte vector, Label label) in _handlers)
        {
            ulong handler = result.GetLabelRIP(label);
            BinaryPrimitives.WriteUInt64LittleEndian(image[(int)(Idt - Address + vector * GateBytes)..],
                (handler & 0xFFFF) | 8 << 16 | GateAttributes << 32 | handler >> 16 << 48);
        }
        return file;
    }

    /// <summary>Into 64-bit mode (Intel SDM vol. 3, 9.8.5).</summary>
    private static byte[] Entry()
    {
        var asm = new Assembler(32);
        asm.mov(esp, StackTop);
        asm.sub(esp, 8);
        asm.mov(__word_ptr[esp], (short)(3 * sizeof(ulong) - 1));
        asm.mov(__dword_ptr[esp + 2], Gdt);
        asm.lgdt(__[esp]);
        asm.mov(eax, Tables);
        asm.mov(cr3, eax);
        asm.mov(eax, 0x20);
        asm.mov(cr4, eax);
        asm.mov(ecx, ExtendedFeatures);
        asm.mov(eax, 0x100);
        asm.mov(edx, 0);
        asm.wrmsr();
        asm.mov(eax, 0x80000011);
        asm.mov(cr0, eax);
        asm.push(8);
        asm.push(unchecked((int)Code));
        asm.retf();
        var writer = new MemoryCode();
        asm.Assemble(writer, Address + HeaderBytes);
        return writer.ToArray();
    }

    private static void WriteTables(Span<byte> tables)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(tables, Tables + Table | TableEntry);
        for (int directory = 0; directory < Directories; directory++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(tables[(Table + directory * sizeof(ulong))..],
                (ulong)(Tables + (2 + directory) * Table) | TableEntry);
        }
        for (int page = 0; page < Directories * Entries; page++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(tables[(2 * Table + page * sizeof(ulong))..],
                (ulong)page * LargePageBytes | LargePage);
        }
    }

    private static void Word(Span<byte> bytes, int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[at..], value);

    private sealed class MemoryCode : CodeWriter
    {
        private readonly List<byte> _bytes = [];

        public override void WriteByte(byte value) => _bytes.Add(value);

        internal byte[] ToArray() => [.. _bytes];
    }
}

/// <summary>An image in a file of its own.</summary>
internal sealed class TemporaryImage : IDisposable
{
    internal TemporaryImage(byte[] bytes) => File.WriteAllBytes(Path, bytes);

    internal string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"wirq-{Guid.NewGuid():n}.elf");

    public void Dispose() => File.Delete(Path);
}
