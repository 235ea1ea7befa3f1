namespace Wirq.Board.Devices.Pci;

/// <summary>The bridge between the CPUs and bus 0. Guests look for it at device 0 to find out whether there is a
/// bus.</summary>
/// <remarks>It has the ids of an Intel 82441FX (8086:1237). None of its registers has an effect.</remarks>
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
