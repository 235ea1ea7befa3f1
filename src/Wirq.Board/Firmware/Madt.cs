namespace Wirq.Board.Firmware;

/// <summary>The table of local APICs and I/OAPICs.</summary>
/// <remarks><code>
/// +36 address of the local APICs    +40 flags: 0 there are 8259s    +44 entries: +0 type    +1 bytes
/// 0 local APIC: +2 processor, +3 id, +4 flags    1 I/OAPIC: +2 id, +4 address, +8 first GSI
/// 2 override: +2 bus 0, +3 ISA interrupt, +4 GSI, +8 flags    4 NMI: +2 processor 0xFF for all, +3 flags, +5 LINT
/// 9 x2APIC: +4 id, +8 flags, +12 processor    10 NMI of x2APICs: +2 flags, +4 processor, all ones for all, +8 LINT
/// </code>ACPI 6.5, 5.2.12. An APIC id above 254 has no local APIC entry but one for an x2APIC.</remarks>
internal static class Madt
{
    internal const uint LocalApicAddress = (uint)ApicBase.DefaultPage;

    private const int Revision = 5;
    private const uint Has8259s = 1, Enabled = 1;
    private const byte NmiInput = 1;

    internal static byte[] Of(PcDescription pc)
    {
        var table = new TableWriter();
        table.Word(LocalApicAddress).Word(Has8259s);
        foreach (uint id in pc.ApicIds)
        {
            if (PcDescription.IsNarrow(id))
                table.Byte(0).Byte(8).Byte((int)id).Byte((int)id).Word(Enabled);
            else
                table.Byte(9).Byte(16).Half(0).Word(id).Word(Enabled).Word(id);
        }
        foreach (IoApicOptions chip in pc.IoApics)
            table.Byte(1).Byte(12).Byte(chip.Id).Byte(0).Word((uint)chip.Address).Word((uint)chip.GsiBase);
        for (int irq = 0; irq < PcDescription.IsaIrqs; irq++)
        {
            // ACPI's own interrupt is a level (ACPI 6.5, 4.8.3.1: shareable, level), unlike others of ISA.
            bool isSci = irq == PcWires.SciIrq;
            if (irq != PcDescription.CascadeIrq && (isSci || pc.IsaGsis[irq] != irq))
                table.Byte(2).Byte(10).Byte(0).Byte(irq).Word((uint)pc.IsaGsis[irq]).Half((isSci ? MpsFlags.LevelHigh : MpsFlags.AsBus).Bits);
        }
        table.Byte(4).Byte(6).Byte(byte.MaxValue).Half(MpsFlags.AsBus.Bits).Byte(NmiInput);
        if (pc.ApicIds.Any(id => !PcDescription.IsNarrow(id)))
            table.Byte(10).Byte(12).Half(MpsFlags.AsBus.Bits).Word(uint.MaxValue).Byte(NmiInput).Zeros(3);
        return AcpiTable.Of("APIC", Revision, table.ToArray());
    }
}
