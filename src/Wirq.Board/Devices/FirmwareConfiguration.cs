using System.Buffers.Binary;
using Wirq.Board.Bus;

namespace Wirq.Board.Devices;

/// <summary>The ports that firmware and guests read to find out the configuration of the machine.</summary>
/// <remarks><code>
/// 0x510  16-bit writes select a key and start at its first byte
/// 0x511  8-bit reads return one byte after the other; 0 after the last, and for unknown keys
/// </code>QEMU, docs/specs/fw_cfg: the traditional interface. Not supported: DMA, files, and writes of data; they have
/// no effect.</remarks>
internal sealed class FirmwareConfiguration : IPortDevice
{
    /// <summary>Its first port.</summary>
    public const ushort FirstPort = 0x510;
    /// <summary>The number of ports.</summary>
    public const int Ports = 2;

    private const ushort SelectorPort = FirstPort, DataPort = FirstPort + 1;
    private const ushort SignatureKey = 0, InterfaceKey = 1, MemoryKey = 3, CpusKey = 5, MaxCpusKey = 0x0F, FilesKey = 0x19;
    private const uint Traditional = 1;
    private const ushort WriteChannel = 0x4000;

    private readonly Lock _lock = new();
    private readonly Dictionary<ushort, byte[]> _items;
    private byte[] _chosen;
    private int _next;

    /// <summary>Builds the device.</summary>
    /// <param name="cpus">How many CPUs the board has, 1 to 65535.</param>
    /// <param name="memoryBytes">The size of its memory, in bytes.</param>
    public FirmwareConfiguration(int cpus, ulong memoryBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cpus, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(cpus, ushort.MaxValue);
        _items = new()
        {
            [SignatureKey] = "QEMU"u8.ToArray(),
            [InterfaceKey] = Word(Traditional),
            [MemoryKey] = Long(memoryBytes),
            [CpusKey] = Half((ushort)cpus),
            [MaxCpusKey] = Half((ushort)cpus),
            // A directory of no files: the number of files, 32 bits, big-endian.
            [FilesKey] = Word(0),
        };
        _chosen = _items[SignatureKey];
    }

    /// <summary>Maps it.</summary>
    public void MapAt(DeviceBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.MapPorts(FirstPort, Ports, this);
    }

    /// <inheritdoc/>
    public uint ReadPort(ushort port, int size)
    {
        if (port != DataPort || size != 1)
            return 0;
        lock (_lock)
            return _next < _chosen.Length ? _chosen[_next++] : 0u;
    }

    /// <inheritdoc/>
    public void WritePort(ushort port, int size, uint value)
    {
        if (port != SelectorPort || size != 2)
            return;
        lock (_lock)
        {
            _chosen = _items.GetValueOrDefault((ushort)(value & ~(uint)WriteChannel)) ?? [];
            _next = 0;
        }
    }

    private static byte[] Half(ushort value)
    {
        byte[] bytes = new byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Word(uint value)
    {
        byte[] bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }

    private static byte[] Long(ulong value)
    {
        byte[] bytes = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, value);
        return bytes;
    }
}
