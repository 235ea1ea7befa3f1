using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>Sets up a machine like the firmware of a PC: local APICs enabled, virtual wire mode on the first CPU, the
/// 8259s initialised and masked.</summary>
internal static class Firmware
{
    private const ulong EnableX2Apic = 0xC00;

    internal static void Prepare(MachineSpec spec, Fabric fabric, IGuestCpus cpus, RegisterAccess registers)
    {
        for (int cpu = 0; cpu < spec.Cpus; cpu++)
        {
            if (spec.X2Apic)
            {
                cpus.ReadMsr(cpu, ApicMsr.Base, out ulong apicBase);
                cpus.WriteMsr(cpu, ApicMsr.Base, apicBase | EnableX2Apic);
            }
            registers.WriteLocalApic(cpu, ApicRegister.SpuriousVector, 0x1FF);
            if (!spec.X2Apic)
            {
                registers.WriteLocalApic(cpu, ApicRegister.DestinationFormat, 0xFFFFFFFF);
                registers.WriteLocalApic(cpu, ApicRegister.LogicalDestination, cpu < 8 ? 1ul << (24 + cpu) : 0);
            }
            // Virtual wire mode: the first CPU gets INTR of the 8259s at LINT0, and NMI at LINT1 (MultiProcessor
            // Specification 1.4, 3.6.2.2).
            registers.WriteLocalApic(cpu, ApicRegister.Lint0, cpu == 0 ? 0x00700u : 0x10000u);
            registers.WriteLocalApic(cpu, ApicRegister.Lint1, cpu == 0 ? 0x00400u : 0x10000u);
        }
        if (fabric.Pic is null)
            return;
        ReadOnlySpan<(ushort Port, byte Value)> writes =
        [
            (PicPair.MasterCommand, 0x11), (PicPair.MasterData, 0x20), (PicPair.MasterData, 0x04),
            (PicPair.MasterData, 0x01), (PicPair.MasterData, 0xFF),
            (PicPair.SlaveCommand, 0x11), (PicPair.SlaveData, 0x28), (PicPair.SlaveData, 0x02),
            (PicPair.SlaveData, 0x01), (PicPair.SlaveData, 0xFF),
        ];
        foreach ((ushort port, byte value) in writes)
            cpus.TryWritePort(0, port, 1, value);
    }
}
