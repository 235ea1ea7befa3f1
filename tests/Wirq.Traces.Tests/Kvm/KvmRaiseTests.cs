using System.Text;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Kvm.Raises;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>What became of one raise of a log of KVM.</summary>
public class KvmRaiseTests
{
    private const string Works = KvmGateTests.Works, Later = KvmGateTests.Later, Taken = "1 kvm_inj_virq: IRQ 0x53\n1 kvm_entry: vcpu 0, rip 0x100\n1 kvm_eoi: apicid 0 vector 83\n";

    // Works has six lines.
    private const string Pin = """
        1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a
        1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075

        """;

    private static KvmRaiseWatch Watch(string text, string asked, out KvmAnswer answer)
    {
        KvmPlaced placed = KvmPlaced.Parse(asked, out _)!;
        KvmRaiseWatch? watch = null;
        answer = KvmJudge.Read(() => new MemoryStream(Encoding.UTF8.GetBytes(text)), "text", watch: survey => watch = new KvmRaiseWatch(placed, survey));
        return watch!;
    }

    private static KvmRaiseAnswer[] Ask(string lines, string asked)
    {
        KvmRaiseWatch watch = Watch(KvmGateTests.TextOf(lines), asked, out KvmAnswer answer);
        var text = new KvmRaiseText(answer);
        return [.. watch.Raises.Select(one => text.Of(one.Raise, one.Later))];
    }

    private static string Words(KvmRaiseAnswer answer) => string.Join(' ', answer.Sentences);

    [Fact]
    public void The_last_raise_at_or_before_the_place_is_meant()
    {
        string twice = Works + KvmGateTests.Accepted + Taken + KvmGateTests.Accepted + Later;
        KvmRaiseAnswer first = Assert.Single(Ask(twice, "0x53@cpu0@L12")), second = Assert.Single(Ask(twice, "0x53@L13"));
        Assert.Equal((Fate.Ended, 8, 1), (first.Fate, first.At.Line, first.Later));
        Assert.Contains("KVM injected it at L9 (1.000009), and the guest ended it at L11", Words(first), StringComparison.Ordinal);
        Assert.Equal((Fate.Pending, KvmGate.CpuUnknown, 13, 0), (second.Fate, second.Gate, second.At.Line, second.Later));
        Assert.Contains("accepted by vCPU 0 at L13", Words(second), StringComparison.Ordinal);
        Assert.Equal(8, Assert.Single(Ask(twice, "0x53@1.000008")).At.Line);
        Assert.Empty(Ask(twice, "0x53@L7"));
    }

    [Fact]
    public void What_merged_was_refused_or_was_lost_is_told()
    {
        Assert.Equal(Fate.Merged, Assert.Single(Ask(Works + KvmGateTests.Accepted + KvmGateTests.Accepted + Taken + Later, "0x53@L10")).Fate);
        KvmRaiseAnswer refused = Assert.Single(Ask(Works + "1 kvm_apic: apic_write APIC_SPIV = 0xff\n" + KvmGateTests.Accepted + Later, "0x53@L9"));
        Assert.Equal((Fate.Refused, KvmGate.RefusedByApic), (refused.Fate, refused.Gate));
        const string init = "2 kvm_apic_ipi: dst 0 vec 0 (INIT|physical|assert|edge|dst)\n2 kvm_apic_accept_irq: apicid 0 vec 0 (INIT|edge)\n";
        Assert.Equal(Fate.Dropped, Assert.Single(Ask(Works + KvmGateTests.Accepted + init + Later, "0x53@L8")).Fate);
        KvmRaiseAnswer gap = Assert.Single(Ask(Works + KvmGateTests.Accepted + "CPU:1 [LOST 12 EVENTS]\n" + Taken + Later, "0x53@L8"));
        Assert.Equal((Fate.NotKnown, KvmGate.RecordsLost), (gap.Fate, gap.Gate));
        Assert.Contains("records are missing at L9", Words(gap), StringComparison.Ordinal);
        // What came after the gap is told.
        Assert.Equal(Fate.Ended, Assert.Single(Ask(Works + "CPU:1 [LOST 12 EVENTS]\n" + KvmGateTests.Accepted + Taken + Later, "0x53@L12")).Fate);
    }

    private const string Level = "0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)\n";
    private const string Fall = "0 kvm_set_irq: gsi 21 level 0 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)\n";
    private const string Handled = "1 kvm_inj_virq: IRQ 0x75\n1 kvm_eoi: apicid 0 vector 117\n1 kvm_ack_irq: irqchip IOAPIC pin 21\n";

