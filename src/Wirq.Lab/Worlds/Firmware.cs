using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>Leaves a machine as the firmware of a PC does: local APICs enabled, virtual wire mode on the first CPU,
/// the 8259s initialised and masked.</summary>
internal static class Firmware
{
    private const uint ApicBaseMsr = 0x1B;
    private const ulong EnableX2Apic = 0xC00;

    internal static void Prepare(MachineSpec spec, Fabric fabric, IGuestCpus cpus, RegisterAccess registers)
    {
        for (int cpu = 0; cpu < spec.Cpus; cpu++)
        {
            if (spec.X2Apic)
            {
                cpus.ReadMsr(cpu, ApicBaseMsr, out ulong apicBase);
                cpus.WriteMsr(cpu, ApicBaseMsr, apicBase | EnableX2Apic);
            }
            registers.WriteLocalApic(cpu, LocalApicOffsets.SpuriousVector, 0x1FF);
            if (!spec.X2Apic)
            {
                registers.WriteLocalApic(cpu, LocalApicOffsets.DestinationFormat, 0xFFFFFFFF);
                registers.WriteLocalApic(cpu, LocalApicOffsets.LogicalDestination, cpu < 8 ? 1ul << (24 + cpu) : 0);
            }
            // Virtual wire mode: the first CPU takes the 8259s at LINT0 and NMI at LINT1 (MultiProcessor Specification
            // 1.4, 3.6.2.2).
            registers.WriteLocalApic(cpu, LocalApicOffsets.Lint0, cpu == 0 ? 0x00700u : 0x10000u);
            registers.WriteLocalApic(cpu, LocalApicOffsets.Lint1, cpu == 0 ? 0x00400u : 0x10000u);
        }
        if (fabric.Pic is null)
            return;
        ReadOnlySpan<(ushort Port, byte Value)> writes =
        [
            (0x20, 0x11), (0x21, 0x20), (0x21, 0x04), (0x21, 0x01), (0x21, 0xFF),
            (0xA0, 0x11), (0xA1, 0x28), (0xA1, 0x02), (0xA1, 0x01), (0xA1, 0xFF),
        ];
        foreach ((ushort port, byte value) in writes)
            cpus.TryWritePort(0, port, 1, value);
    }
}
