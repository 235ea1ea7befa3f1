namespace Wirq.Board.Firmware;

/// <summary>Polarity and trigger mode of an interrupt, as MADT and MP tables say them.</summary>
/// <remarks><code>
/// 3:2 trigger: 0 as the bus, 1 edge, 3 level    1:0 polarity: 0 as the bus, 1 active high, 3 active low
/// </code>ACPI 6.5, table 5.26; MultiProcessor Specification 1.4, table 4-10.</remarks>
internal readonly record struct MpsFlags(ushort Bits)
{
    /// <summary>As the bus of the source: ISA is edge-triggered and active high.</summary>
    internal static MpsFlags AsBus => new(0);

    /// <summary>Each level line of the board is asserted high.</summary>
    internal static MpsFlags LevelHigh => new(0xD);
}
