using Wirq.Board.Bus;

namespace Wirq.Board.Devices;

/// <summary>The port by which a guest says that it has just read its own counts of interrupts, so that they can be compared
/// with those of the board at the same time.</summary>
/// <remarks>A write of any size is the mark, and its low byte the mark's number; reads return all ones. A PC has nothing at this
/// port.</remarks>
/// <param name="marked">Called with the number for each write, on the thread of the vCPU that wrote.</param>
internal sealed class CountMark(Action<byte> marked) : IPortDevice
{
    /// <summary>Its port.</summary>
    public const ushort Port = 0xF8;

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(Port, 1, this);
    }

    /// <inheritdoc/>
    public uint ReadPort(ushort port, int size) => uint.MaxValue;

    /// <inheritdoc/>
    public void WritePort(ushort port, int size, uint value) => marked((byte)value);
}
