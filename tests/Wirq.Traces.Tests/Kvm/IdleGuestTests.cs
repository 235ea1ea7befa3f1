using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>What a guest masks: its choice while it works, and owed where it does nothing any more. And guests that the VMM stopped, or that ended.</summary>
public class IdleGuestTests
{
    internal const string Works = KvmGateTests.Works + "1 kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\n", Later = KvmGateTests.Later;
    /// <summary>Time passes without an act of the guest.</summary>
    internal const string Silence = "+1000\n0 kvm_set_irq: gsi 5 level 0 source 0\n0 kvm_pic_set_irq: chip 0 pin 5 (edge|masked)\n";

    internal static VmAnswer Ask(string lines) => KvmGateTests.Ask(lines).Vms[0];

    private static void IsOwedWhereSilent(string lines, KvmGate gate, string source)
    {
        KvmOwedAnswer owed = Assert.Single(Ask(Works + lines + Silence).Owed);
        Assert.Equal((gate, source), (owed.Gate, owed.Source));
        VmAnswer works = Ask(Works + lines + Later);
        Assert.Empty(works.Owed);
        Assert.Equal((gate, source), works.Masked.Select(one => (one.Gate, one.Source)).Single());
    }

    internal const string Isa = "0 kvm_set_irq: gsi 10 level 1 source 0\n0 kvm_pic_set_irq: chip 1 pin 2 (level|masked)\n0 kvm_ioapic_set_irq: pin 10 dst 0 vec 0 (Fixed|physical|edge|masked)\n";

    [Fact]
    public void A_line_of_which_no_end_is_open()
    {
        IsOwedWhereSilent(Isa, KvmGate.PinMasked, "ioapic:10");
        // It fell.
        string fell = Isa.Replace("level 1", "level 0", StringComparison.Ordinal);
        Assert.Empty(Ask(Works + Isa + fell + Silence).Owed);
        // The guest listens to another end of it.
        const string entry = "1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a\n1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075\n";
        const string pin = "0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)\n";
        Assert.Equal(("ioapic:21", 117), Ask(Works + entry + pin + Isa + Silence).Owed.Select(one => (one.Source, one.Vector)).Single());
    }

    [Fact]
    public void A_request_of_the_8259_behind_a_masked_LINT0() => IsOwedWhereSilent(
        "1 kvm_apic: apic_write APIC_LVT0 = 0x10700\n0 kvm_set_irq: gsi 0 level 1 source 2\n0 kvm_pic_set_irq: chip 0 pin 0 (edge)\n"
        + "0 kvm_set_irq: gsi 0 level 0 source 2\n0 kvm_pic_set_irq: chip 0 pin 0 (edge)\n", KvmGate.Lint0Closed, "pic:0");

    [Fact]
    public void A_timer_that_counts_behind_a_mask()
    {
        const string armed = "1 kvm_apic: apic_write APIC_LVTT = 0x100ec\n1 kvm_apic: apic_write APIC_TMICT = 0x186a0\n";
        IsOwedWhereSilent(armed, KvmGate.LvtMasked, "the timer of vCPU 0");
        Assert.Empty(Ask(Works + armed + "1 kvm_apic: apic_write APIC_TMICT = 0x0\n" + Silence).Owed);
        // It expired before the mask, and counts once.
        Assert.Empty(Ask("1 kvm_apic: apic_write APIC_TMICT = 0x186a0\n" + Works + "1 kvm_apic: apic_write APIC_LVTT = 0x100ec\n" + Silence).Owed);
    }