    [Fact]
    public void A_raise_of_a_pin_is_followed_from_its_line_to_the_EOI_that_the_pin_hears()
    {
        KvmRaiseAnswer answer = Assert.Single(Ask(Works + Pin + Level + Handled + "1 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)\n" + Handled + Fall + Later, "gsi:21@L9"));
        Assert.Equal((Fate.Ended, "ioapic:21", 9), (answer.Fate, answer.Source, answer.At.Line));
        Assert.Contains("delivered 2 times, first at L9 (1.000009), last at L15", Words(answer), StringComparison.Ordinal);
        Assert.Contains("The pin heard of an EOI at L18 (1.000018). Its line fell at L19", Words(answer), StringComparison.Ordinal);
    }

    [Fact]
    public void A_raise_under_a_mask_says_since_when()
    {
        const string masked = "1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x1a075\n";
        string level = Level.Split('\n')[0] + "\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level|masked)\n";
        KvmRaiseAnswer held = Assert.Single(Ask(Works + Pin + masked + level + Later, "ioapic:21@L10"));
        Assert.Equal((Fate.Held, KvmGate.PinMasked, 9), (held.Fate, held.Gate, held.Since?.Line));
        KvmRaiseAnswer withdrawn = Assert.Single(Ask(Works + Pin + masked + level + Fall.Replace("level)", "level|masked)", StringComparison.Ordinal) + Later, "ioapic:21@L10"));
        Assert.Equal(Fate.Withdrawn, withdrawn.Fate);
        Assert.Contains("before anything was delivered", Words(withdrawn), StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_is_known_by_its_address_and_data()
    {
        const string lost = "0 kvm_msi_set_irq: dst 7 vec 82 (Fixed|physical|edge)\n0 kvm_set_irq: gsi 4 level 0 source 0\n";
        KvmRaiseAnswer nobody = Assert.Single(Ask(Works + lost + Later, "msi:0xfee07000:0x4052@L8"));
        Assert.Equal((Fate.Refused, KvmGate.NoDestination), (nobody.Fate, nobody.Gate));
        Assert.Equal(Fate.Refused, Assert.Single(Ask(Works + lost + Later, "0x52@L8")).Fate);
        Assert.Equal(Fate.Ended, Assert.Single(Ask(Works + KvmGateTests.Accepted + Taken + Later, "msi:0xfee00000:0x53@L8")).Fate);
        Assert.Empty(Ask(Works + KvmGateTests.Accepted + Taken + Later, "msi:0xfee01000:0x53@L8"));
        Assert.Empty(Ask(Works + KvmGateTests.Accepted + Taken + Later, "msi:0xfee00000:0x8053@L8"));
    }

    [Fact]
    public void VMs_are_told_apart()
    {
        const string other = "9 kvm_entry: vcpu 0, rip 0x100\n9 kvm_apic_ipi: dst 0 vec 83 (Fixed|physical|assert|edge|self)\n9 kvm_apic_accept_irq: apicid 0 vec 83 (Fixed|edge)\n9 kvm_eoi: apicid 0 vector 83\n";
        KvmRaiseAnswer[] answers = Ask(Works + KvmGateTests.Accepted + other + Later, "0x53@cpu0@2.5");
        Assert.Equal([(0, Fate.Pending), (1, Fate.Ended)], answers.Select(one => (one.Vm, one.Fate)));
        Assert.Contains("the VM of thread 901", Words(answers[1]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0x53", null)]
    [InlineData("0x53@cpu1", null)]
    [InlineData("lvt:timer@cpu0", null)]
    [InlineData("0x53@soon", "'soon' is no place in a log")]
    [InlineData("0x53@cpu1@", "'' is no place in a log")]
    [InlineData("disk@L3", "'disk' names no interrupt")]
    [InlineData("53@L3", "'53' names no interrupt")]
    [InlineData("ioapic1:3@L3", "names no interrupt")]
    public void What_is_no_question_with_a_place_says_why(string asked, string? why)
    {
        Assert.Null(KvmPlaced.Parse(asked, out string? wrong));
        if (why is null)
            Assert.Null(wrong);
        else
            Assert.Contains(why, wrong, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("vector:0x53@cpu1@L3", 0x53, 1)]
    [InlineData("vec:53@L3", 0x53, -1)]
    [InlineData("irq4@L3", 4, -1)]
    public void Names_that_people_guess_are_read(string asked, int index, int vcpu)
    {
        KvmPlaced placed = KvmPlaced.Parse(asked, out _)!;
        Assert.Equal((index, vcpu, 3), (placed.Name.Index, placed.Vcpu, placed.At.Line));
    }

    [Fact]
    public void A_place_outside_of_the_log_is_told()
    {
        string text = KvmGateTests.TextOf(Works + KvmGateTests.Accepted + Later);
        Assert.Contains("before its first record; expected a place from L1 (1.000001) to L10", Watch(text, "0x53@0.5", out _).Missed, StringComparison.Ordinal);
        Assert.Contains("behind its last record", Watch(text, "0x53@L11", out _).Missed, StringComparison.Ordinal);
        Assert.Null(Watch(text, "0x53@L10", out _).Missed);
    }
}
