namespace Wirq.Board.Devices.Pci;

/// <summary>The value of port 0xCF8: it selects a register of a function.</summary>
/// <remarks><code>
///  31   30 24 23 16 15   11 10      8 7        2 1 0
/// +----+-----+-----+-------+---------+----------+---+
/// | on |  0  | bus |device |function | register | 0 |
/// +----+-----+-----+-------+---------+----------+---+
/// </code>PCI Local Bus 3.0, 3.2.2.3.2.</remarks>
/// <param name="Bits">The word.</param>
internal readonly record struct ConfigurationAddress(uint Bits)
{
    internal const uint Writable = 0x80FFFFFC;

    private const int BusShift = 16, FunctionShift = 8;

    internal bool On => (Bits & 0x80000000) != 0;

    internal uint Bus => Bits >> BusShift & 0xFF;

    /// <summary>Device and function: 7:3 and 2:0.</summary>
    internal uint DeviceFunction => Bits >> FunctionShift & 0xFF;

    /// <summary>Bytes from the beginning of the configuration space, a multiple of 4.</summary>
    internal uint Register => Bits & 0xFC;
}
