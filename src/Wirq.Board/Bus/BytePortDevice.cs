namespace Wirq.Board.Bus;

/// <summary>A device whose ports are one byte wide. A wider access is split into one access per port, lowest port
/// first, as an ISA bridge does.</summary>
/// <remarks>One access holds the device's lock for all of its bytes.</remarks>
public abstract class BytePortDevice : IPortDevice
{
    /// <summary>The value of a port that no device answers.</summary>
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
    /// <param name="port">The port number. A wide access may reach ports after the device's last one.</param>
    protected abstract byte ReadByte(ushort port);

    /// <summary>Writes a port, under <see cref="Guard"/>.</summary>
    /// <param name="port">The port number. A wide access may reach ports after the device's last one.</param>
    /// <param name="value">The written value.</param>
    protected abstract void WriteByte(ushort port, byte value);

    /// <summary>Called after an access, without <see cref="Guard"/>, for callbacks of the device's owner.</summary>
    protected virtual void AfterAccess()
    {
    }
}
