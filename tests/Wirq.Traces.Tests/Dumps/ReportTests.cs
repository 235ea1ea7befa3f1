using Wirq.Tests.Shared;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>The dumps of public reports get the answers that stand beside them in tests/reports/README.md.</summary>
public class ReportTests
{
    [Theory]
    [InlineData("hmp-info-lapic.txt", "Owed 0x51@cpu0 NoEoi,NotKnown 0xec@cpu0 CpuUnknown,NotKnown 0x31@cpu0 VectorInService", "It holds 0x31 (49) back.")]
    [InlineData("hmp-info-pic.txt", "NotKnown ioapic:11 RemoteIrr", "the pin waits for the EOI of vector 0x31 (49)")]
    [InlineData("xen-i.txt", "Owed irq:16 NoEoi,NotKnown ioapic:16 RemoteIrr", "d1 (PIRQ 55) has not ended it, nor taken it: its event is pending, and masked by the guest")]
    [InlineData("xen-e.txt", "Masked port:12@d0 VirqMasked", "Port 12 of domain 0 (IPI) is pending for vCPU 1, and masked by the guest")]
    [InlineData("dmesg-dmar.txt", "Owed irte:38 RemappingFault", "names entry 0x26 (38) of the interrupt remapping table. Fault reason 0x22 means: the Present bit of the entry is clear")]
    [InlineData("dmesg-nobody-cared.txt", "Owed irq:16 PinMasked", "Its one handler is vfio_intx_handler (vfio_pci_core)")]
    [InlineData("proc-interrupts.txt", "", "is shared by vfio-intx(0000:03:00.0) and ehci_hcd:usb1; it came 100001 times")]
    public void A_report_gets_the_answer_that_stands_beside_it(string name, string expected, string says)
    {
        SnapshotAnswer answer = Pasted.Answer(File.ReadAllText(Repository.PathOf($"tests/reports/why/{name}")));
        Assert.Equal(expected, string.Join(',', answer.Findings()));
        Assert.Contains(says, answer.Said(), StringComparison.Ordinal);
        Assert.NotEmpty(answer.State.Limits);
    }
}
