using Wirq.Board.Bus;

namespace Wirq.Board.Devices;

/// <summary>The port through which a test ends its machine with a code.</summary>
/// <remarks>Like QEMU's <c>isa-debug-exit</c> (hw/misc/debugexit.c): a write of <c>v</c> ends with <c>(v &lt;&lt; 1) |
/// 1</c>, so a guest cannot end with 0. All 33 bits are kept. If only 32 bits were kept, or the 8 bits of a process's
/// exit status, other values would look like a written 0. Reads return 0.</remarks>
internal sealed class DebugExit : IPortDevice
{
    /// <summary>Its first port.</summary>
    public const ushort FirstPort = 0xF4;
    /// <summary>The number of ports.</summary>
    public const int Ports = 4;

    private readonly Action<long> _exited;
    private int _told;

    /// <summary>Builds the device.</summary>
    /// <param name="exited">Called once with the code, 1 to 2^33 - 1, on the thread of the vCPU that wrote.</param>
    public DebugExit(Action<long> exited)
    {
        ArgumentNullException.ThrowIfNull(exited);
        _exited = exited;
    }

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(FirstPort, Ports, this);
    }

    /// <inheritdoc/>
    public uint ReadPort(ushort port, int size) => 0;

    /// <inheritdoc/>
    public void WritePort(ushort port, int size, uint value)
    {
        if (Interlocked.Exchange(ref _told, 1) == 0)
            _exited(2L * Access.Masked(value, size) + 1);
    }
}
