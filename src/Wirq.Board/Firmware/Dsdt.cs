using Wirq.Board.Devices;
using Wirq.Board.Devices.Pci;
using Wirq.Board.Memory;

namespace Wirq.Board.Firmware;

/// <summary>The table of the devices that a guest cannot find by itself, and of the state in which the machine is off.</summary>
/// <remarks>
/// <para>A PCI pin leads through a link device to its GSI. Without a link, a guest takes a PCI interrupt for active low (ACPI
/// 6.5, 6.2.13), but each line of the board is asserted high. The GSIs of the links cannot be changed.</para>
/// <para>There is no routing for 8259s (<c>_PIC</c>): the GSIs of PCI are beyond their inputs.</para>
/// </remarks>
internal static class Dsdt
{
    private const int Revision = 2;
    private const string Root = "PNP0A03", Link = "PNP0C0F", Board = "PNP0C02", SerialPort = "PNP0501", Clock = "PNP0B00",
        Timer = "PNP0100", Processor = "ACPI0007";
    private const uint AnyFunction = 0xFFFF;
    private const int SlotShift = 16;
    // Addresses from here on belong to I/OAPICs, local APICs and remapping units.
    private const uint LastForPci = 0xFEBFFFFF;

    internal static byte[] Of(PcDescription pc) => AcpiTable.Of("DSDT", Revision,
    [
        .. Aml.Scope("_SB", [Pci(), .. PcWires.Wires.Select((gsi, wire) => LinkOf(wire, gsi)), .. IsaDevices(), .. pc.ApicIds.Select(Cpu)]),
        .. Aml.Name("_S5", Aml.Package(Aml.Integer(PowerManagement.SleepTypeOff), Aml.Integer(0), Aml.Integer(0), Aml.Integer(0))),
    ]);

    private static byte[] Pci() => Aml.Device("PCI0",
        Aml.Name("_HID", Aml.EisaId(Root)),
        Aml.Name("_UID", Aml.Integer(0)),
        Aml.Name("_CRS", AmlResources.Template(
            AmlResources.Buses(0, 0),
            AmlResources.Ports(PciRoot.FirstPort, PciRoot.Ports),
            AmlResources.PortRange(0, PciRoot.FirstPort - 1),
            AmlResources.PortRange(PciRoot.FirstPort + PciRoot.Ports, ushort.MaxValue),
            AmlResources.MemoryRange((uint)BoardMemory.HoleStart, LastForPci))),
        Aml.Name("_PRT", Aml.Package(Routes())));

    /// <summary>Slot, pin, link, and an index that links do not need.</summary>
    private static byte[][] Routes() =>
    [
        .. from slot in Enumerable.Range(0, PcWires.Slots)
           from pin in Enum.GetValues<PciInterruptPin>()
           let wire = PcWires.Wires.ToList().IndexOf(PcWires.GsiOf(slot, pin))
           select Aml.Package(Aml.Integer((uint)slot << SlotShift | AnyFunction), Aml.Integer((ulong)pin), Aml.Path(NameOf(wire)), Aml.Integer(0)),
    ];

    private static byte[] LinkOf(int wire, int gsi) => Aml.Device(NameOf(wire),
        Aml.Name("_HID", Aml.EisaId(Link)),
        Aml.Name("_UID", Aml.Integer((ulong)gsi)),
        Aml.Name("_PRS", AmlResources.Template(AmlResources.LevelInterrupt(gsi))),
        Aml.Name("_CRS", AmlResources.Template(AmlResources.LevelInterrupt(gsi))),
        Aml.Method("_DIS", 0),
        Aml.Method("_SRS", 1));

    private static string NameOf(int wire) => $"LNK{(PciInterruptPin)wire}";

    private static byte[][] IsaDevices() =>
    [
        IsaDevice("COM1", SerialPort, AmlResources.Ports(Serial.Com1, Serial.Ports), AmlResources.IsaInterrupt(Serial.Com1Irq)),
        IsaDevice("RTC", Clock, AmlResources.Ports(0x70, 2), AmlResources.IsaInterrupt(8)),
        IsaDevice("TIMR", Timer, AmlResources.Ports(0x40, 4), AmlResources.IsaInterrupt(0)),
        IsaDevice("PWRM", Board, AmlResources.Ports(PowerManagement.EventPort, PowerManagement.Ports)),
    ];

    private static byte[] IsaDevice(string name, string id, params IReadOnlyList<byte[]> resources) => Aml.Device(name,
        Aml.Name("_HID", Aml.EisaId(id)),
        Aml.Name("_UID", Aml.Integer(1)),
        Aml.Name("_CRS", AmlResources.Template(resources)));

    /// <summary>Its number is that in the MADT: the APIC id.</summary>
    private static byte[] Cpu(uint id) => Aml.Device($"C{id:X3}",
        Aml.Name("_HID", Aml.Text(Processor)),
        Aml.Name("_UID", Aml.Integer(id)));
}
