using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Tests.Scenarios;

public sealed class StepReadingTests
{
    [Theory]
    [InlineData("disk: raise", 0, DeviceAction.Raise, "disk raises")]
    [InlineData("nic: lower", 1, DeviceAction.Lower, "nic lowers")]
    [InlineData("uart: pulse", 2, DeviceAction.Pulse, "uart pulses")]
    [InlineData("nvme: send", 3, DeviceAction.Send, "nvme sends its message")]
    [InlineData("disk: remove", 0, DeviceAction.Remove, "disk is removed")]
    internal void Devices_act(string step, int device, DeviceAction action, string text)
    {
        var read = Assert.IsType<DeviceStep>(Assert.Single(Sample.Steps($"  - {step}")));
        Assert.Equal((device, action, text), (read.Device, read.Action, read.Text));
    }

    [Fact]
    public void Time_passes()
    {
        var step = Assert.IsType<TimeStep>(Assert.Single(Sample.Steps("  - time: 10ms")));
        Assert.Equal((10_000_000, "10ms pass"), (step.Nanoseconds, step.Text));
    }

    [Fact]
    public void Steps_are_repeated()
    {
        var repeat = Assert.IsType<RepeatStep>(Assert.Single(Sample.Steps("  - repeat: {times: 3, steps: [{disk: raise}, {repeat: {times: 2, steps: [{cpu0: eoi}]}}]}")));
        Assert.Equal((3, "3 times", 2), (repeat.Times, repeat.Text, repeat.Steps.Count));
        Assert.Equal(2, Assert.IsType<RepeatStep>(repeat.Steps[1]).Times);
    }

