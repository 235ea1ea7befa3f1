using System.Globalization;
using System.Text;
using Wirq.Traces.Dumps.Incidents;
using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>/proc/interrupts, one and two, and info irq.</summary>
public class CountTests
{
    private const string Before = """
                   CPU0       CPU1
          0:         31          0   IO-APIC   2-edge      timer
          1:          9          0   IO-APIC   1-edge      i8042
         16:     100001          0   IO-APIC  16-fasteoi   vfio-intx(0000:03:00.0), ehci_hcd:usb1
         28:          0 4294967290   PCI-MSI 524288-edge      eth0-rx-0
        LOC:      41234      39111   Local timer interrupts
        ERR:          0
        MIS:          0
        """;

    [Fact]
    public void One_tells_who_shares_a_line_and_no_all_clear()
    {
        SnapshotAnswer answer = Pasted.Answer(Before);
        Assert.Empty(answer.Findings);
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Contains("IRQ 16 (IO-APIC 16-fasteoi) is shared by vfio-intx(0000:03:00.0) and ehci_hcd:usb1; it came 100001 times, all at CPU0.", answer.Facts.Select(fact => fact.Sentence));
        Assert.Contains("IRQ 28 (PCI-MSI 524288-edge, eth0-rx-0) came 4294967290 times, all at CPU1.", answer.Facts.Select(fact => fact.Sentence));
        Assert.Contains("and no state", answer.Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_tell_what_moved_and_at_which_CPU()
    {
        string after = Before.Replace("100001          0", "100001         15", StringComparison.Ordinal).Replace(" 9   ", "12   ", StringComparison.Ordinal).Replace("4294967290", "         4", StringComparison.Ordinal);
        IncidentAnswer incident = Pasted.Incident(("a.txt", Before), ("b.txt", after));
        string[] facts = [.. Assert.Single(incident.Parts).State!.Facts.Select(fact => fact.Sentence)];
        Assert.Contains("IRQ 16 (IO-APIC 16-fasteoi, vfio-intx(0000:03:00.0) and ehci_hcd:usb1) came 15 times, all at CPU1.", facts);
        Assert.Contains("IRQ 1 (IO-APIC 1-edge, i8042) came 3 times, all at CPU0.", facts);
        // Counts have 32 bits.
        Assert.Contains("IRQ 28 (PCI-MSI 524288-edge, eth0-rx-0) came 10 times, all at CPU1.", facts);
        Assert.Contains("IRQ 0 (IO-APIC 2-edge, timer) did not move; it stands at 31.", facts);
        Assert.Equal(WhyVerdict.NotTold, incident.Verdict);
        // Both in one file are the same.
        Assert.Equal(facts, Pasted.Answer($"{Before}\n{after}").Facts.Select(fact => fact.Sentence));
    }

    [Fact]
    public void Different_CPUs_and_rows_are_named_and_not_compared()
    {
        string after = """
                       CPU0       CPU2       CPU3
              0:         31          7          0   IO-APIC   2-edge      timer
             30:          1          0          0   PCI-MSI 1-edge      new
            ERR:          5
            """;
        SnapshotAnswer answer = Pasted.Incident(("a.txt", Before), ("b.txt", after)).Parts[0].State!;
        string said = answer.Said();
        Assert.Contains("CPU1 only in the earlier one; CPU2 and CPU3 only in the later one", said, StringComparison.Ordinal);
        Assert.Contains("IRQ 0 (IO-APIC 2-edge, timer) did not move", said, StringComparison.Ordinal);
        Assert.Contains("IRQ 30 (PCI-MSI 1-edge, new) is only in the later one.", said, StringComparison.Ordinal);
        Assert.Contains("IRQ 16 (IO-APIC 16-fasteoi, vfio-intx(0000:03:00.0) and ehci_hcd:usb1) is only in the earlier one.", said, StringComparison.Ordinal);
        Assert.Equal(["NotKnown ERR NotKnown"], answer.Findings());
        Assert.Contains("ERR counts 5 more", answer.Findings[0].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void The_wrong_order_is_said()
    {
        string after = Before.Replace("100001", " 99000", StringComparison.Ordinal);
        Assert.Contains("The counts of IRQ 16 fell: the two are not of one boot, or stand in the wrong order.", Pasted.Incident(("a.txt", Before), ("b.txt", after)).Parts[0].State!.Facts.Select(fact => fact.Sentence));
    }

    [Theory]
    [InlineData(" 16:       5   IO-APIC-fasteoi   eth0, uhci_hcd:usb1", "IRQ 16 (IO-APIC-fasteoi) is shared by eth0 and uhci_hcd:usb1")]   // 2.6
    [InlineData("  5:       5          XT-PIC  eth0, es1370", "IRQ 5 (XT-PIC) is shared by eth0 and es1370")]   // 2.4
    [InlineData("  5:       5    XT-PIC-XT        eth0, es1370", "IRQ 5 (XT-PIC-XT) is shared by eth0 and es1370")]
    [InlineData(" 16:       5  IR-IO-APIC  16-fasteoi   a, b", "IRQ 16 (IR-IO-APIC 16-fasteoi) is shared by a and b")]
    [InlineData(" 16:       5  xen-pirq    -ioapic-level  ehci_hcd:usb1, xen-b", "IRQ 16 (xen-pirq -ioapic-level) is shared by ehci_hcd:usb1 and xen-b")]
    [InlineData(" 36:       5 PCI-MSIX-0000:00:02.0   1-edge      a, b", "IRQ 36 (PCI-MSIX-0000:00:02.0 1-edge) is shared by a and b")]
    public void The_rows_of_old_and_new_kernels_are_read(string row, string expected) =>
        Assert.Contains(expected, Pasted.Answer($"           CPU0\n{row}\nERR:          0\n").Said(), StringComparison.Ordinal);

    [Theory]
    [InlineData(" 11:       5          0     GICv3  27 Level     arch_timer")]
    [InlineData(" 11:       5          0     ITS-MSI 0 Edge      virtio0-config")]
    [InlineData(" 11:       5          0     SiFive PLIC   8 Edge      virtio0")]
    public void Another_architecture_is_refused_plainly(string row)
    {
        if (row.Contains("PLIC", StringComparison.Ordinal))
            row = row.Replace("SiFive ", "", StringComparison.Ordinal);
        DumpException bad = Assert.Throws<DumpException>(() => Pasted.Answers($"           CPU0       CPU1\n{row}\n"));
        Assert.StartsWith("dump.txt: line 2: ", bad.Message, StringComparison.Ordinal);
        Assert.Contains("another architecture, such as arm64; expected /proc/interrupts of an x86 machine", bad.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_row_says_what_is_missing_and_a_damaged_one_is_refused()
    {
        SnapshotAnswer cut = Pasted.Answer(Before[..(Before.IndexOf("100001", StringComparison.Ordinal) + 3)]);
        Assert.Contains("Line 4 of it is cut off", cut.Said(), StringComparison.Ordinal);
        Assert.DoesNotContain("IRQ 16", string.Join('\n', cut.Facts.Select(fact => fact.Sentence)), StringComparison.Ordinal);
        DumpException bad = Assert.Throws<DumpException>(() => Pasted.Answers(Before.Replace("100001", "1x0001", StringComparison.Ordinal)));
        Assert.StartsWith("dump.txt: line 4: ", bad.Message, StringComparison.Ordinal);
        Assert.Contains("expected 2 counts behind 16:, one for each CPU of the heading", bad.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_thousand_CPUs_are_read()
    {
        const int cpus = 1024;
        var text = new StringBuilder();
        text.Append("    ").AppendJoin("       ", Enumerable.Range(0, cpus).Select(cpu => string.Create(CultureInfo.InvariantCulture, $"CPU{cpu}"))).Append('\n');
        text.Append("16: ").AppendJoin("          ", Enumerable.Repeat("3", cpus)).Append("  IO-APIC 16-fasteoi a, b\n");
        Assert.Contains("it came 3072 times", Pasted.Answer(text.ToString()).Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void Info_irq_is_read_in_both_forms()
    {
        Assert.Contains("Input 4 of the 8259s rose 10 times.", Pasted.Answer("(qemu) info irq\nIRQ statistics:\n 0: 72\n 4: 10\n").Facts.Select(fact => fact.Sentence));
        string newer = "IRQ statistics for ioapic:\n 4: 10\nIRQ statistics for isa-i8259:\n 4: 10\n";
        Assert.Contains("Input 4 of isa-i8259 rose 10 times.", Pasted.Answer(newer).Facts.Select(fact => fact.Sentence));
        Assert.Contains("IRQ 4 came 5 times.", Pasted.Answers(newer + newer.Replace("10", "15", StringComparison.Ordinal))[0].Facts.Select(fact => fact.Sentence));
    }
}
