using Wirq.Board.Memory;

namespace Wirq.Board.Firmware;

/// <summary>Writes all tables of ACPI into the memory of a guest.</summary>
/// <remarks><code>
/// RSDP: +0 "RSD PTR "   +8 checksum of 20 bytes   +9 OEM   +15 revision 2   +16 RSDT, 0 for none   +20 bytes   +24 XSDT
///       +32 checksum of all bytes
/// XSDT: +36 addresses of 64 bits of the other tables, but of FACS and DSDT, to which FADT points
/// </code>ACPI 6.5, 5.2.5.3, 5.2.8 and 5.2.10. They lie from 0xE0000 on, where a guest without any other hint searches for
/// RSDP on 16-byte boundaries (5.2.5.1).</remarks>
internal static class AcpiTables
{
    /// <summary>Physical address of RSDP, and of the memory that is reserved for tables of ACPI.</summary>
    internal const uint Address = 0xE0000;
    /// <summary>The end of that memory; MP tables follow.</summary>
    internal const uint End = 0xF0000;

    private const int RsdpBytes = 36, RsdpFirstBytes = 20, FacsBytes = 64, Alignment = 64;
    private const int FirstChecksumAt = 8, SecondChecksumAt = 32;
    private const byte Revision2 = 2;

    /// <summary>Writes the tables.</summary>
    internal static void Write(BoardMemory memory, PcDescription pc)
    {
        uint next = Address + Alignment;
        uint Put(byte[] table)
        {
            uint at = next;
            next = at + ((uint)table.Length + Alignment - 1) / Alignment * Alignment;
            // Even 255 CPUs with all slots need less than half of it; a larger machine needs another place.
            ArgumentOutOfRangeException.ThrowIfGreaterThan(next, End, "the tables of ACPI");
            memory.TryWrite(at, table);
            return at;
        }

        uint facs = Put(Facs());
        uint dsdt = Put(Dsdt.Of(pc));
        var tables = new List<uint> { Put(Fadt.Of(facs, dsdt, pc.IsaGsis[PcWires.SciIrq])), Put(Madt.Of(pc)) };
        if (pc.RemappingUnit is { } unit)
            tables.Add(Put(Dmar.Of(pc, unit)));
        var addresses = new TableWriter();
        foreach (uint table in tables)
            addresses.Long(table);
        memory.TryWrite(Address, Rsdp(Put(AcpiTable.Of("XSDT", 1, addresses.ToArray()))));
    }

    private static byte[] Rsdp(uint xsdt)
    {
        byte[] rsdp = new TableWriter().Text("RSD PTR ", 8).Byte(0).Text(AcpiTable.Oem, 6).Byte(Revision2)
            .Word(0).Word(RsdpBytes).Long(xsdt).Byte(0).Zeros(3).ToArray();
        rsdp[FirstChecksumAt] = TableWriter.Checksum(rsdp.AsSpan(0, RsdpFirstBytes));
        rsdp[SecondChecksumAt] = TableWriter.Checksum(rsdp);
        return rsdp;
    }

    /// <summary>The memory in which a guest and firmware agree; there is no firmware.</summary>
    private static byte[] Facs() => new TableWriter().Text("FACS", 4).Word(FacsBytes).Zeros(24).Byte(2).Zeros(FacsBytes - 33).ToArray();
}
