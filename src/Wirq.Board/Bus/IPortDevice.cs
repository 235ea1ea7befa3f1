namespace Wirq.Board.Bus;

/// <summary>A device that answers at ports.</summary>
/// <remarks>Several vCPUs may call it at the same time, so it needs its own lock.</remarks>
public interface IPortDevice
{
    /// <summary>A CPU reads.</summary>
    /// <param name="port">The port number.</param>
    /// <param name="size">Bytes: 1, 2 or 4.</param>
    /// <returns>The value; bits beyond <paramref name="size"/> are dropped.</returns>
    uint ReadPort(ushort port, int size);

    /// <summary>A CPU writes.</summary>
    /// <param name="port">The port number.</param>
    /// <param name="size">Bytes: 1, 2 or 4.</param>
    /// <param name="value">The written value.</param>
    void WritePort(ushort port, int size, uint value);
}

/// <summary>A device that answers at physical addresses.</summary>
/// <inheritdoc cref="IPortDevice" path="/remarks"/>
public interface IMemoryDevice
{
    /// <summary>A CPU reads.</summary>
    /// <param name="offset">Bytes from the address where the device is mapped.</param>
    /// <param name="size">Bytes, 1 to 8.</param>
    /// <returns>The value; bits beyond <paramref name="size"/> are dropped.</returns>
    ulong ReadMemory(ulong offset, int size);

    /// <summary>A CPU writes.</summary>
    /// <param name="offset">Bytes from the address where the device is mapped.</param>
    /// <param name="size">Bytes, 1 to 8.</param>
    /// <param name="value">The written value.</param>
    void WriteMemory(ulong offset, int size, ulong value);
}
