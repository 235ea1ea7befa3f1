namespace Wirq.Xen;

/// <summary>The first argument of the hypercall <c>physdev_op</c> (<c>PHYSDEVOP_*</c>), as far as it is about
/// interrupts.</summary>
public enum PhysdevOperation : uint
{
    /// <summary>Tells whether a PIRQ needs an EOI, and whether others share it.</summary>
    IrqStatusQuery = 5,
    /// <summary>The guest has served a PIRQ.</summary>
    Eoi = 12,
    /// <summary>Gives an interrupt a PIRQ.</summary>
    MapPirq = 13,
    /// <summary>Takes a PIRQ from its interrupt.</summary>
    UnmapPirq = 14,
    /// <summary>Sets trigger and polarity of a pin of the machine's I/OAPIC.</summary>
    SetupGsi = 21,
    /// <summary>Reserves a free PIRQ.</summary>
    GetFreePirq = 23,
}

/// <summary>What a PIRQ is mapped to (<c>MAP_PIRQ_TYPE_*</c>).</summary>
public enum MapPirqType
{
    /// <summary>An interrupt of a device that sends messages.</summary>
    Msi = 0,
    /// <summary>A GSI.</summary>
    Gsi = 1,
    /// <summary>Nothing.</summary>
    Unknown = 2,
    /// <summary>As <see cref="Msi"/>, with the device's segment.</summary>
    MsiSegment = 3,
}
