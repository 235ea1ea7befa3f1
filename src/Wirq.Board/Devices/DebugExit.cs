using Wirq.Board.Bus;

namespace Wirq.Board.Devices;

/// <summary>The port through which a test ends its machine with a code.</summary>
/// <remarks>As QEMU's <c>isa-debug-exit</c> has it (hw/misc/debugexit.c): a write of <c>v</c> ends with
/// <c>(v &lt;&lt; 1) | 1</c>, so that no guest can end with 0. All 33 bits are kept: in 32, or in the 8 that a process's
/// exit status has, other values would end as a 0 does. Reads find 0.</remarks>
internal sealed class DebugExit : IPortDevice
{
    /// <summary>Its first port.</summary>
    public const ushort FirstPort = 0xF4;
    /// <summary>How many it has.</summary>
    public const int Ports = 4;

    private readonly Action<long> _exited;
    private int _told;

    /// <summary>Builds the device.</summary>
    /// <param name="exited">Called with the code once, 1 to 2^33 - 1, by the thread of the vCPU that wrote.</param>
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
