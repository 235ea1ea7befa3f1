namespace Wirq.Board.Firmware;

/// <summary>Writes resource descriptors, and the buffer that holds them.</summary>
/// <remarks>ACPI 6.5, 6.4. Ranges of addresses are those that a bridge passes on: both ends are fixed.</remarks>
internal static class AmlResources
{
    private const byte IrqTag = 0x22, IoTag = 0x47, EndTag = 0x79, WordSpaceTag = 0x88, DwordSpaceTag = 0x87, InterruptTag = 0x89;
    private const byte Decodes16 = 1;
    private const byte MemoryType = 0, IoType = 1, BusType = 2;
    // Both ends fixed; a bridge decodes them.
    private const byte Fixed = 0x0C;
    private const byte EntireRange = 3, ReadWrite = 1;
    // Consumer, level, active high, shared.
    private const byte LevelHighShared = 0x09;

    /// <summary>A template of resources.</summary>
    internal static byte[] Template(params IReadOnlyList<byte[]> descriptors) => Aml.Buffer([.. Aml.Joined(descriptors), EndTag, 0]);

    /// <summary>Ports of a device.</summary>
    internal static byte[] Ports(ushort first, int count) =>
        new TableWriter().Byte(IoTag).Byte(Decodes16).Half(first).Half(first).Byte(1).Byte(count).ToArray();

    /// <summary>An ISA interrupt: an edge, active high.</summary>
    internal static byte[] IsaInterrupt(int irq) => new TableWriter().Byte(IrqTag).Half(1 << irq).ToArray();

    /// <summary>A GSI whose line is a level, asserted high, and shared.</summary>
    internal static byte[] LevelInterrupt(int gsi) =>
        new TableWriter().Byte(InterruptTag).Half(6).Byte(LevelHighShared).Byte(1).Word((uint)gsi).ToArray();

    /// <summary>The buses behind a bridge.</summary>
    internal static byte[] Buses(byte first, byte last) => Words(BusType, 0, first, last);

    /// <summary>The ports behind a bridge.</summary>
    internal static byte[] PortRange(ushort first, ushort last) => Words(IoType, EntireRange, first, last);

    /// <summary>The addresses behind a bridge, below 4 GiB.</summary>
    internal static byte[] MemoryRange(uint first, uint last) => new TableWriter().Byte(DwordSpaceTag).Half(23)
        .Byte(MemoryType).Byte(Fixed).Byte(ReadWrite).Word(0).Word(first).Word(last).Word(0).Word(last - first + 1).ToArray();

    private static byte[] Words(byte type, byte flags, ushort first, ushort last) => new TableWriter().Byte(WordSpaceTag).Half(13)
        .Byte(type).Byte(Fixed).Byte(flags).Half(0).Half(first).Half(last).Half(0).Half(last - first + 1).ToArray();
}
