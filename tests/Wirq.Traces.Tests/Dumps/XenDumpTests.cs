using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>Xen's debug keys i, z and e.</summary>
public class XenDumpTests
{
    private const string Newer = "(XEN)    IRQ:  16 vec:b1 IO-APIC-level   status=050 aff:{0-3}/{0} in-flight=1 d1: 55(PMM)";

    [Theory]
    [InlineData(Newer)]
    [InlineData("(XEN) [2026-11-29 10:11:12]    IRQ:  16 vec:b1 IO-APIC-level   status=050 aff:{0-3}/{0} in-flight=1 d1: 55(PMM)")]
    [InlineData("Nov 29 10:11:12 host kernel: (XEN) [   12.345678]    IRQ:  16 vec:b1 IO-APIC-level   status=050 aff:{0-3}/{0} in-flight=1 d1: 55(PMM)")]
    [InlineData("(XEN)    IRQ:  16 vec:b1 IO-APIC-level   status=050 aff:{0-3}/{0} in-flight=1d1: 55(PMM)")]
    [InlineData("(XEN)    IRQ:  16 affinity:0f vec:b1 type=IO-APIC-level   status=00000050 in-flight=1 domain-list=1: 55(P-MM),")]   // before 4.4
    [InlineData("   IRQ:  16 vec:b1 IO-APIC-level   status=050 aff:{0-3}/{0} Z=system_u:irq in-flight=1 d1: 55(PMM)")]
    public void An_interrupt_in_flight_names_the_guest_that_has_not_ended_it(string line)
    {
        SnapshotAnswer answer = Pasted.Answer($"(XEN) IRQ information:\n{line}\n");
        Assert.Equal(["Owed irq:16 NoEoi"], answer.Findings());
        SnapshotFinding found = answer.Findings[0];
        Assert.Equal((0xB1, 16, -1), (found.Vector, found.Gsi, found.Cpu));
        Assert.Contains("d1 (PIRQ 55) has not ended it, nor taken it: its event is pending, and masked by the guest", found.Sentence, StringComparison.Ordinal);
    }

    /// <summary>Since 4.15 an event that is being changed at the moment is not read.</summary>
    [Fact]
    public void An_event_that_Xen_could_not_read_is_not_known()
    {
        SnapshotAnswer flight = Pasted.Answer("(XEN)    IRQ:  16 vec:b1 IO-APIC-level   status=050 aff:{0}/{0} in-flight=1 d3: 55(??M)\n");
        Assert.Contains("d3 (PIRQ 55) has not ended it, and Xen could not read its event: whether it has taken it is not known", flight.Findings[0].Sentence, StringComparison.Ordinal);
        SnapshotAnswer none = Pasted.Answer("(XEN)    IRQ:  16 vec:b1 IO-APIC-level   status=050 aff:{0}/{0} in-flight=0 d3: 55(??-)\n");
        Assert.Empty(none.Findings);
        Assert.Contains("Xen could not read the event of d3 (PIRQ 55)", none.Said(), StringComparison.Ordinal);
    }

    /// <summary>Versions 4.2 to 4.12 print it in decimal, without leading zeros.</summary>
    [Theory]
    [InlineData("type=IO-APIC-level   status=00000050", "dest_id:0", 0)]
    [InlineData("type=IO-APIC-level   status=00000050", "dest_id:15", 15)]
    [InlineData("type=IO-APIC-level   status=00000050", "dest_id:255", 255)]
    [InlineData("IO-APIC-level   status=050", "dest_id:15", 0x15)]
    [InlineData("IO-APIC-level   status=050", "dest_id:0000000f", 15)]
    public void A_destination_is_read_as_its_version_prints_it(string type, string destination, int expected)
    {
        SnapshotAnswer answer = Pasted.Answer($"(XEN)    IRQ:  16 vec:b1 {type} mapped, unbound\n"
            + $"(XEN)       Apic 0x00, Pin 16: vec=b1 delivery=Fixed dest=P status=0 polarity=1 irr=0 trig=L mask=1 {destination}\n");
        Assert.Equal((uint)expected, answer.State.IoApics[0].EntryOf(16).Destination);
    }