    public static TheoryData<string, object, string> Commands => new()
    {
        { "eoi", new EoiCommand(), "cpu0 signals EOI" },
        { "pic-eoi", new PicEoiCommand(-1, false), "cpu0 signals EOI to the master 8259" },
        { "pic-eoi-both", new PicEoiCommand(-1, true), "cpu0 signals EOI to both 8259s" },
        { "{pic-eoi: 12}", new PicEoiCommand(12, false), "cpu0 signals EOI of IRQ 12 to the 8259s" },
        { "sti", new InterruptsCommand(true), "cpu0 enables interrupts" },
        { "cli", new InterruptsCommand(false), "cpu0 disables interrupts" },
        { "take", new TakeCommand(-1), "cpu0 looks for an interrupt to take" },
        { "{take: any}", new TakeCommand(-1), "cpu0 looks for an interrupt to take" },
        { "{take: 0x31}", new TakeCommand(0x31), "cpu0 looks for an interrupt to take" },
        { "{take: none}", new TakeCommand(-2), "cpu0 looks for an interrupt to take" },
        { "inta", new IntaCommand(-1), "cpu0 runs an INTA cycle" },
        { "{inta: 0x27}", new IntaCommand(0x27), "cpu0 runs an INTA cycle" },
        { "{serve: nic}", new ServeCommand(1), "cpu0 serves nic" },
        { "{mask: 11}", new MaskCommand(0, 11, true), "cpu0 masks pin 11" },
        { "{unmask: ioapic1.3}", new MaskCommand(1, 3, false), "cpu0 unmasks pin ioapic1.3" },
        { "{mask: ioapic.3}", new MaskCommand(0, 3, true), "cpu0 masks pin 3" },
        { "{mask-irq: 4}", new MaskIrqCommand(4, true), "cpu0 masks IRQ 4" },
        { "{unmask-irq: 15}", new MaskIrqCommand(15, false), "cpu0 unmasks IRQ 15 and the cascade" },
        { "{migrate: {pin: 11, to: 1}}", new MigrateCommand(0, 11, 1), "cpu0 migrates pin 11 to 1" },
        { "{migrate: {pin: ioapic1.0, to: 300, vector: 0x41}}", new MigrateCommand(1, 0, 300, 0x41), "cpu0 migrates pin ioapic1.0 to 300 vector 0x41" },
        { "{ipi: {vector: 0x40, to: 1}}", new IpiCommand(0x1_0000_4040), "cpu0 sends an IPI: vector 0x40 to 1" },
        { "{ipi: {vector: 0xf1, shorthand: self, assert: false}}", new IpiCommand(0x400F1), "cpu0 sends an IPI: vector 0xf1 self not assert" },
        { "{ipi: {mode: nmi, to: 0xffffffff}}", new IpiCommand(0xFFFF_FFFF_0000_4400), "cpu0 sends an IPI: nmi to 0xffffffff" },
        { "{ipi: {mode: init, shorthand: others, level: true}}", new IpiCommand(0xCC500), "cpu0 sends an IPI: init others level" },
        { "{ipi: {mode: start-up, vector: 0x9a, to: 0x03, logical: true}}", new IpiCommand(0x3_0000_4E9A), "cpu0 sends an IPI: start-up vector 0x9a to 0x03 logical" },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public void CPUs_act(string command, object expected, string text)
    {
        var step = Assert.IsType<CpuStep>(Assert.Single(Sample.Steps($"  - cpu0: {command}")));
        Assert.Equal((0, expected, text), (step.Cpu, (object)step.Command, step.Text));
    }

    [Fact]
    public void A_list_of_commands_is_a_step_each()
    {
        IReadOnlyList<Step> steps = Sample.Steps("  - cpu1: [cli, {serve: disk}, eoi]");
        Assert.Equal([new InterruptsCommand(false), new ServeCommand(0), new EoiCommand()], steps.Cast<CpuStep>().Select(step => step.Command));
        Assert.All(steps.Cast<CpuStep>(), step => Assert.Equal(1, step.Cpu));
    }

    [Fact]
    public void Several_registers_are_written_in_the_order_of_the_file()
    {
        IReadOnlyList<Step> steps = Sample.Steps("  - cpu0: {write: {apic.svr: 0x1ff, pic.master.data: [0x08, 0x04, 0x01], cr8: 15}}");
        Assert.Equal(["cpu0 writes apic.svr 0x1ff", "cpu0 writes pic.master.data 0x08", "cpu0 writes pic.master.data 0x04",
            "cpu0 writes pic.master.data 0x01", "cpu0 writes cr8 15"], steps.Select(step => step.Text));
    }

    [Fact]
    public void An_entry_is_written_by_its_fields()
    {
        var step = (CpuStep)Sample.Steps("  - cpu0: {write: {rte.11: {vector: 0x31, destination: 0x1234, level: true, masked: false}}}")[0];
        var command = Assert.IsType<WriteCommand>(step.Command);
        Assert.Equal(RedirectionEntry.Create(0x31, 0x1234, level: true).Bits, command.Value.Bits);
        Assert.Equal(ulong.MaxValue, command.Value.Mask);
        Assert.Equal("cpu0 writes rte.11 vector 0x31 to 0x1234 level not masked", step.Text);
    }

    [Fact]
    public void A_change_touches_the_named_fields_alone()
    {
        var command = Assert.IsType<ChangeCommand>(Sample.Command("{change: {rte.11: {masked: true, level: false}}}"));
        Assert.Equal(new RegisterValue(1 << 16, 1 << 16 | 1 << 15, NumberForm.Fields), command.Value);
        Assert.Equal(new RegisterValue(2, 3, NumberForm.Binary), Assert.IsType<ChangeCommand>(Sample.Command("{change: {apic.tpr: 0b10/0b11}}")).Value);
    }

    [Fact]
    public void A_read_compares_what_is_named()
    {
        Assert.Equal(new RegisterValue(1 << 14, 1 << 14, NumberForm.Fields), Assert.IsType<ReadCommand>(Sample.Command("{read: {rte.11: {remote-irr: 1}}}")).Is);
        Assert.Equal(new RegisterValue(0x50, 0xFFFF_FFFF), Assert.IsType<ReadCommand>(Sample.Command("{read: {apic.tpr: 0x50}}")).Is);
        Assert.Equal(new RegisterValue(0x0200_0000, 0x0200_0000), Assert.IsType<ReadCommand>(Sample.Command("{read: {apic.tmr.3: 0x02000000/0x02000000}}")).Is);
        Assert.Null(Assert.IsType<ReadCommand>(Sample.Command("{read: {apic.isr.0: ~}}")).Is);
    }

    [Fact]
    public void An_access_may_have_to_fault()
    {
        Assert.True(Assert.IsType<WriteCommand>(Sample.Command("{write: {msr.0x802: 1}, faults: true}")).Faults);
        Assert.True(Assert.IsType<ReadCommand>(Sample.Command("{faults: true, read: {msr.0x80b: ~}}")).Faults);
        Assert.False(Assert.IsType<WriteCommand>(Sample.Command("{write: {cr8: 1}, faults: false}")).Faults);
    }

    [Fact]
    public void A_step_knows_where_it_stands()
    {
        IReadOnlyList<Step> steps = Sample.Steps("  - disk: raise\n  - cpu0:\n      write:\n        apic.tpr: 1\n        cr8: 2");
        Assert.Equal([(7, 5), (10, 9), (11, 9)], steps.Select(step => (step.At.Line, step.At.Column)));
    }

    [Fact]
    public void Handlers_have_turns()
    {
        IReadOnlyList<Handler> handlers = Sample.ReadAll(Sample.Everything)[0].Handlers;
        Assert.Equal([(0, 0x31), (0, 0x32), (-1, -1)], handlers.Select(handler => (handler.Cpu, handler.Vector)));
        IReadOnlyList<Step> once = Assert.Single(handlers[0].Turns);
        Assert.Equal(["cpu0 serves disk", "cpu0 signals EOI"], once.Select(step => step.Text));
        Assert.Equal([1, 5], handlers[1].Turns.Select(turn => turn.Count));
        IReadOnlyList<Step> second = handlers[1].Turns[1];
        Assert.Equal(DeviceAction.Raise, Assert.IsType<DeviceStep>(second[1]).Action);
        Assert.Equal(1, Assert.IsType<CpuStep>(second[2]).Cpu);
        Assert.IsType<ExpectStep>(second[3]);
    }

    [Fact]
    public void The_steps_of_a_handler_of_all_CPUs_are_done_by_the_one_that_runs_it()
    {
        IReadOnlyList<Step> turn = Sample.ReadAll(Sample.Everything)[0].Handlers[2].Turns[0];
        var read = Assert.IsType<CpuStep>(turn[0]);
        Assert.Equal((-1, "the CPU reads apic.isr.1"), (read.Cpu, read.Text));
        Assert.Equal(-1, Assert.IsType<CpuStep>(Assert.Single(Assert.IsType<RepeatStep>(turn[1]).Steps)).Cpu);
    }

    [Fact]
    public void A_handler_may_do_nothing() =>
        Assert.Empty(Assert.Single(Sample.Read("name: n\nhandlers: {cpu0: {0x31: []}}\nsteps: [{time: 1ns}]").Handlers[0].Turns));
}
