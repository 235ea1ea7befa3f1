using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Snapshots;

/// <summary>What is owed in a machine's saved state, and by which gate.</summary>
public class SnapshotJudgeTests
{
    private const ulong Programmed = TestMachine.Level | 0x51, Waiting = Programmed | TestMachine.RemoteIrr;

    [Fact]
    public void A_machine_at_rest_owes_nothing()
    {
        var machine = new TestMachine(cpus: 2) { Entries = { [10] = Programmed } };
        SnapshotAnswer answer = SnapshotJudge.Judge(TestMachine.Read(machine.ToQemu().ToBytes()));
        Assert.Empty(answer.Findings);
        Assert.Equal(WhyVerdict.NothingOwed, answer.Verdict);
    }

    [Fact]
    public void Remote_IRR_whose_vector_no_CPU_has_is_owed()
    {
        var machine = new TestMachine(cpus: 2) { Entries = { [10] = Waiting } };
        Assert.Equal(["Owed ioapic:10 RemoteIrr"], machine.Findings());
        machine.Entries[10] |= TestMachine.Masked;
        Assert.Equal(["Owed ioapic:10 RemoteIrr"], machine.Findings());
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void A_vector_in_service_owes_its_EOI_whatever_its_CPU_does(bool halted, bool interruptsOn)
    {
        var machine = new TestMachine(cpus: 2) { Entries = { [10] = Waiting } };
        TestMachine.Cpu cpu = machine.Cpus[1];
        (cpu.Halted, cpu.InterruptsOn) = (halted, interruptsOn);
        cpu.Isr.Add(0x51);
        cpu.Tmr.Add(0x51);
        Assert.Equal(["Owed 0x51@cpu1 NoEoi", "Owed ioapic:10 RemoteIrr"], machine.Findings());
    }

    [Fact]
    public void An_EOI_that_is_not_broadcast_does_not_end_a_pin()
    {
        var machine = new TestMachine { Entries = { [10] = Waiting } };
        machine.Cpus[0].Halted = false;
        machine.Cpus[0].Irr.Add(0x51);
        SnapshotFinding pin = SnapshotJudge.Judge(TestMachine.Read(machine.ToQemu().ToBytes())).Findings.Single(one => one.Source == "ioapic:10");
        Assert.Equal((Standing.Owed, Gate.RemoteIrr), (pin.Standing, pin.Gate));
        Assert.Contains("TMR says edge", pin.Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true, false, "Owed 0x51@cpu0 NotWoken")]
    [InlineData(true, false, false, "Owed 0x51@cpu0 InterruptsOff")]
    [InlineData(true, true, true, "InFlight 0x51@cpu0 None")]
    [InlineData(false, true, false, "InFlight 0x51@cpu0 None")]
    [InlineData(false, false, false, "NotKnown 0x51@cpu0 InterruptsOff")]
    public void A_pending_vector_is_owed_at_a_halted_CPU_and_never_an_all_clear(bool halted, bool interruptsOn, bool signalled, string expected)
    {
        var machine = new TestMachine();
        TestMachine.Cpu cpu = machine.Cpus[0];
        (cpu.Halted, cpu.InterruptsOn, cpu.Signalled) = (halted, interruptsOn, signalled);
        cpu.Irr.Add(0x51);
        SnapshotAnswer answer = SnapshotJudge.Judge(TestMachine.Read(machine.ToQemu().ToBytes()));
        Assert.Equal([expected], TestMachine.Findings(machine.ToQemu().ToBytes()));
        Assert.Equal(expected.StartsWith("Owed", StringComparison.Ordinal) ? WhyVerdict.Owed : WhyVerdict.NotTold, answer.Verdict);
    }

    [Fact]
    public void What_keeps_a_pending_vector_from_a_CPU_is_named()
    {
        Assert.Equal(["Owed 0x5b@cpu0 NoEoi", "Owed 0x52@cpu0 VectorInService"], Of(cpu => { cpu.Isr.Add(0x5B); cpu.Irr.Add(0x52); }));
        Assert.Equal(["Owed 0x52@cpu0 TaskPriority"], Of(cpu => { cpu.Tpr = 0x50; cpu.Irr.Add(0x52); }));
        Assert.Equal(["Owed 0x52@cpu0 SoftwareDisabled"], Of(cpu => { cpu.Svr = 0xFF; cpu.Irr.Add(0x52); }));

        static string[] Of(Action<TestMachine.Cpu> change)
        {
            var machine = new TestMachine();
            change(machine.Cpus[0]);
            return machine.Findings();
        }
    }

    [Theory]
    [InlineData(Programmed, "Owed ioapic:10 None")]
    [InlineData(Programmed | 5ul << 56, "Owed ioapic:10 NoDestination")]
    [InlineData(Programmed | TestMachine.Masked, "Owed ioapic:10 PinMasked")]
    [InlineData(TestMachine.Level | 0x05, "Owed ioapic:10 IllegalVector")]
    public void A_line_that_is_high_owes_its_delivery(ulong entry, string expected) =>
        Assert.Equal([expected], new TestMachine { Entries = { [10] = entry }, Lines = 1 << 10 }.Findings());

    [Fact]
    public void A_masked_pin_whose_line_is_high_may_be_wanted_while_a_CPU_runs()
    {
        var machine = new TestMachine { Entries = { [10] = Programmed | TestMachine.Masked }, Lines = 1 << 10 };
        machine.Cpus[0].Halted = false;
        Assert.Equal(["Masked ioapic:10 PinMasked"], machine.Findings());
        Assert.Equal(WhyVerdict.NotTold, SnapshotJudge.Judge(TestMachine.Read(machine.ToQemu().ToBytes())).Verdict);
    }

    [Fact]
    public void A_level_that_the_bus_counts_and_the_pin_does_not_see_is_lost()
    {
        var machine = new TestMachine { Entries = { [10] = Programmed }, BusCounts = [1, 0, 0, 0] };
        Assert.Equal(["Owed ioapic:10 NotAsserted"], machine.Findings());
        machine.Lines = 1 << 10;
        machine.Entries[10] = Waiting;
        machine.Cpus[0].Isr.Add(0x51);
        machine.Cpus[0].Tmr.Add(0x51);
        Assert.DoesNotContain("Owed ioapic:10 NotAsserted", machine.Findings());
    }

    [Fact]
    public void Functions_that_hold_more_than_the_bus_counts_lost_a_level()
    {
        Assert.Equal(["Owed PCIBUS NotAsserted"], new TestMachine { Function = (true, 6) }.Findings());
        // The command register keeps INTx from the bus.
        Assert.Empty(new TestMachine { Function = (true, 6 | 1 << 10) }.Findings());
        Assert.Empty(new TestMachine { Function = (true, 6), BusCounts = [1, 0, 0, 0] }.Findings());
        Assert.Equal(["Owed PCIBUS NotAsserted"], new TestMachine { BusCounts = [0xFFFFFFFF, 0, 0, 0] }.Findings());
    }

    [Theory]
    [InlineData(0x8000, false, "Owed msix:1@0000:00:02.0/nic None")]
    [InlineData(0x8000, true, "Masked msix:1@0000:00:02.0/nic VirqMasked")]
    [InlineData(0xC000, false, "Masked msix:1@0000:00:02.0/nic VirqMasked")]
    [InlineData(0x0000, false)]
    public void A_pending_vector_of_MSI_X_is_owed_unless_it_is_masked(int control, bool masked, params string[] expected) =>
        Assert.Equal(expected, new TestMachine { Function = (false, 6), Msix = ((ushort)control, [(false, false), (masked, true), (true, false)]) }.Findings());

    [Fact]
    public void An_8259_that_waits_for_an_EOI_is_owed()
    {
        TestMachine machine = WithPics();
        machine.Master.Isr = 1 << 4;
        Assert.Equal(["Owed pic:4 NoEoi"], machine.Findings());
        machine.Master.Irr = 1 << 5;
        Assert.Equal(["Owed pic:4 NoEoi", "Owed pic:5 PicInService"], machine.Findings());
        machine.Cpus[0].Halted = false;
        Assert.Equal(["Owed pic:4 NoEoi", "NotKnown pic:5 PicInService"], machine.Findings());
        machine.Master.Irr = 1 << 3;
        Assert.Equal(["Owed pic:4 NoEoi", "InFlight pic:3 None"], machine.Findings());
    }

    [Fact]
    public void A_request_of_the_slave_passes_the_master_or_is_held_there()
    {
        TestMachine machine = WithPics();
        machine.Slave.Irr = 1 << 2;
        Assert.Equal(["Owed pic:10 NotWoken"], machine.Findings());
        machine.Master.Imr = 1 << 2;
        Assert.Equal(["Owed pic:10 CascadeMasked"], machine.Findings());
        machine.Master.Imr = 0;
        machine.Master.Isr = 1 << 1;
        Assert.Equal(["Owed pic:10 PicInService", "Owed pic:1 NoEoi"], machine.Findings());
        machine.Master.Isr = 1 << 2;
        machine.Slave.Isr = 1 << 4;
        Assert.Equal(["Owed pic:10 PicInService", "Owed pic:12 NoEoi", "Owed pic:2 NoEoi"], machine.Findings());
        // Special fully nested: an input of the slave that has priority over the one in service passes.
        machine.Master.Nested = 1;
        Assert.Equal(["Owed pic:10 NotWoken", "Owed pic:12 NoEoi", "Owed pic:2 NoEoi"], machine.Findings());
    }

    [Fact]
    public void An_8259_whose_INTR_reaches_no_CPU_is_owed()
    {
        TestMachine machine = WithPics();
        machine.Master.Irr = 1 << 4;
        machine.Cpus[0].Lint0 = TestMachine.MaskedLint;
        Assert.Equal(["Owed pic:4 Lint0Closed"], machine.Findings());
        // The guest takes the line by the I/OAPIC.
        machine.Entries[4] = 0x44;
        Assert.Empty(machine.Findings());
    }

    [Fact]
    public void Rotated_priority_and_the_special_mask_change_what_blocks()
    {
        TestMachine machine = WithPics();
        (machine.Master.Isr, machine.Master.Irr, machine.Master.First) = (1 << 4, 1 << 5, 5);
        Assert.Equal(["Owed pic:4 NoEoi", "Owed pic:5 NotWoken"], machine.Findings());
        (machine.Master.First, machine.Master.SpecialMask, machine.Master.Imr) = (0, 1, 1 << 4);
        Assert.Equal(["Owed pic:4 NoEoi", "Owed pic:5 NotWoken"], machine.Findings());
    }

    [Fact]
    public void Whose_a_vector_is_is_told()
    {
        var machine = new TestMachine { Entries = { [4] = 0x61 }, Function = (false, 6), Msix = (0x8000, [(false, false), (true, false)]) };
        foreach (int vector in (int[])[0x61, 0x71, 0x72, 0xEC])
            machine.Cpus[0].Irr.Add(vector);
        machine.Cpus[0].Timer = 0xEC;
        string[] said = [.. SnapshotJudge.Judge(TestMachine.Read(machine.ToQemu().ToBytes())).Findings.Select(one => one.Sentence)];
        Assert.Contains(said, one => one.StartsWith("Vector 0x61 (of ioapic:4) is pending", StringComparison.Ordinal));
        Assert.Contains(said, one => one.StartsWith("Vector 0x71 (of msix:0@0000:00:02.0/nic) is pending", StringComparison.Ordinal));
        Assert.Contains(said, one => one.StartsWith("Vector 0x72 is pending", StringComparison.Ordinal));
        Assert.Contains(said, one => one.StartsWith("Vector 0xec (of lvt:timer@cpu0) is pending", StringComparison.Ordinal));
    }

    [Fact]
    public void Each_finding_has_its_place_in_the_file()
    {
        byte[] file = new TestMachine { Entries = { [10] = Waiting } }.ToQemu().ToBytes();
        SnapshotFinding found = Assert.Single(SnapshotJudge.Judge(TestMachine.Read(file)).Findings);
        ValuePlace place = found.Evidence[0];
        Assert.Equal(("ioapic", "ioredtbl[10]"), (place.Device, place.Field));
        Assert.Equal((ulong)Waiting, System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(file.AsSpan((int)place.Offset)));
    }

    private static TestMachine WithPics()
    {
        var machine = new TestMachine();
        machine.Cpus[0].Lint0 = TestMachine.ExtInt;
        machine.Master.Imr = machine.Slave.Imr = 0;
        return machine;
    }
}
