namespace Wirq.Events;

/// <summary>What kind of thing caused a message or an interrupt.</summary>
public enum OriginKind : byte
{
    /// <summary>Unknown or none.</summary>
    None,
    /// <summary>An I/OAPIC pin.</summary>
    Pin,
    /// <summary>A message from a device; the index is its requester id (bus, device, function).</summary>
    Device,
    /// <summary>An inter-processor interrupt; the index is the sending CPU.</summary>
    Ipi,
    /// <summary>A local vector table entry; the index is the <see cref="LocalVector"/>, the unit the CPU.</summary>
    Local,
    /// <summary>The 8259 pair; the index is the IRQ, 0 to 15.</summary>
    Pic,
    /// <summary>A remapping unit itself; the index is its number.</summary>
    RemappingUnit,
}

/// <summary>The cause of a message or an interrupt.</summary>
/// <remarks><code>
///  31   28 27     16 15     0
/// +-------+---------+--------+
/// | kind  |  unit   | index  |
/// +-------+---------+--------+
/// </code></remarks>
public readonly record struct Origin(uint Bits)
{
    private const int KindShift = 28, UnitShift = 16;

    private Origin(OriginKind kind, int unit, int index)
        : this((uint)kind << KindShift | ((uint)unit & 0xFFF) << UnitShift | (ushort)index) { }

    /// <summary>What kind of thing it is.</summary>
    public OriginKind Kind => (OriginKind)(Bits >> KindShift);
    /// <summary>The I/OAPIC of a pin, the CPU of a local vector; else 0.</summary>
    public int Unit => (int)(Bits >> UnitShift & 0xFFF);
    /// <summary>Pin, requester id, CPU, local vector, IRQ or remapping unit.</summary>
    public int Index => (ushort)Bits;

    /// <summary>Pin <paramref name="pin"/> of I/OAPIC <paramref name="ioApic"/>.</summary>
    public static Origin Pin(int ioApic, int pin) => new(OriginKind.Pin, ioApic, pin);
    /// <summary>A device with this requester id.</summary>
    public static Origin Device(ushort requester) => new(OriginKind.Device, 0, requester);
    /// <summary>CPU <paramref name="cpu"/>, by its ICR.</summary>
    public static Origin Ipi(int cpu) => new(OriginKind.Ipi, 0, cpu);
    /// <summary>A local vector of CPU <paramref name="cpu"/>.</summary>
    public static Origin Local(int cpu, LocalVector entry) => new(OriginKind.Local, cpu, (int)entry);
    /// <summary>IRQ <paramref name="irq"/> of the 8259 pair.</summary>
    public static Origin Pic(int irq) => new(OriginKind.Pic, 0, irq);
    /// <summary>Remapping unit <paramref name="unit"/>, for itself.</summary>
    public static Origin RemappingUnit(int unit) => new(OriginKind.RemappingUnit, 0, unit);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        OriginKind.Pin => $"I/OAPIC {Unit} pin {Index}",
        OriginKind.Device => $"device {Index >> 8:x2}:{Index >> 3 & 31:x2}.{Index & 7}",
        OriginKind.Ipi => $"IPI of cpu{Index}",
        OriginKind.Local => $"{(LocalVector)Index} of cpu{Unit}",
        OriginKind.Pic => $"8259 IRQ {Index}",
        OriginKind.RemappingUnit => $"remapping unit {Index}",
        _ => "nobody known",
    };
}
