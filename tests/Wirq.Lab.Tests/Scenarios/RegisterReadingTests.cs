using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

public sealed class RegisterReadingTests
{
    private static RegisterName Register(string name) =>
        Assert.IsType<ReadCommand>(Sample.Command($"{{read: {{{name}: ~}}}}")).Register;

    [Theory]
    [InlineData("rte.11", RegisterKind.Entry, 0, 11, 8)]
    [InlineData("rte.0xb.low", RegisterKind.EntryLow, 0, 11, 4)]
    [InlineData("rte.11.high", RegisterKind.EntryHigh, 0, 11, 4)]
    [InlineData("ioapic1.rte.7", RegisterKind.Entry, 1, 7, 8)]
    [InlineData("ioapic1.rte.7.low", RegisterKind.EntryLow, 1, 7, 4)]
    [InlineData("ioapic.id", RegisterKind.IoApicIndex, 0, 0, 4)]
    [InlineData("ioapic.version", RegisterKind.IoApicIndex, 0, 1, 4)]
    [InlineData("ioapic1.arbitration", RegisterKind.IoApicIndex, 1, 2, 4)]
    [InlineData("ioapic.index.0xff", RegisterKind.IoApicIndex, 0, 255, 4)]
    [InlineData("ioapic.select", RegisterKind.IoApicOffset, 0, 0, 4)]
    [InlineData("ioapic.select.1", RegisterKind.IoApicOffset, 0, 0, 1)]
    [InlineData("ioapic.window", RegisterKind.IoApicOffset, 0, 0x10, 4)]
    [InlineData("ioapic1.eoi", RegisterKind.IoApicOffset, 1, 0x40, 4)]
    [InlineData("apic.id", RegisterKind.LocalApic, 0, 0x20, 4)]
    [InlineData("apic.version", RegisterKind.LocalApic, 0, 0x30, 4)]
    [InlineData("apic.tpr", RegisterKind.LocalApic, 0, 0x80, 4)]
    [InlineData("apic.apr", RegisterKind.LocalApic, 0, 0x90, 4)]
    [InlineData("apic.ppr", RegisterKind.LocalApic, 0, 0xA0, 4)]
    [InlineData("apic.eoi", RegisterKind.LocalApic, 0, 0xB0, 4)]
    [InlineData("apic.rrd", RegisterKind.LocalApic, 0, 0xC0, 4)]
    [InlineData("apic.ldr", RegisterKind.LocalApic, 0, 0xD0, 4)]
    [InlineData("apic.dfr", RegisterKind.LocalApic, 0, 0xE0, 4)]
    [InlineData("apic.svr", RegisterKind.LocalApic, 0, 0xF0, 4)]
    [InlineData("apic.isr.0", RegisterKind.LocalApic, 0, 0x100, 4)]
    [InlineData("apic.tmr.3", RegisterKind.LocalApic, 0, 0x1B0, 4)]
    [InlineData("apic.irr.7", RegisterKind.LocalApic, 0, 0x270, 4)]
    [InlineData("apic.esr", RegisterKind.LocalApic, 0, 0x280, 4)]
    [InlineData("apic.lvt.cmci", RegisterKind.LocalApic, 0, 0x2F0, 4)]
    [InlineData("apic.icr", RegisterKind.LocalApic, 0, 0x300, 8)]
    [InlineData("apic.0x300", RegisterKind.LocalApic, 0, 0x300, 4)]
    [InlineData("apic.icr2", RegisterKind.LocalApic, 0, 0x310, 4)]
    [InlineData("apic.lvt.timer", RegisterKind.LocalApic, 0, 0x320, 4)]
    [InlineData("apic.lvt.thermal", RegisterKind.LocalApic, 0, 0x330, 4)]
    [InlineData("apic.lvt.performance", RegisterKind.LocalApic, 0, 0x340, 4)]
    [InlineData("apic.lvt.lint0", RegisterKind.LocalApic, 0, 0x350, 4)]
    [InlineData("apic.lvt.lint1", RegisterKind.LocalApic, 0, 0x360, 4)]
    [InlineData("apic.lvt.error", RegisterKind.LocalApic, 0, 0x370, 4)]
    [InlineData("apic.timer.initial", RegisterKind.LocalApic, 0, 0x380, 4)]
    [InlineData("apic.timer.current", RegisterKind.LocalApic, 0, 0x390, 4)]
    [InlineData("apic.timer.divide", RegisterKind.LocalApic, 0, 0x3E0, 4)]
    [InlineData("apic.self-ipi", RegisterKind.LocalApic, 0, 0x3F0, 4)]
    [InlineData("apic.0x400", RegisterKind.LocalApic, 0, 0x400, 4)]
    [InlineData("msr.0x1b", RegisterKind.Msr, 0, 0x1B, 8)]
    [InlineData("msr.apic-base", RegisterKind.Msr, 0, 0x1B, 8)]
    [InlineData("msr.tsc-deadline", RegisterKind.Msr, 0, 0x6E0, 8)]
    [InlineData("msr.0x83f", RegisterKind.Msr, 0, 0x83F, 8)]
    [InlineData("port.0x20", RegisterKind.Port, 0, 0x20, 1)]
    [InlineData("port.0x4d0.2", RegisterKind.Port, 0, 0x4D0, 2)]
    [InlineData("pic.master.command", RegisterKind.Port, 0, 0x20, 1)]
    [InlineData("pic.master.data", RegisterKind.Port, 0, 0x21, 1)]
    [InlineData("pic.master.elcr", RegisterKind.Port, 0, 0x4D0, 1)]
    [InlineData("pic.slave.command", RegisterKind.Port, 0, 0xA0, 1)]
    [InlineData("pic.slave.data", RegisterKind.Port, 0, 0xA1, 1)]
    [InlineData("pic.slave.elcr", RegisterKind.Port, 0, 0x4D1, 1)]
    [InlineData("memory.0xfee00030", RegisterKind.Memory, 0, 0xFEE00030, 4)]
    [InlineData("memory.0xfee00030.8", RegisterKind.Memory, 0, 0xFEE00030, 8)]
    [InlineData("memory.0xfec00000.1", RegisterKind.Memory, 0, 0xFEC00000, 1)]
    [InlineData("cr8", RegisterKind.Cr8, 0, 0, 8)]
    internal void Every_register_has_a_name(string name, RegisterKind kind, int unit, ulong number, int size) =>
        Assert.Equal(new RegisterName(kind, unit, number, size, name), Register(name));

