namespace Wirq.Board.Bus;

/// <summary>A device that answers at ports.</summary>
/// <remarks>It may be called by several vCPUs at once, and guards itself.</remarks>
public interface IPortDevice
{
    /// <summary>A CPU reads.</summary>
    /// <param name="port">The port, absolute.</param>
    /// <param name="size">Bytes: 1, 2 or 4.</param>
    /// <returns>What it reads; bits beyond <paramref name="size"/> are dropped.</returns>
    uint ReadPort(ushort port, int size);

    /// <summary>A CPU writes.</summary>
    /// <param name="port">The port, absolute.</param>
    /// <param name="size">Bytes: 1, 2 or 4.</param>
    /// <param name="value">What it writes.</param>
    void WritePort(ushort port, int size, uint value);
}

/// <summary>A device that answers at physical addresses.</summary>
/// <inheritdoc cref="IPortDevice" path="/remarks"/>
public interface IMemoryDevice
{
    /// <summary>A CPU reads.</summary>
    /// <param name="offset">Bytes from where the device is mapped.</param>
    /// <param name="size">Bytes, 1 to 8.</param>
    /// <returns>What it reads; bits beyond <paramref name="size"/> are dropped.</returns>
    ulong ReadMemory(ulong offset, int size);

    /// <summary>A CPU writes.</summary>
    /// <param name="offset">Bytes from where the device is mapped.</param>
    /// <param name="size">Bytes, 1 to 8.</param>
    /// <param name="value">What it writes.</param>
    void WriteMemory(ulong offset, int size, ulong value);
}
