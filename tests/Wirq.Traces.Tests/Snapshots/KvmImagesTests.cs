using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Snapshots;

/// <summary>Images of KVM's chips.</summary>
public class KvmImagesTests
{
    private const int ChipBytes = 520, LapicBytes = 1024;

    [Fact]
    public void Chips_and_local_APICs_in_one_file_are_read()
    {
        var machine = new TestMachine(cpus: 2) { Lines = 1 << 10, Entries = { [10] = 0xC051 } };
        machine.Master.Isr = 1 << 4;
        machine.Cpus[1].Isr.Add(0x51);
        machine.Cpus[1].Tmr.Add(0x51);
        SnapshotState state = TestMachine.Read(machine.ToKvm());
        Assert.Equal(("kvm", 2, 1, 2), (state.Format, state.Pics.Count, state.IoApics.Count, state.Cpus.Count));
        Assert.Equal((0x10, 1u), (state.Pics[0].Isr.Value, state.Cpus[1].Id.Value));
        Assert.Equal(["Owed 0x51@cpu1 NoEoi", "Owed ioapic:10 RemoteIrr", "Owed pic:4 NoEoi"], TestMachine.Findings(machine.ToKvm()));
    }

    [Fact]
    public void What_they_do_not_hold_is_no_all_clear()
    {
        SnapshotAnswer answer = SnapshotJudge.Judge(TestMachine.Read(new TestMachine().ToKvm()));
        Assert.Empty(answer.Findings);
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Contains("whether they are halted", Assert.Single(answer.State.Limits).What, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_image_alone_is_read_and_the_others_are_named()
    {
        byte[] all = new TestMachine { Entries = { [10] = 0xC051 } }.ToKvm();
        SnapshotState ioApic = TestMachine.Read(all[(2 * ChipBytes)..(3 * ChipBytes)]), cpu = TestMachine.Read(all[(3 * ChipBytes)..]);
        Assert.Equal((1, 0, 0), (ioApic.IoApics.Count, ioApic.Pics.Count, ioApic.Cpus.Count));
        Assert.Equal((0, 0, 1), (cpu.IoApics.Count, cpu.Pics.Count, cpu.Cpus.Count));
        Assert.Contains(ioApic.Limits, limit => limit.What == "No local APIC is in it");
        Assert.Contains(cpu.Limits, limit => limit.What == "The I/OAPIC is not in it");
        // Without a local APIC nobody knows whether an EOI comes.
        Assert.Equal(["NotKnown ioapic:10 RemoteIrr"], TestMachine.Findings(all[(2 * ChipBytes)..(3 * ChipBytes)]));
    }

    [Theory]
    [InlineData(0xC051ul, "Owed ioapic:10 RemoteIrr")]
    [InlineData(0xC051ul | 7ul << 56, "NotKnown ioapic:10 RemoteIrr")]
    [InlineData(0xC051ul | TestMachine.Logical | 1ul << 56, "Owed ioapic:10 RemoteIrr")]
    [InlineData(0xC051ul | TestMachine.Logical | 3ul << 56, "NotKnown ioapic:10 RemoteIrr")]
    public void Remote_IRR_is_owed_where_the_CPUs_that_it_names_are_there_and_lack_the_vector(ulong entry, string expected) =>
        Assert.Equal([expected], TestMachine.Findings(new TestMachine { Entries = { [10] = entry } }.ToKvm()));

    [Fact]
    public void Something_else_between_them_gets_one_message()
    {
        byte[] all = new TestMachine().ToKvm(), other = [.. all];
        other[ChipBytes] = 9;
        Refused(other, "file: byte 520: neither a chip nor a local APIC; expected an image of KVM_GET_IRQCHIP (520 bytes)");
        Refused([.. all[..ChipBytes], .. all[..ChipBytes], .. all[(2 * ChipBytes)..]], "file: byte 520: a second image of chip 0; expected one of each");
        Refused(all[..^1], "file: byte 0: no saved state that is known; expected ");
        other = [.. all];
        other[3 * ChipBytes + 0x30] = 0;
        Refused(other, "file: byte 1560: neither a chip nor a local APIC");
    }

    private static void Refused(byte[] file, string expected) =>
        Assert.Contains(expected, Assert.Throws<ForeignSnapshotException>(() => TestMachine.Read(file)).Message, StringComparison.Ordinal);
}
