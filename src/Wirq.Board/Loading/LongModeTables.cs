using System.Buffers.Binary;
using Wirq.Board.Memory;
using Wirq.Linux;

namespace Wirq.Board.Loading;

/// <summary>What a CPU needs in memory to enter an image in 64-bit mode: page tables and a GDT.</summary>
/// <remarks><code>
/// page 0 PML4    page 1 PDPT    pages 2 to 5 page directories: 4 GiB in pages of 2 MiB, one to one    page 6 GDT
/// GDT: 0x10 code, 64 bits    0x18 data
/// </code>Linux Documentation/arch/x86/boot.rst, "64-bit Boot Protocol": the selectors, and what must be mapped. Intel SDM vol.
/// 3, 4.5.4 (4-level paging) and 3.4.5 (segment descriptors).</remarks>
/// <param name="At">Physical address of the first page.</param>
internal readonly record struct LongModeTables(uint At)
{
    private const uint Page = 4096, Tables = 6, LargePage = 2 << 20;
    private const int EntryBytes = 8, PageEntries = 512, Directories = 4, GdtEntries = 4;
    private const ulong PresentWritable = 3, Large = 0x80;
    private const ushort CodeSelector = 0x10, DataSelector = 0x18;
    private const ulong CodeDescriptor = 0x00AF_9B00_0000_FFFF, DataDescriptor = 0x00CF_9300_0000_FFFF;
    private const byte CodeType = 0xB, DataType = 0x3;
    private const ulong PagingProtected = 0x8000_0011, PhysicalAddressExtension = 0x20, LongModeActive = 0x500, ReservedFlag = 2;

    /// <summary>Writes the tables.</summary>
    /// <exception cref="ImageException">There is no room.</exception>
    internal static LongModeTables Write(BoardMemory memory, FreeRoom room)
    {
        uint at = room.Take((Tables + 1) * Page, "its page tables");
        Span<byte> bytes = memory.AsSpan(at, (int)((Tables + 1) * Page));
        bytes.Clear();
        Set(bytes, 0, 0, (at + Page) | PresentWritable);
        for (int directory = 0; directory < Directories; directory++)
        {
            Set(bytes, 1, directory, (at + (2 + (uint)directory) * Page) | PresentWritable);
            for (int entry = 0; entry < PageEntries; entry++)
                Set(bytes, 2 + directory, entry, (ulong)(directory * PageEntries + entry) * LargePage | Large | PresentWritable);
        }
        Set(bytes, (int)Tables, CodeSelector / EntryBytes, CodeDescriptor);
        Set(bytes, (int)Tables, DataSelector / EntryBytes, DataDescriptor);
        return new(at);
    }

    /// <summary>Sets a CPU to an entry in 64-bit mode, with interrupts off.</summary>
    /// <param name="vcpu">The CPU.</param>
    /// <param name="entry">Physical address of the first instruction.</param>
    /// <param name="rsi">The value of RSI.</param>
    internal void Enter(KvmVcpu vcpu, ulong entry, ulong rsi)
    {
        KvmSystemRegisters system = vcpu.SystemRegisters;
        KvmSegment code = MultibootEntry.Flat(CodeSelector, CodeType);
        (code.LongMode, code.DefaultSize) = (1, 0);
        system.Cs = code;
        system.Ds = system.Es = system.Fs = system.Gs = system.Ss = MultibootEntry.Flat(DataSelector, DataType);
        system.Gdt = new KvmDescriptorTable { Base = At + Tables * Page, Limit = GdtEntries * EntryBytes - 1 };
        system.Cr0 = PagingProtected;
        system.Cr3 = At;
        system.Cr4 = PhysicalAddressExtension;
        system.Efer = LongModeActive;
        vcpu.SystemRegisters = system;
        vcpu.Registers = new KvmRegisters { Rip = entry, Rsi = rsi, Rflags = ReservedFlag };
    }

    private static void Set(Span<byte> bytes, int page, int entry, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[(page * (int)Page + entry * EntryBytes)..], value);
}
