namespace Wirq.Board.Firmware;

/// <summary>The table of remapping units.</summary>
/// <remarks><code>
/// +36 width of host addresses less 1    +37 flags: 0 interrupts are remapped    +48 structures
/// unit: +0 type 0, +2 bytes, +4 flags: 0 all functions, +6 segment, +8 registers, +16 scope
/// scope: +0 type 3 I/OAPIC, +1 bytes, +4 its id, +5 bus, +6 device, +7 function
/// </code>VT-d specification, 8.1 to 8.3.1. Requesters of I/OAPICs are in no other unit's scope, so the board's only unit
/// lists them, and takes all other requesters by its flag.</remarks>
internal static class Dmar
{
    private const int Revision = 1, UnitBytes = 16, ScopeBytes = 8;
    private const byte InterruptsRemapped = 1, AllFunctions = 1, IoApicScope = 3;

    /// <summary>The table.</summary>
    /// <param name="pc">The machine.</param>
    /// <param name="unit">Physical address of the unit's registers.</param>
    internal static byte[] Of(PcDescription pc, ulong unit)
    {
        var table = new TableWriter();
        table.Byte(pc.AddressBits - 1).Byte(InterruptsRemapped).Zeros(10);
        table.Half(0).Half(UnitBytes + pc.IoApics.Count * ScopeBytes).Byte(AllFunctions).Byte(0).Half(0).Long(unit);
        foreach (IoApicOptions chip in pc.IoApics)
        {
            var requester = new Requester(chip.Requester);
            table.Byte(IoApicScope).Byte(ScopeBytes).Half(0).Byte(chip.Id).Byte(requester.Bus).Byte(requester.Device).Byte(requester.Function);
        }
        return AcpiTable.Of("DMAR", Revision, table.ToArray());
    }
}

/// <summary>Bus, device and function of a requester.</summary>
/// <remarks><code>15:8 bus   7:3 device   2:0 function</code>PCI Express Base Specification, 2.2.6.2.</remarks>
internal readonly record struct Requester(ushort Bits)
{
    internal int Bus => Bits >> 8;
    internal int Device => Bits >> 3 & 0x1F;
    internal int Function => Bits & 7;
}
