using Wirq.Board.Bus;

namespace Wirq.Board.Devices;

/// <summary>The position of the cursor of a display that is not there.</summary>
/// <remarks><code>
/// 0x3D4  which register, 0 to 31   0x3D5  the register: 14, 15 position of the cursor, high byte first; it keeps what is written
/// </code>Motorola MC6845 data sheet, table 1. A guest with a text console asks where the cursor is, and may take a position outside
/// the screen, such as the ones of an absent device, for its own defect. Other registers read 0.</remarks>
internal sealed class CrtController : BytePortDevice
{
    private const ushort IndexPort = 0x3D4;
    private const int Ports = 2;
    private const byte IndexMask = 0x1F, CursorHigh = 14, CursorLow = 15;

    private byte _index, _high, _low;

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(IndexPort, Ports, this);
    }

    /// <inheritdoc/>
    protected override byte ReadByte(ushort port) => (port - IndexPort, _index) switch
    {
        (0, _) => _index,
        (1, CursorHigh) => _high,
        (1, CursorLow) => _low,
        (1, _) => 0,
        _ => Nothing,
    };

    /// <inheritdoc/>
    protected override void WriteByte(ushort port, byte value)
    {
        switch (port - IndexPort, _index)
        {
            case (0, _): _index = (byte)(value & IndexMask); break;
            case (1, CursorHigh): _high = value; break;
            case (1, CursorLow): _low = value; break;
        }
    }
}
