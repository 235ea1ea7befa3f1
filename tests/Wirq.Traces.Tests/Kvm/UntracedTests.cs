using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>Logs of a few events, threads or CPUs: what they lack closes no gate, and makes nothing owed.</summary>
public class UntracedTests
{
    private const string Works = KvmGateTests.Works, Later = KvmGateTests.Later, Accepted = KvmGateTests.Accepted;

    private static VmAnswer Ask(string lines) => KvmGateTests.Ask(lines).Vms[0];

    private static string Without(string lines, string name) =>
        string.Concat(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.Contains(name + ":", StringComparison.Ordinal)).Select(line => line + "\n"));

    private const string Init = "1 kvm_apic_accept_irq: apicid 1 vec 0 (INIT|edge)\n", Startup = "1 kvm_apic_accept_irq: apicid 1 vec 8 (SIPI|edge)\n";
    private const string ToOther = "1 kvm_apic_ipi: dst 1 vec 240 (Fixed|physical|assert|edge|dst)\n1 kvm_apic_accept_irq: apicid 1 vec 240 (Fixed|edge)\n";

    [Fact]
    public void A_vCPU_that_was_started_may_have_enabled_its_local_APIC_where_no_record_shows_it()
    {
        string log = Without(Works, "kvm_apic") + Init + Startup + ToOther;
        Assert.DoesNotContain(Ask(log + Later).Owed, one => one.Gate == KvmGate.RefusedByApic);
        Assert.Empty(Ask(log + "2 kvm_inj_virq: IRQ 0xf0\n2 kvm_entry: vcpu 1, rip 0x100\n2 kvm_eoi: apicid 1 vector 240\n" + Later).Owed);
        // Without a startup IPI it stays disabled; and where its registers are traced, it is what they say.
        Assert.Equal(KvmGate.RefusedByApic, Assert.Single(Ask(Works + Init + ToOther + Later).Owed).Gate);
        Assert.Equal(KvmGate.RefusedByApic, Assert.Single(Ask(Works + Init + Startup + "2 kvm_entry: vcpu 1, rip 0x8000\n" + ToOther + Later).Owed).Gate);
    }

    [Fact]
    public void A_vector_that_is_ended_was_not_refused()
    {
        const string off = "1 kvm_apic: apic_write APIC_SPIV = 0xff\n";
        Assert.Equal(KvmGate.RefusedByApic, Assert.Single(Ask(Works + off + Accepted + Later).Owed).Gate);
        Assert.Empty(Ask(Works + off + Accepted + "1 kvm_eoi: apicid 0 vector 83\n" + Later).Owed);
    }

    [Fact]
    public void A_vCPU_that_was_started_and_never_enters_has_a_thread_that_is_not_in_the_log()
    {
        VmAnswer answer = Ask(Works + Init + Startup + ToOther + Later);
        Assert.Empty(answer.Owed);
        Assert.Contains("thread", Assert.Single(answer.Unknown).Sentences[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Without_EOIs_nothing_is_in_service()
    {
        string log = Without(Works, "kvm_eoi") + Accepted + "1 kvm_inj_virq: IRQ 0x53\n1 kvm_entry: vcpu 0, rip 0x100\n" + Later;
        VmAnswer answer = Ask(log);
        Assert.Empty(answer.Owed);
        Assert.Equal([KvmGate.NotKnown, KvmGate.NotKnown], answer.Unknown.Select(one => one.Gate));
        // So it holds nothing back either.
        const string same = "0 kvm_msi_set_irq: dst 0 vec 82 (Fixed|physical|edge)\n0 kvm_apic_accept_irq: apicid 0 vec 82 (Fixed|edge)\n";
        Assert.Equal(KvmGate.CpuUnknown, Assert.Single(Ask(log + same + Later).Owed).Gate);
    }

    [Fact]
    public void Without_injections_what_was_accepted_may_be_in_service()
    {
        string log = Without(Works, "kvm_inj_virq") + Accepted + "1 kvm_entry: vcpu 0, rip 0x100\n";
        Assert.Equal(KvmGate.NotKnown, Assert.Single(Ask(log + Later).Owed).Gate);
        const string priority = "1 kvm_apic: apic_write APIC_TASKPRI = 0x60\n";
        Assert.Equal(KvmGate.NotKnown, Assert.Single(Ask(log + priority + Later).Owed).Gate);
        // A priority that was there before held it.
        Assert.Equal(KvmGate.TaskPriority, Assert.Single(Ask(Without(Works, "kvm_inj_virq") + priority + Accepted + Later).Owed).Gate);
    }

    [Fact]
    public void Without_registers_a_local_APIC_that_worked_may_be_disabled_now()
    {
        const string entered = "1 kvm_entry: vcpu 0, rip 0x100\n";
        Assert.Equal(KvmGate.NotKnown, Assert.Single(Ask(Without(Works, "kvm_apic") + Accepted + entered + Later).Owed).Gate);
        Assert.Equal(KvmGate.NotInjected, Assert.Single(Ask(Works + Accepted + entered + Later).Owed).Gate);
    }

    [Fact]
    public void An_IPI_whose_record_was_not_traced_is_a_limit()
    {
        const string sent = "1 kvm_apic: apic_write APIC_ICR = 0x40f1\n", ipi = "1 kvm_apic_ipi: dst 0 vec 241 (Fixed|physical|assert|edge|dst)\n"
            + "1 kvm_apic_accept_irq: apicid 0 vec 241 (Fixed|edge)\n1 kvm_inj_virq: IRQ 0xf1\n1 kvm_eoi: apicid 0 vector 241\n";
        Assert.Contains(KvmGateTests.Ask(Works + sent + Later).Limits, limit => limit.What.Contains("kvm_apic_ipi", StringComparison.Ordinal));
        Assert.DoesNotContain(KvmGateTests.Ask(Works + sent + ipi + Later).Limits, limit => limit.What.Contains("kvm_apic_ipi", StringComparison.Ordinal));
    }

    private const string Tick = "0 kvm_set_irq: gsi 0 level 1 source 2\n0 kvm_pic_set_irq: chip 0 pin 0 (edge)\n0 kvm_ioapic_set_irq: pin 2 dst 0 vec 0 (Fixed|physical|edge|masked)\n"
        + "0 kvm_set_irq: gsi 0 level 0 source 2\n0 kvm_pic_set_irq: chip 0 pin 0 (edge)\n0 kvm_ioapic_set_irq: pin 2 dst 0 vec 0 (Fixed|physical|edge|masked)\n";

    [Fact]
    public void Without_acknowledges_nothing_is_in_service_at_the_8259()
    {
        const string taken = Tick + "1 kvm_inj_virq: IRQ 0x08\n1 kvm_entry: vcpu 0, rip 0x100\n";
        VmAnswer answer = Ask(Works + taken + Later);
        Assert.Empty(answer.Owed);
        Assert.Equal("pic:0", Assert.Single(answer.Unknown).Source);
        // Where they are traced, the one that lacks is told.
        Assert.Equal(KvmGate.NoEoi, Assert.Single(Ask(Works + taken + "1 kvm_ack_irq: irqchip PIC master pin 0\n" + taken + Later).Owed).Gate);
    }

    [Fact]
    public void Without_injections_a_request_of_the_8259_may_be_in_service() =>
        Assert.Equal((KvmGate.NotKnown, "pic:0"), Ask(Without(Works, "kvm_inj_virq") + Tick + Later).Owed.Select(one => (one.Gate, one.Source)).Single());

    [Fact]
    public void Without_ports_the_8259_may_have_been_initialised_again()
    {
        const string silence = "+1000\n1 kvm_exit: vcpu 0 reason io rip 0x100 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0\n";
        const string ended = "1 kvm_inj_virq: IRQ 0x08\n1 kvm_ack_irq: irqchip PIC master pin 0\n", taken = "1 kvm_inj_virq: IRQ 0x08\n";
        foreach (string last in new[] { taken, "" })
        {
            VmAnswer answer = Ask(Works + Tick + ended + Tick + last + silence);
            Assert.Empty(answer.Owed);
            Assert.Equal(("pic:0", KvmGate.NotKnown), answer.Unknown.Select(one => (one.Source, one.Gate)).Single());
            Assert.Single(Ask(Works + Tick + ended + Tick + last + Later).Owed);
        }
    }

    [Fact]
    public void What_was_in_service_before_records_are_missing_may_have_ended()
    {
        const string acknowledged = Tick + "1 kvm_inj_virq: IRQ 0x08\n1 kvm_ack_irq: irqchip PIC master pin 0\n";
        Assert.Empty(Ask(Works + acknowledged + Tick + "1 kvm_inj_virq: IRQ 0x08\nCPU:0 [LOST 5 EVENTS]\n" + Later).Owed);
    }

    [Fact]
    public void Times_that_go_back_are_a_gap()
    {
        // What each thread did, one behind another: the vCPU took the message before the line of the other thread stands there.
        const string early = " qemu-101 [001] ..... 2.000006: kvm_apic: apic_write APIC_SPIV = 0x1ff\n qemu-101 [001] ..... 2.000010: kvm_inj_virq: IRQ 0x53\n"
            + " qemu-101 [001] ..... 2.000011: kvm_entry: vcpu 0, rip 0x100\n qemu-101 [001] ..... 2.000012: kvm_eoi: apicid 0 vector 83\n"
            + " qemu-101 [001] ..... 5.000000: kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\n";
        const string late = " qemu-100 [001] ..... 2.000000: kvm_msi_set_irq: dst 0 vec 83 (Fixed|physical|edge)\n qemu-100 [001] ..... 2.000001: kvm_apic_accept_irq: apicid 0 vec 83 (Fixed|edge)\n";
        const string end = " qemu-101 [001] ..... 9.000000: kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\n";
        KvmAnswer answer = KvmWhyTests.AskText(late + early + late);
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Equal((1L, 1L), (answer.Survey.Jumps.Count, answer.Survey.GapCount));
        Assert.Contains(answer.Limits, limit => limit.What.Contains("times go back", StringComparison.Ordinal));
        // What a thread's part ends with may have been served in the part before it.
        KvmAnswer open = KvmWhyTests.AskText(KvmGateTests.TextOf(Works + "+5000\n" + Later) + late + " qemu-100 [001] ..... 9.000000: kvm_set_irq: gsi 4 level 0 source 0\n");
        Assert.Equal((0, 1), (open.Vms[0].Owed.Count, open.Vms[0].Unknown.Count));
        // The clocks of two CPUs differ by less.
        Assert.Equal(0, KvmWhyTests.AskText(late + early + end).Survey.GapCount);
        Assert.Equal(0, KvmWhyTests.AskText(late + " qemu-101 [001] ..... 1.999500: kvm_entry: vcpu 0, rip 0x100\n" + end).Survey.GapCount);
    }

    [Theory]
    [InlineData("    #P:2\n", true)]
    [InlineData("    #P:1\n", false)]
    [InlineData("\n", false)]
    public void Records_of_one_CPU_of_several_do_not_tell_what_others_have(string cpus, bool doubted)
    {
        string log = "# entries-in-buffer/entries-written: 9/9 " + cpus + KvmGateTests.TextOf(Works + Accepted + Later);
        KvmAnswer one = KvmWhyTests.AskText(log);
        Assert.Equal(doubted ? (0, 1) : (1, 0), (one.Vms[0].Owed.Count, one.Vms[0].Unknown.Count));
        Assert.Equal(doubted, one.Limits.Any(limit => limit.What.Contains("records are of CPU 1", StringComparison.Ordinal)));
        KvmAnswer two = KvmWhyTests.AskText(log + " qemu-101 [000] ..... 3.000000: kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\n");
        Assert.Single(two.Vms[0].Owed);
    }

    [Fact]
    public void Without_threads_an_exit_is_that_of_the_last_EOI()
    {
        const string level = "kvm_msi_set_irq: dst 0 vec 83 (Fixed|physical|level)\nkvm_apic_accept_irq: apicid 0 vec 83 (Fixed|level)\nkvm_inj_virq: IRQ 0x53\n"
            + "kvm_entry: vcpu 0, rip 0x100\nkvm_eoi: apicid 0 vector 83\n";
        const string other = "kvm_entry: vcpu 1, rip 0x100\n", exit = "kvm_userspace_exit: reason KVM_EXIT_IOAPIC_EOI (26)\n";
        string filler = string.Concat(Enumerable.Repeat("kvm_entry: vcpu 0, rip 0x100\n", 200));
        Assert.Empty(KvmWhyTests.AskText(other + level + exit + level + exit + filler).Vms[0].Owed);
        Assert.DoesNotContain(KvmWhyTests.AskText(other + level + exit + level + exit + filler).Vms[0].Unknown, one => one.Gate == KvmGate.EoiExitMissing);
    }

    [Theory]
    [InlineData("1 kvm_exit: vcpu 0 reason EOI_INDUCED rip 0x100 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0\n")]
    [InlineData("1 kvm_exit: vcpu 0 reason APIC_WRITE rip 0x100 info1 0x310 info2 0x0 intr_info 0x0 error_code 0x0 requests 0x0\n")]
    [InlineData("1 kvm_exit: vcpu 0 reason avic_incomplete_ipi rip 0x100 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0\n")]
    [InlineData("1 kvm_avic_unaccelerated_access: vcpu=0, offset=0xb0(APIC_EOI), trap, write, vec=0x0\n")]
    [InlineData("1 kvm_apicv_inhibit_changed: cleared reason=4, inhibits=0x0\n")]
    [InlineData("1 kvm_apicv_accept_irq: apicid 0 vec 83 (Fixed|edge)\n")]
    public void Where_the_processor_posts_interrupts_none_is_called_owed(string posts)
    {
        // Until then KVM injected them, as where an ExtINT or the PIT forbids posting.
        VmAnswer answer = Ask(Works + posts + Accepted + "1 kvm_entry: vcpu 0, rip 0x100\n" + Later);
        Assert.Empty(answer.Owed);
        Assert.Contains("APICv or AVIC", Assert.Single(answer.Unknown).Sentences[0], StringComparison.Ordinal);
        Assert.Single(Ask(Works + "1 kvm_apicv_inhibit_changed: set reason=4, inhibits=0x10\n" + Accepted + Later).Owed);
    }

    [Fact]
    public void A_message_behind_a_line_that_a_chip_answered_is_not_the_lines()
    {
        const string line = "0 kvm_set_irq: gsi 4 level 1 source 0\n0 kvm_pic_set_irq: chip 0 pin 4 (edge|masked)\n0 kvm_ioapic_set_irq: pin 4 dst 0 vec 0 (Fixed|physical|edge|masked)\n";
        Assert.Equal("a message", Assert.Single(Ask(Works + line + Accepted + Later).Owed).Source);
        // The message of a GSI stands right behind it.
        Assert.Equal("gsi:24", Assert.Single(Ask(Works + "0 kvm_set_irq: gsi 24 level 1 source 0\n" + Accepted + Later).Owed).Source);
    }
}
