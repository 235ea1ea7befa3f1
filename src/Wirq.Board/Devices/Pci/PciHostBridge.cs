namespace Wirq.Board.Devices.Pci;

/// <summary>The bridge between the CPUs and bus 0: what a guest looks for at device 0 to know that there is a
/// bus.</summary>
/// <remarks>It names itself as an Intel 82441FX (8086:1237) does, and has no register that does anything.</remarks>
internal sealed class PciHostBridge : IPciFunction
{
    private readonly ConfigurationSpace _space = new(
        new(PciHeader.Identity, 0x1237_8086),
        new(PciHeader.CommandStatus, PciCommandStatus.MemorySpace | PciCommandStatus.BusMaster),
        // Class 06.00: host bridge; revision 2.
        new(PciHeader.ClassRevision, 0x0600_0002));

    /// <inheritdoc/>
    public uint ReadConfiguration(uint register) => _space[register];

    /// <inheritdoc/>
    public void WriteConfiguration(uint register, int at, int size, uint value) => _space.Write(register, at, size, value);
}
