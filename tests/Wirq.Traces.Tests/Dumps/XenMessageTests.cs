using Wirq.Traces.Dumps.Text;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>Xen's debug keys M (messages) and Q (devices), in the forms of all versions: the lines are what the format strings of
/// xen/arch/x86/msi.c and xen/drivers/passthrough/pci.c print.</summary>
public class XenMessageTests
{
    [Theory]
    [InlineData(" MSI-X   40 vec=31  fixed  edge   assert phys    cpu dest=00000002 mask=1/ G/1", "(MSI-X, vector 0x31), which goes to APIC id 0x2, is masked by its guest; whether something waits")] // 4.6 and later
    [InlineData(" MSI-X   40 vec=31  fixed  edge   assert phys    cpu dest=00000002 mask=1/HG/1", "is masked by Xen and by its guest;")]
    [InlineData(" MSI-X   40 vec=31  fixed  edge   assert phys    cpu dest=00000000 mask=1/H /0", "(MSI-X, vector 0x31), which goes to APIC id 0x0, is masked by Xen, and the device's mask bit is not set;")]
    [InlineData(" MSI-X   40 vec=31  fixed  edge   assert phys    cpu dest=00000002 mask=1/1/1", "is masked and by whom the text does not tell;")] // 4.3 to 4.5
    [InlineData(" MSIX   40 vec=31 lowest  edge   assert  log lowest dest=00000001 mask=1/1/1", "(MSI-X, vector 0x31), which goes to logical destination 0x1, is masked")] // 4.1, 4.2
    public void A_message_that_is_masked_is_told_with_its_vector_and_its_destination(string line, string says)
    {
        SnapshotAnswer answer = Pasted.Answer($"(XEN) MSI information:\n(XEN) {line}\n");
        Assert.Equal(["Masked irq:40 VirqMasked"], answer.Findings());
        Assert.Contains($"Xen's IRQ 40 ", answer.Findings[0].Sentence, StringComparison.Ordinal);
        Assert.Contains(says, answer.Findings[0].Sentence, StringComparison.Ordinal);
        Assert.Equal(0x31, answer.Findings[0].Vector);
    }

    [Theory]
    [InlineData(" MSI     41 vec=39 lowest  edge   assert  log lowest dest=00000001 mask=0/  /?")]
    [InlineData(" MSI     41 vec=39 lowest  edge   assert  log lowest dest=00000001 mask=0/ /?")] // blanks lost
    [InlineData(" HPET    24 vec=28  fixed  edge   assert phys    cpu dest=00000000 mask=0/0/?")]
    [InlineData(" MSI   273 vec=c9 lowest  edge   assert  log lowest dest=00000001 mask=1/0/0")]
    public void A_message_that_is_not_masked_is_no_finding_and_no_all_clear(string line)
    {
        SnapshotAnswer answer = Pasted.Answer($"(XEN) PCI-MSI interrupt information:\n(XEN) {line}\n");
        Assert.Empty(answer.Findings);
        Assert.Equal(Wirq.Traces.Why.WhyVerdict.NotTold, answer.Verdict);
        Assert.DoesNotContain("cut off", answer.Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_level_message_is_said() => Assert.Contains("IRQ 273 (MSI, vector 0xc9) is sent to logical destination 0x1 as a level that is not asserted; devices send edges.",
        Pasted.Answer("(XEN)  MSI   273 vec=c9 lowest level deassert  log lowest dest=00000001 mask=1/0/0\n").Said(), StringComparison.Ordinal);

    /// <summary>In whatever order the keys were pressed.</summary>
    [Theory]
    [InlineData("03:00.0 - dom 1   - MSIs < 40 41 >", "device 03:00.0 of d1")] // 4.1
    [InlineData("0000:03:00.0 - dom 1   - MSIs < 40 41 >", "device 0000:03:00.0 of d1")]
    [InlineData("0000:03:00.0 - dom 1   - node -1  - MSIs < 40 41 >", "device 0000:03:00.0 of d1")] // 4.6
    [InlineData("0000:03:00.0 - d1 - node -1  - MSIs < 40 41 >", "device 0000:03:00.0 of d1")] // 4.13 and later
    [InlineData("0000:03:00.0 - DomIO:7ff1 - node 0   - MSIs < 40 41 >", "device 0000:03:00.0 of DomIO:7ff1")]
    public void A_device_of_key_Q_is_named_at_its_interrupt(string line, string device)
    {
        const string bound = "(XEN)    IRQ:  40 vec:31 PCI-MSI/-X      status=030 aff:{0}/{0-3} in-flight=1 d1: 87(P-M)\n";
        string devices = $"(XEN) ==== segment 0000 ====\n(XEN) 0000:00:1f.0 - d0 - node -1\n(XEN) {line}\n";
        foreach (string text in (string[])[bound + devices, devices + bound])
        {
            SnapshotAnswer answer = Pasted.Answer(text);
            Assert.Equal(["Owed irq:40 NoEoi"], answer.Findings());
            Assert.EndsWith($" It is of {device}.", answer.Findings[0].Sentence, StringComparison.Ordinal);
            Assert.Contains($"Xen's IRQs 40 and 41 are messages of {device}.", answer.Said(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("(XEN)  MSI-X   40 vec=31  fixed  edge   assert phys    cpu dest=0000", "Line 2, of a message or a device, is cut off")]
    [InlineData("(XEN)  MSI-X   40 vec=31  fixed  edge   assert phys    cpu dest=00000002 mask=1/ G", "Line 2, of a message or a device, is cut off")]
    [InlineData("(XEN) 0000:03:00.0 - d1 - node -1  - MSIs < 40 4", "Line 2, of a message or a device, is cut off")]
    public void Cut_lines_say_what_is_missing(string line, string expected)
    {
        SnapshotAnswer answer = Pasted.Answer($"(XEN) MSI information:\n{line}\n");
        Assert.Empty(answer.Findings);
        Assert.Contains(expected, answer.Said(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_line_is_refused_with_its_place() => Assert.Contains("line 1",
        Assert.Throws<DumpException>(() => Pasted.Answer("(XEN)  MSI-X   40 vec=31  fixed  edgy   assert phys    cpu dest=00000002 mask=1/ G/1\n")).Message, StringComparison.Ordinal);
}