    [Fact]
    public void An_edge_whose_line_never_falls()
    {
        const string entry = "1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x18\n1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x34\n";
        const string rise = "0 kvm_set_irq: gsi 4 level 1 source 0\n0 kvm_apic_accept_irq: apicid 0 vec 52 (Fixed|edge)\n0 kvm_ioapic_set_irq: pin 4 dst 0 vec 52 (Fixed|physical|edge)\n"
            + "1 kvm_inj_virq: IRQ 0x34\n1 kvm_entry: vcpu 0, rip 0x100\n1 kvm_eoi: apicid 0 vector 52\n";
        const string fall = "0 kvm_set_irq: gsi 4 level 0 source 0\n0 kvm_ioapic_set_irq: pin 4 dst 0 vec 52 (Fixed|physical|edge)\n";
        VmAnswer held = Ask(Works + entry + rise + Silence);
        Assert.Empty(held.Owed);
        Assert.Equal(("ioapic:4", 52), held.Unknown.Select(one => (one.Source, one.Vector)).Single());
        Assert.Empty(Ask(Works + entry + rise + fall + Silence).Unknown);
        Assert.Empty(Ask(Works + entry + rise + Later).Unknown);
    }

    private const string Tick = "0 kvm_set_irq: gsi 0 level 1 source 2\n0 kvm_pic_set_irq: chip 0 pin 0 (edge)\n0 kvm_set_irq: gsi 0 level 0 source 2\n0 kvm_pic_set_irq: chip 0 pin 0 (edge)\n";

    [Fact]
    public void What_comes_after_the_VMM_stopped_the_vCPU_is_not_the_guests_fault()
    {
        const string stop = "1 kvm_userspace_exit: reason restart (4)\n", end = "+23\n0 kvm_set_irq: gsi 5 level 0 source 0\n";
        VmAnswer stopped = Ask(Works + stop + "+5\n" + Tick + end);
        Assert.Empty(stopped.Owed);
        Assert.Contains("had stopped vCPU 0", Assert.Single(stopped.Unknown).Sentences[0], StringComparison.Ordinal);
        // It was there long before; or the vCPU runs again.
        Assert.Single(Ask(Works + Tick + "+500\n" + stop + end).Owed);
        // Without exits to the VMM: it slept, wakes, and does not run.
        const string slept = "1 kvm_exit: vcpu 0 reason hlt rip 0x100 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0\n", wakes = "1 kvm_vcpu_wakeup: wait time 38985504 ns, polling valid\n";
        Assert.Empty(Ask(Works + slept + "+30\n" + wakes + "+5\n" + Tick + end).Owed);
        Assert.Single(Ask(Works + slept + "+30\n" + wakes + "1 kvm_entry: vcpu 0, rip 0x100\n" + slept + "+5\n" + Tick + end).Owed);
        Assert.Single(Ask(Works + stop + "1 kvm_entry: vcpu 0, rip 0x100\n" + Tick + end).Owed);
    }

    private const string TripleFault = "1 kvm_userspace_exit: reason KVM_EXIT_SHUTDOWN (8)\n";

    [Theory]
    [InlineData(TripleFault)]
    [InlineData("1 kvm_exit: vcpu 0 reason shutdown rip 0x100 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0\n")]
    [InlineData("1 kvm_exit: vcpu 0 reason TRIPLE_FAULT rip 0x100 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0 requests 0x0\n")]
    public void A_guest_that_is_off_takes_nothing(string ends)
    {
        VmAnswer off = Ask(Works + ends + Tick + Silence);
        Assert.Empty(off.Owed.Concat(off.Unknown));
        Assert.Equal((Fate.Withdrawn, "pic:0"), off.Masked.Select(one => (one.Fate, one.Source)).Single());
        Assert.Contains(off.Notes, note => note.Contains("a triple fault, by vCPU 0", StringComparison.Ordinal));
    }

    [Fact]
    public void A_handler_in_which_the_guest_ended_owes_no_EOI_that_is_known()
    {
        const string taken = KvmGateTests.Accepted + "1 kvm_inj_virq: IRQ 0x53\n1 kvm_entry: vcpu 0, rip 0x100\n";
        Assert.Empty(Ask(Works + taken + TripleFault + Silence).Owed);
        Assert.Equal(KvmGate.NoEoi, Assert.Single(Ask(Works + taken + "+100\n" + TripleFault + Silence).Owed).Gate);
    }
}
