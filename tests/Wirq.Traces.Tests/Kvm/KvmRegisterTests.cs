using Wirq.Traces.Kvm.Judging;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>What is learned of registers and routes where a log tells it in another way.</summary>
public class KvmRegisterTests
{
    private const string Works = KvmGateTests.Works, Accepted = KvmGateTests.Accepted, Later = KvmGateTests.Later;

    private static VmAnswer Ask(string lines) => KvmGateTests.Ask(lines).Vms[0];

    [Theory]
    [InlineData("1 kvm_apic: apic_read APIC_TASKPRI = 0x50\n", nameof(KvmGate.TaskPriority))]
    [InlineData("1 kvm_msr: msr_read 808 = 0x50\n", nameof(KvmGate.TaskPriority))]
    [InlineData("1 kvm_msr: msr_write 808 = 0x50\n", nameof(KvmGate.TaskPriority))]
    [InlineData("1 kvm_msr: msr_write 808 = 0x150 (#GP)\n", nameof(KvmGate.CpuUnknown))]
    [InlineData("1 kvm_msr: msr_read 807 = 0x50\n", nameof(KvmGate.CpuUnknown))]
    public void A_register_is_learned_from_reads_and_from_x2APIC(string line, string gate) =>
        Assert.Equal(gate, Assert.Single(Ask(Works + line + Accepted + Later).Owed).Gate.ToString());

    private const string Pending = "1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a\n1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075\n"
        + "0 kvm_set_irq: gsi 4 level 1 source 0\n0 kvm_pic_set_irq: chip 0 pin 4 (edge)\n0 kvm_ioapic_set_irq: pin 4 dst 0 vec 0 (Fixed|physical|edge|masked)\n";

    [Theory]
    [InlineData("1 kvm_apic: apic_read APIC_LVT0 = 0x700\n", nameof(KvmGate.PicPending), 1, 0)]
    [InlineData("1 kvm_apic: apic_read APIC_LVT0 = 0x10700\n", nameof(KvmGate.PicPending), 0, 0)]
    [InlineData("", nameof(KvmGate.NotKnown), 0, 1)]
    public void LINT0_says_whether_the_8259_is_heard(string line, string gate, int owed, int unknown)
    {
        VmAnswer answer = Ask(Works + line + Pending + Later);
        KvmOwedAnswer[] found = [.. answer.Owed.Where(one => one.Source == "pic:4")], unclear = [.. answer.Unknown.Where(one => one.Source == "pic:4")];
        Assert.Equal((owed, unknown), (found.Length, unclear.Length));
        Assert.All(found.Concat(unclear), one => Assert.Equal(gate, one.Gate.ToString()));
    }

    private const string Alternating = "0 kvm_msi_set_irq: dst 7 vec 82 (Fixed|physical|edge)\n0 kvm_msi_set_irq: dst 8 vec 98 (Fixed|physical|edge)\n";

    [Fact]
    public void Messages_of_the_VMM_that_alternate_are_no_scan()
    {
        VmAnswer answer = Ask(Works + Alternating + Alternating + Alternating + "0 kvm_set_irq: gsi 4 level 0 source 0\n" + Later);
        Assert.Empty(answer.Owed);
        Assert.Equal([(KvmGate.NotKnown, 82), (KvmGate.NotKnown, 98)], answer.Unknown.Select(one => (one.Gate, one.Vector)));
        // The last of them has nothing behind it.
        Assert.Equal([82], Ask(Works + Later + Alternating + Alternating).Unknown.Select(one => one.Vector).Distinct().Order().Take(1));
    }

    [Fact]
    public void A_scan_of_routes_stays_quiet()
    {
        string scan = (Alternating + "0 kvm_msi_set_irq: dst 0 vec 0 (Fixed|physical|edge)\n").Replace("0 kvm_msi", "1 kvm_msi", StringComparison.Ordinal);
        Assert.Empty(Ask(Works + scan + Later).Unknown);
        // A route that is looked at for an assigned device.
        string posted = Alternating.Replace("\n", "\n0 kvm_pi_irte_update: PI is on for this gsi\n", StringComparison.Ordinal);
        Assert.Empty(Ask(Works + posted + posted + Later).Unknown);
    }

    [Fact]
    public void Where_KVM_has_the_chips_no_vCPU_scans_routes()
    {
        string sent = Alternating.Replace("0 kvm_msi", "1 kvm_msi", StringComparison.Ordinal);
        const string chips = "0 kvm_set_irq: gsi 4 level 0 source 0\n0 kvm_ioapic_set_irq: pin 4 dst 0 vec 0 (Fixed|physical|edge|masked)\n";
        Assert.Equal([82, 98], Ask(Works + chips + sent + sent + Later).Unknown.Select(one => one.Vector));
    }
}
