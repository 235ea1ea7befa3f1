using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>A chip of the in-kernel set that a route can lead to (<c>irqchip</c> of a route).</summary>
public enum KvmChip : uint
{
    /// <summary>The master 8259A.</summary>
    PicMaster = IrqChipData.Master,
    /// <summary>The slave 8259A.</summary>
    PicSlave = IrqChipData.Slave,
    /// <summary>The I/OAPIC.</summary>
    IoApic = IrqChipData.IoApicChip,
}

/// <summary>A row of KVM's route table, in its own layout (<c>struct kvm_irq_routing_entry</c>).</summary>
/// <remarks>A GSI has either one row to a message, or rows to pins of different chips.</remarks>
[CName("struct kvm_irq_routing_entry")]
[StructLayout(LayoutKind.Explicit, Size = 48)]
public readonly struct KvmRoutingEntry
{
    [CName("KVM_IRQ_ROUTING_IRQCHIP")] internal const uint ToPin = 1;
    [CName("KVM_IRQ_ROUTING_MSI")] internal const uint ToMessage = 2;
    private const int HighShift = 32, InputsOfPic = 8, PicInputs = 16, IoApicPins = 24;

    [FieldOffset(0), CName("gsi")] private readonly uint _gsi;
    [FieldOffset(4), CName("type")] private readonly uint _type;
    [FieldOffset(8), CName("flags")] private readonly uint _flags;
    [FieldOffset(12), CName("pad")] private readonly uint _pad;
    [FieldOffset(16), CName("u.irqchip.irqchip")] private readonly uint _chip;
    [FieldOffset(20), CName("u.irqchip.pin")] private readonly uint _pin;
    [FieldOffset(16), CName("u.msi.address_lo")] private readonly uint _addressLow;
    [FieldOffset(20), CName("u.msi.address_hi")] private readonly uint _addressHigh;
    [FieldOffset(24), CName("u.msi.data")] private readonly uint _data;
    [FieldOffset(28), CName("u.msi.devid")] private readonly uint _device;

    /// <summary>A row to a message.</summary>
    /// <param name="gsi">The GSI.</param>
    /// <param name="message">The message, in the format of the machine: see <see cref="KvmVm.MsiFormat"/>. Data bit 15
    /// (level) on a reserved GSI of a split irqchip makes KVM report the EOI; measured: bit 14 does not matter.</param>
    public KvmRoutingEntry(int gsi, Msi message)
    {
        _gsi = (uint)gsi;
        _type = ToMessage;
        _addressLow = (uint)message.Address.Bits;
        _addressHigh = (uint)(message.Address.Bits >> HighShift);
        _data = message.Data.Bits;
    }

    /// <summary>A row to a pin of a chip; only with a full irqchip.</summary>
    /// <param name="gsi">The GSI.</param>
    /// <param name="chip">The chip.</param>
    /// <param name="pin">Its pin: 0 to 7 of an 8259A, 0 to 23 of the I/OAPIC.</param>
    public KvmRoutingEntry(int gsi, KvmChip chip, int pin)
    {
        _gsi = (uint)gsi;
        _type = ToPin;
        _chip = (uint)chip;
        _pin = (uint)pin;
    }

    /// <summary>The GSI.</summary>
    public int Gsi => (int)_gsi;

    /// <summary>Whether it leads to a pin of a chip; else to a message.</summary>
    public bool IsPin => _type == ToPin;

    /// <summary>The initial rows of a full irqchip: GSI n is connected to I/OAPIC pin n, and GSIs 0 to 15 also to an
    /// 8259A (Linux arch/x86/kvm/irq.c, default routing).</summary>
    public static KvmRoutingEntry[] DefaultPins()
    {
        var rows = new KvmRoutingEntry[PicInputs + IoApicPins];
        int count = 0;
        for (int gsi = 0; gsi < IoApicPins; gsi++)
        {
            rows[count++] = new(gsi, KvmChip.IoApic, gsi);
            if (gsi < PicInputs)
                rows[count++] = new(gsi, gsi < InputsOfPic ? KvmChip.PicMaster : KvmChip.PicSlave, gsi % InputsOfPic);
        }
        return rows;
    }

    /// <summary>The rows that connect the pins of a full irqchip to the lines of a machine, like its own
    /// chips.</summary>
    /// <param name="gsis">The GSI map; only lines of the first I/OAPIC get a row.</param>
    public static IReadOnlyList<KvmRoutingEntry> PinsOf(GsiMap gsis)
    {
        ArgumentNullException.ThrowIfNull(gsis);
        var rows = new List<KvmRoutingEntry>();
        for (int gsi = 0; gsi < gsis.Count; gsi++)
        {
            GsiTarget target = gsis[gsi];
            if (target.IoApic == 0)
                rows.Add(new(gsi, KvmChip.IoApic, target.Pin));
            if (target.Irq >= 0)
                rows.Add(new(gsi, target.Irq < InputsOfPic ? KvmChip.PicMaster : KvmChip.PicSlave, target.Irq % InputsOfPic));
        }
        return rows;
    }

    /// <inheritdoc/>
    public override string ToString() => _type == ToPin
        ? $"GSI {Gsi} to {(KvmChip)_chip} pin {_pin}"
        : $"GSI {Gsi} to 0x{_addressHigh:x8}{_addressLow:x8}/0x{_data:x4}";
}
