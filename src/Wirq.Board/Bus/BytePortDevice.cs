namespace Wirq.Board.Bus;

/// <summary>A device whose ports are a byte wide. A wider access is one to each port, from the lowest on, as an ISA
/// bridge makes of it.</summary>
/// <remarks>One access holds the device's lock from its first byte to its last.</remarks>
public abstract class BytePortDevice : IPortDevice
{
    /// <summary>What a port reads at which nothing answers.</summary>
    protected const byte Nothing = 0xFF;

    /// <summary>Guards the device's state.</summary>
    protected Lock Guard { get; } = new();

    /// <inheritdoc/>
    public uint ReadPort(ushort port, int size)
    {
        uint value = 0;
        lock (Guard)
        {
            for (int i = 0; i < size; i++)
                value = Access.Merge(value, i, 1, ReadByte((ushort)(port + i)));
        }
        AfterAccess();
        return value;
    }

    /// <inheritdoc/>
    public void WritePort(ushort port, int size, uint value)
    {
        lock (Guard)
        {
            for (int i = 0; i < size; i++)
                WriteByte((ushort)(port + i), Access.Byte(value, i));
        }
        AfterAccess();
    }

    /// <summary>Reads a port, under <see cref="Guard"/>.</summary>
    /// <param name="port">The port, absolute; it may be one behind the device's last.</param>
    protected abstract byte ReadByte(ushort port);

    /// <summary>Writes a port, under <see cref="Guard"/>.</summary>
    /// <param name="port">The port, absolute; it may be one behind the device's last.</param>
    /// <param name="value">What is written.</param>
    protected abstract void WriteByte(ushort port, byte value);

    /// <summary>Called when an access is done, without <see cref="Guard"/>: for callbacks of the device's
    /// owner.</summary>
    protected virtual void AfterAccess()
    {
    }
}
