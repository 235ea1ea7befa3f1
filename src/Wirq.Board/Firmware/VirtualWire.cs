using Wirq.Host;

namespace Wirq.Board.Firmware;

/// <summary>Leaves the machine in virtual wire mode, as firmware does: the 8259s interrupt the bootstrap processor through LINT0 of
/// its local APIC, and NMI comes by LINT1. So a guest that knows the 8259s only gets its interrupts.</summary>
/// <remarks>MultiProcessor Specification 1.4, 3.6.2.2. The 8259s are masked, as firmware leaves those of interrupts that it does not
/// use.</remarks>
internal static class VirtualWire
{
    private const ulong Spurious = Madt.LocalApicAddress + 0xF0, Lint0 = Madt.LocalApicAddress + 0x350, Lint1 = Madt.LocalApicAddress + 0x360;
    private const uint Enabled = 0x1FF, ExtInt = 0x700, Nmi = 0x400;
    private const byte AllMasked = 0xFF;

    /// <summary>Programs the chips.</summary>
    /// <param name="host">A machine whose local APICs and 8259s are its own.</param>
    internal static void Program(FabricHost host)
    {
        host.TryWritePort(0, PicPair.MasterData, 1, AllMasked);
        host.TryWritePort(0, PicPair.SlaveData, 1, AllMasked);
        host.TryWrite(0, Spurious, sizeof(uint), Enabled);
        host.TryWrite(0, Lint0, sizeof(uint), ExtInt);
        host.TryWrite(0, Lint1, sizeof(uint), Nmi);
    }
}
