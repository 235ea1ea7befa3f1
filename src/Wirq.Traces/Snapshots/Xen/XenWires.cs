using System.Buffers.Binary;
using Wirq.Xen;

namespace Wirq.Traces.Snapshots.Xen;

/// <summary>The wires of a domain and the router: levels of 128 PCI wires (device times four plus INTx) and of 16 ISA IRQs,
/// and to which ISA IRQ each of four links leads. Which lines are up follows from them; Xen saves no counts.</summary>
internal sealed class XenWires
{
    internal const int PciBytes = 16, IsaBytes = 8, LinkBytes = 4;

    private const int WiresPerDevice = XenPciLines.Pins, Wires = XenPciLines.Devices * WiresPerDevice, Links = XenPciLines.Links, IsaIrqs = 16, BitsPerWord = 64;

    private readonly ulong[] _pci = new ulong[Wires / BitsPerWord];
    private readonly byte[] _links = new byte[Links];
    private ValuePlace? _pciPlace;
    private Told<ulong> _isa;
    private bool _hasLinks;

    internal bool IsKnown => _pciPlace is not null && _isa.IsKnown && _hasLinks;

    internal void ReadPci(ReadOnlySpan<byte> record, long at)
    {
        for (int word = 0; word < _pci.Length; word++)
            _pci[word] = BinaryPrimitives.ReadUInt64LittleEndian(record[(word * sizeof(ulong))..]);
        _pciPlace = new("PCI_IRQ", "i", at);
    }

    internal void ReadIsa(ReadOnlySpan<byte> record, long at) =>
        _isa = new(BinaryPrimitives.ReadUInt64LittleEndian(record), new("ISA_IRQ", "i", at));

    internal void ReadLinks(ReadOnlySpan<byte> record)
    {
        record[..Links].CopyTo(_links);
        _hasLinks = true;
    }

    /// <summary>Levels of the pins of the I/OAPIC, which are the GSIs; ISA IRQ 0 is GSI 2 (Xen, hvm_isa_irq_to_gsi and
    /// hvm_pci_intx_gsi).</summary>
    internal Told<ulong> Pins
    {
        get
        {
            if (!IsKnown)
                return default;
            ulong pins = 0;
            ulong isa = IsaLevels;
            for (int irq = 0; irq < IsaIrqs; irq++)
                pins |= (isa >> irq & 1) << (irq == 0 ? 2 : irq);
            for (int wire = 0; wire < Wires; wire++)
            {
                pins |= Level(wire) << XenPciLines.GsiOf(wire / WiresPerDevice, IntxOf(wire));
            }
            return new(pins, _pciPlace);
        }
    }

    /// <summary>Levels of the inputs of the 8259s.</summary>
    internal (Told<byte> Master, Told<byte> Slave) Irqs
    {
        get
        {
            if (!IsKnown)
                return default;
            var inputs = new PicInputs((ushort)IsaLevels);
            return (new(inputs.Master, _isa.Place), new(inputs.Slave, _isa.Place));
        }
    }

    private ulong IsaLevels
    {
        get
        {
            ulong levels = _isa.Value;
            for (int wire = 0; wire < Wires; wire++)
            {
                int link = _links[XenPciLines.LinkOf(wire / WiresPerDevice, IntxOf(wire))];
                // Route 0 is none.
                if (link is > 0 and < IsaIrqs)
                    levels |= Level(wire) << link;
            }
            return levels;
        }
    }

    private static PciInterruptPin IntxOf(int wire) => (PciInterruptPin)(wire % WiresPerDevice);

    private ulong Level(int wire) => _pci[wire / BitsPerWord] >> wire % BitsPerWord & 1;
}
