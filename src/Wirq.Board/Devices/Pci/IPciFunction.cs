namespace Wirq.Board.Devices.Pci;

/// <summary>A function on the bus of a <see cref="PciRoot"/>.</summary>
/// <remarks>Several vCPUs may call it at the same time, so it needs its own lock.</remarks>
public interface IPciFunction
{
    /// <summary>Reads a register of its configuration space.</summary>
    /// <param name="register">Bytes from the beginning, 0 to 252, a multiple of 4.</param>
    uint ReadConfiguration(uint register);

    /// <summary>Writes bytes of a register.</summary>
    /// <param name="register">Bytes from the beginning, 0 to 252, a multiple of 4.</param>
    /// <param name="at">The first byte within the register, 0 to 3.</param>
    /// <param name="size">1, 2 or 4 bytes, all within the register.</param>
    /// <param name="value">The written value.</param>
    void WriteConfiguration(uint register, int at, int size, uint value);
}
