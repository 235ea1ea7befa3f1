using System.Buffers.Binary;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Snapshots;

/// <summary>Save records of Xen.</summary>
public class XenRecordsTests
{
    private const int Device = 3, Wire = Device * 4;

    [Fact]
    public void Chips_wires_and_CPUs_are_read()
    {
        var machine = new TestMachine(cpus: 2);
        machine.Master.Isr = 1 << 4;
        machine.Cpus[1].Isr.Add(0x51);
        machine.Cpus[1].InterruptsOn = false;
        SnapshotState state = TestMachine.Read(machine.ToXen());
        Assert.Equal(("xen", 2, 2, 48), (state.Format, state.Pics.Count, state.Cpus.Count, state.IoApics[0].Entries.Length));
        Assert.True(state.HasAllCpus);
        Assert.Equal((true, false), (state.Cpus[0].InterruptFlag.Value, state.Cpus[1].InterruptFlag.Value));
        Assert.Equal(["Owed 0x51@cpu1 NoEoi", "Owed pic:4 NoEoi"], TestMachine.Findings(machine.ToXen()));
    }

    [Fact]
    public void A_wire_leads_to_its_own_pin_and_by_its_link_to_an_IRQ()
    {
        // INTA of device 3: GSI 16 + (3 * 4 + 0) % 32, and link 3, which is routed to IRQ 5.
        SnapshotState state = TestMachine.Read(new TestMachine().ToXen(Wire));
        Assert.Equal(1ul << 28 | 1 << 5, state.IoApics[0].Asking.Value);
        Assert.Equal(1 << 5, state.Pics[0].Lines.Value);
        var machine = new TestMachine { Entries = { [5] = 0x8051 } };
        Assert.Equal(["Owed ioapic:5 None"], TestMachine.Findings(machine.ToXen(Wire)));
        machine.Entries[5] = 0xC051;
        machine.Cpus[0].Isr.Add(0x51);
        machine.Cpus[0].Tmr.Add(0x51);
        Assert.Equal(["Owed 0x51@cpu0 NoEoi", "Owed ioapic:5 RemoteIrr"], TestMachine.Findings(machine.ToXen(Wire)));
        machine.Cpus[0].Isr.Clear();
        Assert.Equal(["Owed ioapic:5 RemoteIrr"], TestMachine.Findings(machine.ToXen(Wire)));
    }

    [Fact]
    public void What_they_do_not_hold_is_no_all_clear()
    {
        SnapshotAnswer answer = SnapshotJudge.Judge(TestMachine.Read(new TestMachine().ToXen()));
        Assert.Empty(answer.Findings);
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Contains("which vCPU is halted", Assert.Single(answer.State.Limits).What, StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_that_is_cut_or_too_short_gets_one_message()
    {
        byte[] file = new TestMachine().ToXen();
        for (int cut = 32; cut < file.Length; cut += 101)
            Assert.StartsWith("file: byte ", Refused(file[..cut]), StringComparison.Ordinal);
        byte[] longer = [.. file];
        BinaryPrimitives.WriteInt32LittleEndian(longer.AsSpan(36), int.MaxValue);
        Assert.Contains("file: byte 40: a record of 2147483647 bytes, where ", Refused(longer), StringComparison.Ordinal);
        byte[] shorter = [.. file[..36], 4, 0, 0, 0, .. file[40..44], 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.Contains("a record CPU of 4 bytes; expected 656 or more", Refused(shorter), StringComparison.Ordinal);
    }

    private static string Refused(byte[] file) => Assert.Throws<ForeignSnapshotException>(() => TestMachine.Read(file)).Message;
}
