namespace Wirq.Board.Bus;

/// <summary>Finds the device at a port or an address. If there is none, a read returns all ones and a write has no
/// effect, as on a real bus.</summary>
/// <remarks>All members may be called from any thread. An access during a remap reaches the device at either its old or
/// its new place.</remarks>
public sealed class DeviceBus
{
    private readonly Lock _lock = new();
    private Range<IPortDevice>[] _ports = [];
    private Range<IMemoryDevice>[] _memory = [];

    /// <summary>Maps a device at ports.</summary>
    /// <param name="first">The first port.</param>
    /// <param name="count">How many.</param>
    /// <param name="device">The device that answers; it takes precedence over earlier devices at these ports.</param>
    public void MapPorts(ushort first, int count, IPortDevice device)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        lock (_lock)
            _ports = [new(first, (ulong)count, device), .. _ports];
    }

    /// <summary>Maps a device at physical addresses.</summary>
    /// <param name="address">The first.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="device">The device that answers; it takes precedence over earlier devices at these
    /// addresses.</param>
    public void MapMemory(ulong address, ulong length, IMemoryDevice device)
    {
        ArgumentOutOfRangeException.ThrowIfZero(length);
        lock (_lock)
            _memory = [new(address, length, device), .. _memory];
    }

    /// <summary>Removes a device from every place where it is mapped.</summary>
    public void Unmap(IPortDevice device)
    {
        lock (_lock)
            _ports = [.. _ports.Where(range => range.Device != device)];
    }

    /// <inheritdoc cref="Unmap(IPortDevice)"/>
    public void Unmap(IMemoryDevice device)
    {
        lock (_lock)
            _memory = [.. _memory.Where(range => range.Device != device)];
    }

    /// <summary>A CPU reads a port.</summary>
    /// <param name="port">The port.</param>
    /// <param name="size">Bytes: 1, 2 or 4.</param>
    public uint ReadPort(ushort port, int size) =>
        Find(Volatile.Read(ref _ports), port, out _) is { } device ? device.ReadPort(port, size) : uint.MaxValue;

    /// <summary>A CPU writes a port.</summary>
    /// <param name="port">The port.</param>
    /// <param name="size">Bytes: 1, 2 or 4.</param>
    /// <param name="value">The written value.</param>
    public void WritePort(ushort port, int size, uint value) => Find(Volatile.Read(ref _ports), port, out _)?.WritePort(port, size, value);

    /// <summary>A CPU reads memory.</summary>
    /// <param name="address">Physical address.</param>
    /// <param name="size">Bytes, 1 to 8.</param>
    public ulong ReadMemory(ulong address, int size) =>
        Find(Volatile.Read(ref _memory), address, out ulong offset) is { } device ? device.ReadMemory(offset, size) : ulong.MaxValue;

    /// <summary>A CPU writes memory.</summary>
    /// <param name="address">Physical address.</param>
    /// <param name="size">Bytes, 1 to 8.</param>
    /// <param name="value">The written value.</param>
    public void WriteMemory(ulong address, int size, ulong value) =>
        Find(Volatile.Read(ref _memory), address, out ulong offset)?.WriteMemory(offset, size, value);

    private static T? Find<T>(Range<T>[] ranges, ulong place, out ulong offset) where T : class
    {
        foreach (Range<T> range in ranges)
        {
            offset = place - range.First;
            if (place >= range.First && offset < range.Length)
                return range.Device;
        }
        offset = 0;
        return null;
    }

    private readonly record struct Range<T>(ulong First, ulong Length, T Device);
}
