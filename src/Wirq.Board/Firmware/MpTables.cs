using Wirq.Board.Memory;

namespace Wirq.Board.Firmware;

/// <summary>Writes the tables of the MultiProcessor Specification, for guests that read nothing else.</summary>
/// <remarks><code>
/// pointer: +0 "_MP_"   +4 address of the table   +8 its 16 bytes   +9 revision 4   +10 checksum   +11 features, 0
/// table:   +0 "PCMP"   +4 bytes   +6 revision 4   +7 checksum   +8 OEM   +16 product   +34 entries   +36 local APICs
///          +44 entries
/// 0 CPU: +1 APIC id, +2 version, +3 flags: 0 usable, 1 bootstrap; +4 signature, +8 features    1 bus: +1 number, +2 type
/// 2 I/OAPIC: +1 id, +2 version, +3 flags: 0 usable; +4 address
/// 3 interrupt, 4 local interrupt: +1 type: 0 vector, 1 NMI, 3 ExtINT; +2 flags, +4 bus, +5 its interrupt, +6 APIC, +7 pin
/// </code>MultiProcessor Specification 1.4, chapter 4. An interrupt of PCI is slot (6:2) and pin (1:0), D.1. A CPU whose APIC
/// id is above 254 cannot be said.</remarks>
internal static class MpTables
{
    /// <summary>Physical address of the pointer; the table follows it.</summary>
    internal const uint Address = AcpiTables.End;

    private const uint TableAt = Address + 16;
    private const int Revision = 4, PointerChecksumAt = 10, ChecksumAt = 7, HeaderBytes = 44;
    private const int IsaBus = 1, PciBus = 0;
    private const int Vector = 0, Nmi = 1, ExtInt = 3;
    private const int AllApics = byte.MaxValue;
    private const byte LocalVersion = 0x14;
    // A CPU of family 6 with FPU and local APIC. CPUID says what a CPU is; this need only be a plausible word.
    private const uint Signature = 0x600, Features = 0x201;

    /// <summary>Writes the tables.</summary>
    internal static void Write(BoardMemory memory, PcDescription pc)
    {
        byte[] pointer = new TableWriter().Text("_MP_", 4).Word(TableAt).Byte(1).Byte(Revision).Zeros(6).ToArray();
        pointer[PointerChecksumAt] = TableWriter.Checksum(pointer);
        memory.TryWrite(Address, pointer);
        byte[] table = Table(pc);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(TableAt + (uint)table.Length, (uint)BoardMemory.Granule, "the MP tables");
        memory.TryWrite(TableAt, table);
    }

    private static byte[] Table(PcDescription pc)
    {
        var entries = new TableWriter();
        int count = 0;
        void Begin(int type)
        {
            count++;
            entries.Byte(type);
        }

        foreach (uint id in pc.ApicIds.Where(PcDescription.IsNarrow))
        {
            Begin(0);
            entries.Byte((int)id).Byte(LocalVersion).Byte(id == pc.ApicIds[0] ? 3 : 1).Word(Signature).Word(Features).Zeros(8);
        }
        Begin(1);
        entries.Byte(PciBus).Text("PCI", 6);
        Begin(1);
        entries.Byte(IsaBus).Text("ISA", 6);
        foreach (IoApicOptions chip in pc.IoApics)
        {
            Begin(2);
            entries.Byte(chip.Id).Byte(chip.Version).Byte(1).Word((uint)chip.Address);
        }
        void Interrupt(int type, MpsFlags flags, int bus, int source, int gsi)
        {
            if (pc.IoApics.FirstOrDefault(chip => gsi >= chip.GsiBase && gsi < chip.GsiBase + chip.Pins) is not { } io)
                return;
            Begin(3);
            entries.Byte(type).Half(flags.Bits).Byte(bus).Byte(source).Byte(io.Id).Byte(gsi - io.GsiBase);
        }

        if (pc.HasIntrAtPinZero)
            Interrupt(ExtInt, MpsFlags.AsBus, IsaBus, 0, pc.IoApics[0].GsiBase);
        for (int irq = 0; irq < PcDescription.IsaIrqs; irq++)
        {
            if (irq != PcDescription.CascadeIrq)
                Interrupt(Vector, irq == PcWires.SciIrq ? MpsFlags.LevelHigh : MpsFlags.AsBus, IsaBus, irq, pc.IsaGsis[irq]);
        }
        for (int slot = 0; slot < PcWires.Slots; slot++)
        {
            foreach (PciInterruptPin pin in Enum.GetValues<PciInterruptPin>())
                Interrupt(Vector, MpsFlags.LevelHigh, PciBus, slot * PcWires.Pins + (int)pin, PcWires.GsiOf(slot, pin));
        }
        foreach ((int type, int input) in (ReadOnlySpan<(int, int)>)[(ExtInt, 0), (Nmi, 1)])
        {
            Begin(4);
            entries.Byte(type).Half(MpsFlags.AsBus.Bits).Byte(IsaBus).Byte(0).Byte(AllApics).Byte(input);
        }
        byte[] table = new TableWriter().Text("PCMP", 4).Half(HeaderBytes + entries.Length).Byte(Revision).Byte(0)
            .Text(AcpiTable.Oem, 8).Text(AcpiTable.OemTable, 12).Word(0).Half(0).Half(count).Word(Madt.LocalApicAddress).Half(0)
            .Byte(0).Byte(0).Bytes(entries.ToArray()).ToArray();
        table[ChecksumAt] = TableWriter.Checksum(table);
        return table;
    }
}
