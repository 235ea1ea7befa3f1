using Wirq.Traces.Dumps.Incidents;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>Messages of kernels about interrupts.</summary>
public class KernelLogTests
{
    private const string Stamp = "[   12.100010] ";

    [Theory]
    [InlineData("DMAR: [INTR-REMAP] Request device [f0:1f.0] fault index 0x26 [fault reason 0x22] Present field in the IRTE entry is clear")]
    [InlineData("DMAR: [INTR-REMAP] Request device [f0:1f.0] fault index 26 [fault reason 34] Present field in the IRTE entry is clear")]
    [InlineData("DMAR: INTR-REMAP: Request device [[f0:1f.0] fault index 26\n               INTR-REMAP:[fault reason 34] Present field in the IRTE entry is clear")]
    [InlineData("(XEN) [VT-D]INTR-REMAP: Request device [0000:f0:1f.0] fault index 26\n(XEN) [VT-D]INTR-REMAP: reason 22 - Present field in the IRTE entry is clear")]
    [InlineData("(XEN) INTR-REMAP: Request device [f0:1f.0] fault index 26, iommu reg = ffff82c3fff57000\n(XEN) INTR-REMAP:[fault reason 22h] Present field in the IRTE entry is clear")]
    public void A_remapping_fault_says_its_reason_and_the_entry(string message)
    {
        SnapshotAnswer answer = Pasted.Answer(Stamp + message + "\n");
        Assert.Equal(["Owed irte:38 RemappingFault"], answer.Findings());
        Assert.Equal(0x26, answer.Findings[0].Entry);
        Assert.Contains("f0:1f.0, which names entry 0x26 (38)", answer.Findings[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("Fault reason 0x22 means: the Present bit of the entry is clear (VT-d specification, 5.1.4.1", answer.Findings[0].Sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0x20", "reserved bits of the request", false)]
    [InlineData("0x21", "beyond the table", true)]
    [InlineData("0x23", "could not read the table", true)]
    [InlineData("0x24", "reserved fields of the entry", true)]
    [InlineData("0x25", "compatibility format", false)]
    [InlineData("37", "compatibility format", false)]
    [InlineData("0x26", "source-id check", true)]
    [InlineData("38", "source-id check", true)]
    [InlineData("0x27", "none of those for interrupts that are known", true)]
    public void Each_reason_is_said(string reason, string expected, bool indexed)
    {
        SnapshotFinding found = Pasted.Answer($"{Stamp}DMAR: [INTR-REMAP] Request device [f0:1f.0] fault index 0x5 [fault reason {reason}] text\n").Findings[0];
        Assert.Contains(expected, found.Sentence, StringComparison.Ordinal);
        Assert.Equal(indexed ? 5 : -1, found.Entry);
    }

    [Fact]
    public void The_same_fault_again_is_counted_and_an_overflow_is_said()
    {
        string line = $"{Stamp}DMAR: [INTR-REMAP] Request device [f0:1f.0] fault index 0x5 [fault reason 0x22] text\n";
        SnapshotAnswer answer = Pasted.Answer(string.Concat(Enumerable.Repeat($"{Stamp}DMAR: DRHD: handling fault status reg 3\n{line}", 20)));
        Assert.Single(answer.Findings);
        Assert.EndsWith("The log has it 20 times, first here.", answer.Findings[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("fault log overflowed", answer.Said(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:00:14.0 domain=0x0000 address=0xfdf8020200 flags=0x0008]", "remapper@0000:00:14.0", "is not enabled")]
    [InlineData("AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.0 domain=0x0000 address=0x0000fdf8 flags=0x0018]", "remapper@00:14.0", "does not let this kind of interrupt pass")]
    [InlineData("pci 0000:03:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000a address=0xfee00000 flags=0x0008]", "remapper@0000:03:00.0", "is not enabled")]
    [InlineData("iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=0000:06:00.0 pasid=0x00000 address=0x135300000 flags=0x0088]", "remapper@0000:06:00.0", "is illegal")]
    [InlineData("AMD-Vi: Event logged [PAGE_TAB_HARDWARE_ERROR device=06:00.0 pasid=0x0000 address=0x1 flags=0x0008]", "remapper@06:00.0", "table could not be read")]
    public void An_event_of_an_AMD_unit_about_an_interrupt_is_one_that_was_lost(string message, string source, string expected)
    {
        SnapshotFinding found = Assert.Single(Pasted.Answer(Stamp + message + "\n").Findings);
        Assert.Equal((source, Standing.Owed, Gate.RemappingFault), (found.Source, found.Standing, found.Gate));
        Assert.Contains(expected, found.Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void An_event_of_an_AMD_unit_about_memory_is_none()
    {
        SnapshotAnswer answer = Pasted.Answer($"{Stamp}AMD-Vi: Event logged [IO_PAGE_FAULT device=00:14.0 domain=0x0000 address=0x1000 flags=0x0020]\n");
        Assert.Empty(answer.Findings);
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Contains("1 event of the remapping unit is about memory", answer.Said(), StringComparison.Ordinal);
    }

    internal const string Nobody = """
        [  812.345678] irq 16: nobody cared (try booting with the "irqpoll" option)
        [  812.345690] CPU: 2 PID: 0 Comm: swapper/2 Not tainted 6.1.0 #1
        [  812.345700] Call Trace:
        [  812.345710]  <IRQ>
        [  812.345720]  __report_bad_irq+0x35/0xa7
        [  812.345800] handlers:
        [  812.345803] [<000000001234abcd>] vfio_intx_handler [vfio_pci_core]
        [  812.345804] [<000000001234abce>] irq_default_primary_handler threaded [<0000000093580eb7>] phy_interrupt
        [  812.345805] [<c0123456>] (usb_hcd_irq+0x0/0x60 [usbcore])
        [  812.345810] Disabling IRQ #16

        """;

    [Fact]
    public void Nobody_cared_names_who_shares_the_line()
    {
        SnapshotAnswer answer = Pasted.Answer(Nobody);
        Assert.Equal(["Owed irq:16 PinMasked"], answer.Findings());
        Assert.Equal(16, answer.Findings[0].Gsi);
        Assert.Contains("The line is shared by vfio_intx_handler (vfio_pci_core), phy_interrupt and usb_hcd_irq (usbcore)", answer.Findings[0].Sentence, StringComparison.Ordinal);
        Assert.Contains("Linux disabled it (Disabling IRQ #16)", answer.Findings[0].Sentence, StringComparison.Ordinal);
        Assert.Equal(["message, L1", "message, L10"], answer.Findings[0].Evidence.Select(place => $"{place}"));
    }

    [Theory]
    [InlineData("handlers:", "Its handlers are not in the text. That Linux disabled it then is not in the text.")]
    [InlineData("[  812.345810]", "That Linux disabled it then is not in the text.")]
    public void A_cut_message_says_what_is_missing(string at, string expected)
    {
        SnapshotAnswer answer = Pasted.Answer(Nobody[..Nobody.IndexOf(at, StringComparison.Ordinal)]);
        Assert.Equal(["Owed irq:16 PinMasked"], answer.Findings());
        Assert.Contains(expected, answer.Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void Its_last_line_alone_is_enough_to_know_that_the_line_is_off()
    {
        SnapshotAnswer answer = Pasted.Answer("Message from syslogd@host:\n kernel:Disabling IRQ #16\n");
        Assert.Equal(["Owed irq:16 PinMasked"], answer.Findings());
        Assert.Contains("that message is not in the text", answer.Said(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00(40)", "Owed lvt:error@cpu1 IllegalVector", "bit 6, received illegal vector")]
    [InlineData("40(00)", "Owed lvt:error@cpu1 IllegalVector", "ESR 0x40")]
    [InlineData("00(20)", "Owed lvt:error@cpu1 IllegalVector", "bit 5, send illegal vector")]
    [InlineData("00(08)", "Owed lvt:error@cpu1 NoDestination", "bit 3, receive accept error")]
    [InlineData("00(0c)", "Owed lvt:error@cpu1 NoDestination", "bit 2, send accept error")]
    [InlineData("00(10)", "Owed lvt:error@cpu1 NoDestination", "bit 4, redirectable IPI")]
    [InlineData("00(02)", "NotKnown lvt:error@cpu1 NotKnown", "bit 1, receive checksum error")]
    [InlineData("00(01)", "NotKnown lvt:error@cpu1 NotKnown", "bit 0, send checksum error")]
    [InlineData("80", "NotKnown lvt:error@cpu1 NotKnown", "bit 7, illegal register address")]
    [InlineData("00(00)", "NotKnown lvt:error@cpu1 NotKnown", "no bit is set")]
    public void Each_bit_of_an_APIC_error_is_said(string printed, string expected, string says)
    {
        SnapshotAnswer answer = Pasted.Answer($"{Stamp}APIC error on CPU1: {printed}\n");
        Assert.Equal([expected], answer.Findings());
        Assert.Contains(says, answer.Said(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("do_IRQ: 1.55 No irq handler for vector (irq -1)", "Owed 0x37@cpu1 NotProgrammed")]
    [InlineData("__common_interrupt: 1.55 No irq handler for vector", "Owed 0x37@cpu1 NotProgrammed")]
    [InlineData("(XEN) CPU1: No irq handler for vector 55 (IRQ -2147483648, LAPIC)", "Owed 0x55@cpu1 NotProgrammed")]
    [InlineData("spurious 8259A interrupt: IRQ7.", "NotKnown pic:7 Withdrawn")]
    [InlineData("spurious 8259A interrupt: IRQ9.", "NotKnown pic:9 Withdrawn")]
    public void Other_messages_are_said(string message, string expected) => Assert.Equal([expected], Pasted.Answer(Stamp + message + "\n").Findings());

    [Theory]
    [InlineData("[    0.000000] Linux version 6.1.0\n[    0.100000] pci 0000:00:1f.0: reg 0x10\n")]
    [InlineData("Nov 14 11:52:19 host kernel: usb 1-1: new device\n")]
    public void A_log_without_such_messages_is_no_all_clear(string text)
    {
        SnapshotAnswer answer = Pasted.Answer(text);
        Assert.Empty(answer.Findings);
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Contains("None of its lines is a message about interrupts that is known here", answer.Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void Several_inputs_that_tell_of_one_line_are_joined_in_one_sentence()
    {
        IncidentAnswer answer = Pasted.Incident(("dmesg.txt", Nobody), ("interrupts.txt", "           CPU0       CPU1\n 16:     100001          0   IO-APIC  16-fasteoi   vfio-intx(0000:03:00.0), ehci_hcd:usb1\n"));
        Assert.Equal(WhyVerdict.Owed, answer.Verdict);
        IncidentLink link = Assert.Single(answer.Links);
        Assert.Equal(("gsi:16", "dmesg.txt,interrupts.txt"), (link.Thing, string.Join(',', link.Files)));
        Assert.Equal("Of line 16 dmesg.txt and interrupts.txt tell: dmesg.txt has irq:16 owed (pin-masked); interrupts.txt says \"IRQ 16 (IO-APIC 16-fasteoi) is shared by "
            + "vfio-intx(0000:03:00.0) and ehci_hcd:usb1; it came 100001 times, all at CPU0\".", link.Sentence);
    }

    [Fact]
    public void Dumps_of_one_machine_in_several_files_are_one_state_and_two_moments_say_what_lasts()
    {
        IncidentAnswer one = Pasted.Incident(("lapic.txt", MonitorDumpTests.Lapic), ("pic.txt", MonitorDumpTests.Pic));
        Assert.Equal("lapic.txt and pic.txt", Assert.Single(one.Parts).Title);
        Assert.Contains(one.Links, link => link.Sentence.StartsWith("Of line 11 lapic.txt and pic.txt tell: lapic.txt has 0x31@cpu0", StringComparison.Ordinal));
        IncidentAnswer two = Pasted.Incident(("a.txt", MonitorDumpTests.Lapic), ("b.txt", MonitorDumpTests.Lapic.Replace("49(level) 236", "236", StringComparison.Ordinal)));
        Assert.Equal(2, two.Parts.Count);
        Assert.StartsWith("Two moments show 0x51@cpu0 (no-eoi) and 0xec@cpu0 (cpu-unknown): unless", two.Links[0].Sentence, StringComparison.Ordinal);
    }

    [Fact]
    public void A_vector_of_another_CPU_is_another_thing()
    {
        IncidentAnswer answer = Pasted.Incident(("dmesg.txt", $"{Stamp}do_IRQ: 1.81 No irq handler for vector\n"), ("lapic.txt", MonitorDumpTests.Lapic));
        Assert.Empty(answer.Links);
        answer = Pasted.Incident(("dmesg.txt", $"{Stamp}do_IRQ: 0.81 No irq handler for vector\n"), ("lapic.txt", MonitorDumpTests.Lapic));
        Assert.Equal("0x51@cpu0", Assert.Single(answer.Links).Thing);
    }
}