    [Fact]
    public void A_guest_that_took_it_owes_the_EOI_and_the_others_wait()
    {
        SnapshotAnswer answer = Pasted.Answer(Newer.Replace("d1: 55(PMM)", "d0: 16(---),d3: 16(--M)", StringComparison.Ordinal) + "\n");
        Assert.Contains("d3 (PIRQ 16) has not ended it, and has taken it: its event is not pending, so the EOI is missing. Until then Xen delivers no more of it, also not to d0 (PIRQ 16).", answer.Findings[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("is shared by d0 (PIRQ 16) and d3 (PIRQ 16)", answer.Said(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("in-flight=0 d1: 55(P--)", "NotKnown irq:16 CpuUnknown")]
    [InlineData("in-flight=0 d1: 55(PM-)", "Masked irq:16 VirqMasked")]
    [InlineData("in-flight=0 d1: 55(---)", "")]
    [InlineData("mapped, unbound", "")]
    public void What_is_not_in_flight_is_owed_by_nobody(string rest, string expected)
    {
        SnapshotAnswer answer = Pasted.Answer(Newer.Replace("in-flight=1 d1: 55(PMM)", rest, StringComparison.Ordinal) + "\n");
        Assert.Equal(expected, string.Join(',', answer.Findings()));
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
    }

    [Theory]
    [InlineData("(XEN)       Apic 0x00, Pin 16: vec=b1 delivery=LoPri dest=L status=0 polarity=1 irr=1 trig=L mask=0 dest_id:00000001")]
    [InlineData("(XEN)       Apic 0x00, Pin 16: vec=b1 delivery=LoPri dest=L status=0 polarity=1 irr=1 trig=L mask=0 dest_id:01")]
    [InlineData("(XEN)       Apic 0x00, Pin 16: vector=177, delivery_mode=1, dest_mode=logical, delivery_status=0, polarity=1, irr=1, trigger=level, mask=0, dest_id:1")]
    [InlineData("(XEN)       Apic 0x00, Pin 16: vec=b1 delivery=LoPri dest=L status=0\npolarity=1 irr=1 trig=L mask=0 dest_id:00000001")]   // broken by a mail
    public void The_entries_of_key_i_are_read_in_all_forms(string lines)
    {
        SnapshotAnswer answer = Pasted.Answer($"(XEN) IO-APIC interrupt information:\n(XEN)     IRQ 16 Vec177:\n{lines}\n");
        RedirectionEntry entry = answer.State.IoApics[0].EntryOf(16);
        Assert.Equal((0xB1, DeliveryMode.LowestPriority, true, true, true, true, false, 1u),
            (entry.Vector, entry.Mode, entry.Logical, entry.ActiveLow, entry.RemoteIrr, entry.Level, entry.Masked, entry.Destination));
        Assert.Equal(["NotKnown ioapic:16 RemoteIrr"], answer.Findings());
    }

    [Theory]
    [InlineData(" NR Log Phy Mask Trig IRR Pol Stat Dest Deli Vect:   ", " 10 001 01  0    1    1   1   0    1    1    B1")]
    [InlineData(" NR Dst Msk Trg IRR Pol Stat DstM DelM Vec", " 10 01   0   1   1   1   0    1    1    B1")]
    [InlineData(" NR DestID   Msk Trg IRR Pol Stat DstM DelM Vec", " 10 00000001  0   1   1   1   0    1    1    B1")]
    public void The_registers_of_key_z_are_read_by_their_columns(string columns, string row)
    {
        SnapshotAnswer answer = Pasted.Answer($"(XEN) number of IO-APIC #2 registers: 24.\n(XEN) IO APIC #2......\n(XEN) .... register #00: 02000000\n(XEN) .... IRQ redirection table:\n(XEN) {columns}\n(XEN) {row}\n(XEN) IO APIC #3......\n(XEN) {columns}\n(XEN) {row}\n(XEN) Using vector-based indexing\n");
        Assert.Equal(2, answer.State.IoApics.Count);
        RedirectionEntry entry = answer.State.IoApics[1].EntryOf(16);
        Assert.Equal((0xB1, DeliveryMode.LowestPriority, true, true, true, 1u), (entry.Vector, entry.Mode, entry.Logical, entry.RemoteIrr, entry.Level, entry.Destination));
        Assert.Equal(["NotKnown ioapic:16 RemoteIrr", "NotKnown ioapic1:16 RemoteIrr"], answer.Findings());
    }

    private const string Ports = "(XEN) 'e' pressed -> dumping event-channel info\n(XEN) Event channel information for domain 0:\n(XEN) Polling vCPUs: {1}\n(XEN)     port [p/m/s]\n";

    [Theory]
    [InlineData("(XEN)        1 [0/0/  -   ]: s=5 n=0 x=0 v=0", "")]
    [InlineData("(XEN)       12 [1/1/  -   ]: s=6 n=1 x=0", "Masked port:12@d0 VirqMasked")]
    [InlineData("(XEN)       12 [1/0/1]: s=3 n=1 x=0 d=1 p=8", "NotKnown port:12@d0 CpuUnknown")]
    [InlineData("(XEN)       12 [1/0]: s=4 n=1 p=16", "NotKnown port:12@d0 CpuUnknown")]   // before 4.4
    [InlineData("(XEN)       12 in flux", "")]
    public void A_port_that_is_pending_is_listed_and_not_held_to_be_owed(string line, string expected)
    {
        SnapshotAnswer answer = Pasted.Answer(Ports + line + "\n");
        Assert.Equal(expected, string.Join(',', answer.Findings()));
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Contains("Of domain 0 vCPU 1 polls for events", answer.Said(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(XEN)        1 [1/0/  -   ]: s=5 n=0 x=0 v=7", "(VIRQ 7) is pending for vCPU 0")]
    [InlineData("(XEN)        1 [1/0/  -   ]: s=4 n=2 x=0 p=16 i=16", "(PIRQ 16) is pending for vCPU 2")]
    [InlineData("(XEN)        1 [1/0/  -   ]: s=3 n=2 x=1 d=3 p=5", "(to another domain) is pending for vCPU 2")]
    public void A_port_says_what_it_is_bound_to(string line, string expected) =>
        Assert.Contains(expected, Pasted.Answer(Ports.Replace("domain 0", "d0", StringComparison.Ordinal) + line + "\n").Said(), StringComparison.Ordinal);

    [Theory]
    [InlineData("(XEN)    IRQ:  16 vec:b1 IO-APIC-le", "Line 1, of an IRQ, is cut off")]
    [InlineData("(XEN)       Apic 0x00, Pin 16: vec=b1 delivery=LoPri dest=", "Line 1, of a pin, is cut off")]
    [InlineData(Ports + "(XEN)       12 [1/1/", "Line 5, of a port, is cut off")]
    public void Cut_lines_say_what_is_missing(string text, string expected)
    {
        SnapshotAnswer answer = Pasted.Answer(text);
        Assert.Empty(answer.Findings);
        Assert.Contains(expected, answer.Said(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(XEN)       Apic 0x00, Pin 16: vec=b1 delivery=LoPri dest=Q status=0 polarity=1 irr=1 trig=L mask=0 dest_id:00000001")]
    [InlineData("(XEN)    IRQ:  16 vec:q1 IO-APIC-level   status=050 aff:{0-3}/{0} in-flight=1 d1: 55(PMM)\n(XEN)    IRQ:  17 vec:a1 IO-APIC-level   status=050 aff:{0}/{0} mapped, unbound")]
    public void Damaged_lines_are_refused_with_their_place(string text) =>
        Assert.StartsWith("dump.txt: line 1: '", Assert.Throws<DumpException>(() => Pasted.Answers(text)).Message, StringComparison.Ordinal);
}
