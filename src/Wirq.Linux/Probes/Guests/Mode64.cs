namespace Wirq.Linux.Probes;

/// <summary>What a guest needs to enter 64-bit mode at CPL 0: page tables that map 4 GiB one to one, descriptors, and
/// system registers (Intel SDM vol. 3, 4.5 and 9.8.5).</summary>
internal static class Mode64
{
    /// <summary>Selectors.</summary>
    internal const ushort CodeSelector = 8, DataSelector = 16;
    internal const int Descriptors = 3, GateBytes = 16, Vectors = 256;
    /// <summary>Entries of the page tables: one table of the highest level, one of directory pointers, and four
    /// directories.</summary>
    internal const int TableEntries = (2 + Directories) * EntriesOfTable;
    /// <summary>The first unused directory-pointer entry, which maps the addresses from 4 GiB on.</summary>
    internal const int NextPointer = EntriesOfTable + Directories;
    internal const ulong LargePageBytes = 0x200000;
    /// <summary>Descriptors of 64-bit code and of data, at CPL 0 (Intel SDM vol. 3, 3.4.5).</summary>
    internal const ulong FlatCode = 0x00AF9B000000FFFF, FlatData = 0x00CF93000000FFFF;

    private const int Directories = 4, EntriesOfTable = 512, TableBytes = EntriesOfTable * sizeof(ulong);
    private const ulong ProtectedAndPaged = 0x80000031, PhysicalAddressExtension = 1 << 5, LongModeEnabledActive = 0x500;

    /// <summary>Writes the page tables. Pages are 2 MiB, because not every host has larger ones.</summary>
    /// <param name="tables">The memory for them: <see cref="TableEntries"/> entries.</param>
    /// <param name="address">Their physical address.</param>
    internal static void WriteTables(Span<PageEntry> tables, ulong address)
    {
        tables[0] = PageEntry.Table(address + TableBytes);
        for (int directory = 0; directory < Directories; directory++)
            tables[EntriesOfTable + directory] = PageEntry.Table(address + (ulong)((2 + directory) * TableBytes));
        for (int page = 0; page < Directories * EntriesOfTable; page++)
            tables[2 * EntriesOfTable + page] = PageEntry.LargePage((ulong)page * LargePageBytes);
    }

    /// <summary>Writes the descriptor table.</summary>
    /// <param name="descriptors">The memory for them: <see cref="Descriptors"/> descriptors.</param>
    internal static void WriteDescriptors(Span<ulong> descriptors) => (descriptors[1], descriptors[2]) = (FlatCode, FlatData);

    /// <summary>The system registers.</summary>
    /// <param name="system">The current ones of the vCPU.</param>
    /// <param name="tables">Physical address of the page tables.</param>
    /// <param name="gdt">Address of the descriptors.</param>
    /// <param name="idt">Address of the gates.</param>
    internal static KvmSystemRegisters Enter(KvmSystemRegisters system, ulong tables, ulong gdt, ulong idt)
    {
        var data = new KvmSegment
        {
            Limit = uint.MaxValue, Selector = DataSelector, Type = 3, Present = 1, DefaultSize = 1, CodeOrData = 1, Granularity = 1,
        };
        system.Cs = data with { Selector = CodeSelector, Type = 11, DefaultSize = 0, LongMode = 1 };
        (system.Ds, system.Es, system.Fs, system.Gs, system.Ss) = (data, data, data, data, data);
        (system.Gdt.Base, system.Gdt.Limit) = (gdt, Descriptors * sizeof(ulong) - 1);
        (system.Idt.Base, system.Idt.Limit) = (idt, Vectors * GateBytes - 1);
        (system.Cr0, system.Cr3, system.Cr4) = (ProtectedAndPaged, tables, PhysicalAddressExtension);
        system.Efer = LongModeEnabledActive;
        return system;
    }
}
