namespace Wirq.Board.Devices;

/// <summary>What lies between INTR of a serial port and its interrupt line.</summary>
public enum SerialWiring : byte
{
    /// <summary>The gate of a PC: it is open while the guest has set OUT2, and shut in a loop.</summary>
    Pc,
    /// <summary>Nothing, as in QEMU: the guest need not know of the gate.</summary>
    Direct,
}
