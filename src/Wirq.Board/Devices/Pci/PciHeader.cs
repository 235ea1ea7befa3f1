namespace Wirq.Board.Devices.Pci;

/// <summary>The offsets of registers in a header of type 0.</summary>
/// <remarks>PCI Local Bus 3.0, 6.1 and figure 6-1.</remarks>
internal static class PciHeader
{
    internal const uint Identity = 0x00, CommandStatus = 0x04, ClassRevision = 0x08, BaseAddress0 = 0x10, Subsystem = 0x2C,
        Capabilities = 0x34, Interrupt = 0x3C;
}

/// <summary>The command register and, above it, the status register.</summary>
/// <remarks><code>
/// command  10 INTx disable   2 bus master   1 memory space   0 I/O space
/// status   31:16, as bits of the word: 20 capabilities list   19 interrupt status
/// </code>PCI Local Bus 3.0, 6.2.2 and 6.2.3.</remarks>
internal readonly record struct PciCommandStatus(uint Bits)
{
    internal const uint MemorySpace = 1 << 1, BusMaster = 1 << 2, IntxDisable = 1 << 10, InterruptStatus = 1 << 19,
        CapabilitiesList = 1 << 20;

    internal bool HasMemory => (Bits & MemorySpace) != 0;
    internal bool MayMaster => (Bits & BusMaster) != 0;
    internal bool IntxDisabled => (Bits & IntxDisable) != 0;

    internal PciCommandStatus WithInterruptStatus(bool pending) =>
        new(pending ? Bits | InterruptStatus : Bits & ~InterruptStatus);
}

/// <summary>Interrupt line and pin.</summary>
/// <remarks><code>15:8 pin: 1 for INTA#   7:0 line: what the firmware wrote for drivers to read</code>PCI Local Bus
/// 3.0, 6.2.4.</remarks>
internal readonly record struct PciInterrupt(uint Bits)
{
    internal const uint LineMask = 0xFF;
    private const uint PinA = 1 << 8;

    internal static PciInterrupt OnPinA(int line) => new(PinA | (uint)line & LineMask);
}
