using System.Buffers.Binary;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Cli.Tests.Snapshots.Qemu;

/// <summary>A guest that is its machine's firmware, 64 KiB of which most is zero: a stream of such a machine is small.</summary>
/// <remarks>Memory begins at 0xF0000:<code>
/// 0x0000  32-bit code
/// 0x8000  gates
/// 0x9000  descriptor table: 0x08 code, 0x10 data
/// 0x9100  its limit and address; 0x9110 those of the gates
/// 0xA000  where the other CPUs begin (start-up vector 0xFA); 0xA100 limit and address once more
/// 0xF000  16-bit code; 0xFFF0 where the first CPU begins
/// </code></remarks>
internal sealed class BiosGuest
{
    internal const uint LocalApic = 0xFEE00000, IoApic = 0xFEC00000, ExtInt = 0x700;
    internal const ushort Com1 = 0x3F8, DebugPort = 0xE9;

    private const uint Base = 0xF0000, Stack = 0x7000, ApStack = 0x6000;
    private const int ImageBytes = 0x10000, Idt = 0x8000, Gdt = 0x9000, GdtRegister = 0x9100, IdtRegister = 0x9110, ApBegin = 0xA000, ApGdtRegister = 0xA100, Begin = 0xF000, Reset = 0xFFF0;
    private const int GateBytes = 8, Gates = 256;

    private readonly List<(byte Vector, Label Label)> _handlers = [];
    private Label? _others;
    private Label _first;

    private BiosGuest()
    {
        _first = Asm.CreateLabel();
        Asm.Label(ref _first);
        Enter(Stack);
    }

    internal Assembler Asm { get; } = new(32);

    /// <summary>A firmware of the instructions that a test writes.</summary>
    internal static byte[] Bytes(Action<BiosGuest> write)
    {
        var guest = new BiosGuest();
        write(guest);
        return guest.Assemble();
    }

    internal void Store(uint address, uint value)
    {
        Asm.mov(ebx, address);
        Asm.mov(__dword_ptr[ebx], value);
    }

    internal void Out(ushort port, byte value)
    {
        Asm.mov(dx, unchecked((short)port));
        Asm.mov(al, value);
        Asm.@out(dx, al);
    }

    /// <summary>An entry of the I/OAPIC.</summary>
    internal void Entry(int pin, uint low, uint destination = 0)
    {
        StoreIoApic(0x11 + 2 * (uint)pin, destination << 24);
        StoreIoApic(0x10 + 2 * (uint)pin, low);
    }

    /// <summary>COM1's line goes up, and stays up: its transmitter is empty, and nobody reads why it interrupts.</summary>
    internal void RaiseSerial()
    {
        Out(Com1 + 4, 0x08);
        Out(Com1 + 1, 0x02);
    }

    /// <summary>Both 8259s with vectors 0x20 to 0x2F and these masks.</summary>
    internal void StartPics(byte master, byte slave)
    {
        byte[] masterWords = [0x11, 0x20, 4, 1, master], slaveWords = [0x11, 0x28, 2, 1, slave];
        for (int word = 0; word < masterWords.Length; word++)
        {
            Out((ushort)(word == 0 ? 0x20 : 0x21), masterWords[word]);
            Out((ushort)(word == 0 ? 0xA0 : 0xA1), slaveWords[word]);
        }
    }

    internal void Handler(byte vector)
    {
        Label label = Asm.CreateLabel();
        Asm.Label(ref label);
        _handlers.Add((vector, label));
    }

    /// <summary>The other CPUs begin here, once INIT and start-up IPIs (to 0xFA) have woken them.</summary>
    internal void OtherCpus()
    {
        Label label = Asm.CreateLabel();
        Asm.Label(ref label);
        Enter(ApStack);
        _others = label;
    }

    internal void StartOtherCpus()
    {
        const uint allButSelf = 3 << 18, assert = 1 << 14, init = 5 << 8, startUp = 6 << 8;
        Store(LocalApic + 0x300, allButSelf | assert | init);
        Store(LocalApic + 0x300, allButSelf | assert | startUp | (Base + ApBegin) >> 12);
    }

    /// <summary>Says that it has come here, and halts for good.</summary>
    internal void Rest(bool interrupts)
    {
        Out(DebugPort, (byte)'.');
        Label again = Asm.CreateLabel();
        Asm.Label(ref again);
        if (interrupts)
            Asm.sti();
        else
            Asm.cli();
        Asm.hlt();
        Asm.jmp(again);
    }

    private void StoreIoApic(uint register, uint value)
    {
        Store(IoApic, register);
        Store(IoApic + 0x10, value);
    }

    private void Enter(uint stack)
    {
        Asm.mov(ax, 0x10);
        Asm.mov(ds, ax);
        Asm.mov(es, ax);
        Asm.mov(ss, ax);
        Asm.mov(esp, stack);
        Asm.mov(ebx, Base + IdtRegister);
        Asm.lidt(__[ebx]);
        Store(LocalApic + 0xF0, 0x1FF);
    }

    private byte[] Assemble()
    {
        var code = new MemoryCode();
        AssemblerResult result = Asm.Assemble(code, Base, BlockEncoderOptions.ReturnNewInstructionOffsets);
        byte[] image = new byte[ImageBytes];
        code.Bytes.CopyTo(image.AsSpan());
        foreach ((byte vector, Label label) in _handlers)
        {
            uint at = (uint)result.GetLabelRIP(label);
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(Idt + vector * GateBytes), at & 0xFFFF | 8 << 16);
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(Idt + vector * GateBytes + 4), at & 0xFFFF0000 | 0x8E00);
        }
        // Accessed already: nobody can write to them.
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(Gdt + 8), 0x00CF9B000000FFFF);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(Gdt + 16), 0x00CF93000000FFFF);
        Table(GdtRegister, 3 * sizeof(ulong), Gdt);
        Table(ApGdtRegister, 3 * sizeof(ulong), Gdt);
        Table(IdtRegister, Gates * GateBytes, Idt);
        EnterProtected(Begin, GdtRegister, (uint)result.GetLabelRIP(_first));
        EnterProtected(ApBegin, ApGdtRegister - ApBegin, _others is { } others ? (uint)result.GetLabelRIP(others) : Base);
        // jmp F000:F000
        new byte[] { 0xEA, 0x00, 0xF0, 0x00, 0xF0 }.CopyTo(image.AsSpan(Reset));
        return image;

        void Table(int at, int length, int table)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(at), (ushort)(length - 1));
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(at + 2), Base + (uint)table);
        }

        // cli; lgdt cs:[register]; CR0.PE; jmp 0008:to
        void EnterProtected(int at, int register, uint to)
        {
            byte[] words = [0xFA, 0x2E, 0x66, 0x0F, 0x01, 0x16, (byte)register, (byte)(register >> 8), 0x0F, 0x20, 0xC0, 0x0C, 0x01, 0x0F, 0x22, 0xC0, 0x66, 0xEA, 0, 0, 0, 0, 8, 0];
            BinaryPrimitives.WriteUInt32LittleEndian(words.AsSpan(18), to);
            words.CopyTo(image.AsSpan(at));
        }
    }

    private sealed class MemoryCode : CodeWriter
    {
        internal List<byte> Bytes { get; } = [];

        public override void WriteByte(byte value) => Bytes.Add(value);
    }
}
