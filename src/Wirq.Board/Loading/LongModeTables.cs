using System.Runtime.InteropServices;
using Wirq.Board.Memory;
using Wirq.Linux;
using Wirq.Linux.Probes;

namespace Wirq.Board.Loading;

/// <summary>What a CPU needs in memory to enter an image in 64-bit mode: page tables and a GDT.</summary>
/// <remarks><code>
/// page 0 PML4    page 1 PDPT    pages 2 to 5 page directories: 4 GiB in pages of 2 MiB, one to one    page 6 GDT
/// GDT: 0x10 code, 64 bits    0x18 data
/// </code>Linux Documentation/arch/x86/boot.rst, "64-bit Boot Protocol": the selectors, and what must be mapped. The page tables are
/// those of <see cref="Mode64"/>.</remarks>
/// <param name="At">Physical address of the first page.</param>
internal readonly record struct LongModeTables(uint At)
{
    private const int EntryBytes = sizeof(ulong), GdtAt = Mode64.TableEntries * EntryBytes, GdtEntries = 4, Bytes = GdtAt + 4096;
    private const ushort CodeSelector = 0x10, DataSelector = 0x18;
    private const byte CodeType = 0xB, DataType = 0x3;
    private const ulong PagingProtected = 0x8000_0011, PhysicalAddressExtension = 0x20, LongModeActive = 0x500, ReservedFlag = 2;

    /// <summary>Writes the tables.</summary>
    /// <exception cref="ImageException">There is no room.</exception>
    internal static LongModeTables Write(BoardMemory memory, FreeRoom room)
    {
        uint at = room.Take(Bytes, "its page tables");
        Span<byte> bytes = memory.AsSpan(at, Bytes);
        bytes.Clear();
        Mode64.WriteTables(MemoryMarshal.Cast<byte, PageEntry>(bytes[..GdtAt]), at);
        Span<ulong> gdt = MemoryMarshal.Cast<byte, ulong>(bytes[GdtAt..]);
        (gdt[CodeSelector / EntryBytes], gdt[DataSelector / EntryBytes]) = (Mode64.FlatCode, Mode64.FlatData);
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
        system.Gdt = new KvmDescriptorTable { Base = At + GdtAt, Limit = GdtEntries * EntryBytes - 1 };
        system.Cr0 = PagingProtected;
        system.Cr3 = At;
        system.Cr4 = PhysicalAddressExtension;
        system.Efer = LongModeActive;
        vcpu.SystemRegisters = system;
        vcpu.Registers = new KvmRegisters { Rip = entry, Rsi = rsi, Rflags = ReservedFlag };
    }
}
