using System.Buffers.Binary;
using System.Globalization;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>An access to a port: IN, OUT, or a part of INS or OUTS (<c>KVM_EXIT_IO</c>).</summary>
/// <remarks>KVM splits a repeated access into parts of at most one page. A part has several items of one port;
/// userspace fills or reads all of them.</remarks>
public readonly ref struct KvmPortExit
{
    private const byte Out = 1;

    private readonly ref RunPage _page;
    private readonly Span<byte> _bytes;

    internal KvmPortExit(ref RunPage page, Span<byte> bytes)
    {
        _page = ref page;
        _bytes = bytes;
    }

    /// <summary>Whether the guest writes.</summary>
    public bool IsWrite => _page.PortDirection == Out;
    /// <summary>The port.</summary>
    public ushort Port => _page.Port;
    /// <summary>Bytes of an item: 1, 2 or 4.</summary>
    public int Size => _page.PortSize;
    /// <summary>The number of items; 1 unless the instruction repeats.</summary>
    public int Count => (int)_page.PortCount;
    /// <summary>The items, one after the other, in memory order.</summary>
    public Span<byte> Data => _bytes.Slice((int)_page.PortData, Size * Count);

    /// <summary>An item: the value that the guest writes, or the value that it will read.</summary>
    /// <param name="index">0 up to <see cref="Count"/> - 1.</param>
    public uint this[int index]
    {
        get
        {
            ReadOnlySpan<byte> item = Data.Slice(index * Size, Size);
            return Size switch
            {
                1 => item[0],
                2 => BinaryPrimitives.ReadUInt16LittleEndian(item),
                _ => BinaryPrimitives.ReadUInt32LittleEndian(item),
            };
        }
    }

    /// <summary>Answers a read of one item.</summary>
    /// <param name="value">The value to read; bits above <see cref="Size"/> are dropped.</param>
    public void Answer(uint value) => Answer(0, value);

    /// <summary>Answers a read.</summary>
    /// <param name="index">Which item.</param>
    /// <param name="value">The value to read; bits above <see cref="Size"/> are dropped.</param>
    public void Answer(int index, uint value)
    {
        Span<byte> item = Data.Slice(index * Size, Size);
        switch (Size)
        {
            case 1:
                item[0] = (byte)value;
                break;
            case 2:
                BinaryPrimitives.WriteUInt16LittleEndian(item, (ushort)value);
                break;
            default:
                BinaryPrimitives.WriteUInt32LittleEndian(item, value);
                break;
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{(IsWrite ? "out" : "in")} port 0x{Port:x}, {Phrase.Count(Size, "byte")}{(Count == 1 ? "" : $", {Phrase.Times(Count)}")}"
        + (IsWrite && Count == 1 ? $": 0x{this[0]:x}" : "");
}

/// <summary>An access to an address without memory (<c>KVM_EXIT_MMIO</c>). A wide access is split into parts of at most
/// 8 bytes.</summary>
public readonly ref struct KvmMemoryExit
{
    private const int Widest = 8, ByteBits = 8;

    private readonly ref RunPage _page;

    internal KvmMemoryExit(ref RunPage page) => _page = ref page;

    /// <summary>Guest-physical address of the first byte.</summary>
    public ulong Address => _page.MemoryAddress;
    /// <summary>Bytes, 1 to 8.</summary>
    public int Length => (int)_page.MemoryLength;
    /// <summary>Whether the guest writes.</summary>
    public bool IsWrite => _page.MemoryIsWrite != 0;
    /// <summary>The value that the guest writes; the bytes beyond <see cref="Length"/> are zero.</summary>
    public ulong Value => _page.MemoryData & Mask;

    /// <summary>Answers a read.</summary>
    /// <param name="value">The value to read; bytes beyond <see cref="Length"/> are dropped.</param>
    public void Answer(ulong value) => _page.MemoryData = value & Mask;

    private ulong Mask => Length >= Widest ? ulong.MaxValue : (1ul << Length * ByteBits) - 1;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{(IsWrite ? "write" : "read")} at 0x{Address:x}, {Phrase.Count(Length, "byte")}{(IsWrite ? $": 0x{Value:x}" : "")}";
}

/// <summary>An access to an MSR (<c>KVM_EXIT_X86_RDMSR</c>, <c>KVM_EXIT_X86_WRMSR</c>).</summary>
public readonly ref struct KvmMsrExit
{
    private readonly ref RunPage _page;

    internal KvmMsrExit(ref RunPage page) => _page = ref page;

    /// <summary>Whether the guest writes.</summary>
    public bool IsWrite => _page.ExitReason == KvmExitReason.WriteMsr;
    /// <summary>Which MSR.</summary>
    public uint Index => _page.MsrIndex;
    /// <summary>Why it exits.</summary>
    public KvmMsrExits Why => _page.MsrReason;
    /// <summary>The value that the guest writes.</summary>
    public ulong Value => _page.MsrData;

    /// <summary>Answers a read.</summary>
    /// <param name="value">The value to read.</param>
    public void Answer(ulong value) => (_page.MsrData, _page.MsrError) = (value, 0);

    /// <summary>Accepts a write.</summary>
    public void Accept() => _page.MsrError = 0;

    /// <summary>Refuses the access: it raises #GP in the guest.</summary>
    public void Fault() => _page.MsrError = 1;

    /// <inheritdoc/>
    public override string ToString() =>
        $"{(IsWrite ? "wrmsr" : "rdmsr")} 0x{Index:x}{(IsWrite ? $": 0x{Value:x}" : "")} ({Why})";
}

/// <summary>The position of a guest that is debugged (<c>KVM_EXIT_DEBUG</c>).</summary>
/// <param name="Exception">The exception: 1 for a step, 3 for INT3.</param>
/// <param name="Pc">Linear address of the next instruction, or of the INT3.</param>
/// <param name="Dr6">DR6: the cause.</param>
/// <param name="Dr7">DR7.</param>
public readonly record struct KvmDebugExit(uint Exception, ulong Pc, ulong Dr6, ulong Dr7)
{
    /// <inheritdoc/>
    public override string ToString() => $"debug exception {Exception} at 0x{Pc:x}, DR6 0x{Dr6:x}";
}

/// <summary>A failure of KVM (<c>KVM_EXIT_INTERNAL_ERROR</c>).</summary>
public readonly ref struct KvmErrorExit
{
    private const ulong HasInstruction = 1;
    private const int LongestInstruction = 15;

    private readonly ref RunPage _page;

    internal KvmErrorExit(ref RunPage page) => _page = ref page;

    /// <summary>The cause.</summary>
    public KvmInternalError What => _page.InternalError;

    /// <summary>The words of the report; their meaning depends on <see cref="What"/>.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ReadOnlySpan<ulong> Data => ((ReadOnlySpan<ulong>)_page.ErrorData)[..(int)Math.Min(_page.ErrorWords, ErrorData.Words)];

    /// <summary>The bytes of the instruction that is not emulated, if KVM reports them; else empty (<c>struct
    /// emulation_failure</c>: flags, then a length and 15 bytes).</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ReadOnlySpan<byte> Instruction
    {
        get
        {
            ReadOnlySpan<ulong> data = Data;
            if (What != KvmInternalError.Emulation || data.Length < 3 || (data[0] & HasInstruction) == 0)
                return [];
            ReadOnlySpan<byte> bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(data[1..3]);
            return bytes.Slice(1, Math.Min((int)bytes[0], LongestInstruction));
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        ReadOnlySpan<byte> instruction = Instruction;
        string what = What == KvmInternalError.Emulation ? "an instruction that KVM does not emulate"
            : string.Create(CultureInfo.InvariantCulture, $"internal error {(uint)What} of KVM");
        return instruction.IsEmpty ? what : $"{what}: {Convert.ToHexStringLower(instruction)}";
    }
}