    [Theory]
    [InlineData("rte.1", "vector: 0x31, mode: lowest-priority, destination: 0x7fff", 0xFFFE_0000_0000_0131)]
    [InlineData("rte.1", "logical: 1, level: 1, active-low: 1, masked: 1", 0x1A800)]
    [InlineData("rte.1", "remote-irr: true, delivery-status: true", 0x5000)]
    [InlineData("rte.1", "mode: 3", 0x300)]
    [InlineData("rte.1", "remappable: true, handle: 0x8001", 0x0003_0000_0000_0800)]
    [InlineData("rte.1.low", "mode: extint, masked: true", 0x10700)]
    [InlineData("rte.1.high", "destination: 1", 0x0100_0000)]
    [InlineData("ioapic.index.0x12", "vector: 7", 7)]
    [InlineData("ioapic.index.0x13", "destination: 3", 0x0300_0000)]
    [InlineData("apic.lvt.timer", "vector: 0xee, timer-mode: tsc-deadline, masked: 1", 0x500EE)]
    [InlineData("apic.lvt.lint1", "mode: nmi, level: true, active-low: true, remote-irr: true", 0xE400)]
    [InlineData("msr.0x832", "timer-mode: periodic", 0x20000)]
    [InlineData("apic.svr", "vector: 0xff, enabled: true, focus: true, suppress-eoi-broadcast: true", 0x13FF)]
    [InlineData("apic.icr", "vector: 0x40, to: 0xffffffff, mode: start-up, logical: true, shorthand: others, level: true, assert: true", 0xFFFF_FFFF_000C_CE40)]
    [InlineData("apic.0x300", "vector: 0x40, shorthand: self", 0x40040)]
    [InlineData("msr.apic-base", "base: 0xfed40000, bsp: true, x2apic: true, enabled: true", 0xFED40D00)]
    public void Fields_lie_where_the_manuals_put_them(string register, string fields, ulong bits)
    {
        RegisterValue value = Assert.IsType<WriteCommand>(Sample.Command($"{{write: {{{register}: {{{fields}}}}}}}")).Value;
        Assert.Equal(bits, value.Bits);
        ulong named = Assert.IsType<ReadCommand>(Sample.Command($"{{read: {{{register}: {{{fields}}}}}}}")).Is!.Value.Mask;
        Assert.Equal(bits, bits & named);
    }

    [Theory]
    [InlineData("mode: fixed", "fixed", 0)]
    [InlineData("mode: smi", "smi", 0x200)]
    [InlineData("mode: init", "init", 0x500)]
    public void The_words_of_a_mode_have_the_values_of_the_manual(string field, string text, ulong bits)
    {
        var step = (CpuStep)Sample.Steps($"  - cpu0: {{write: {{rte.1: {{{field}}}}}}}")[0];
        Assert.Equal((bits, $"cpu0 writes rte.1 {text}"), (((WriteCommand)step.Command).Value.Bits, step.Text));
    }
}
