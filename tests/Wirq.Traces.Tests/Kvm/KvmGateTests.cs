using System.Globalization;
using System.Text;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>One gate each, from a few records of an ordinary host; and next to each what does not allow it.</summary>
public class KvmGateTests
{
    internal const string Works = """
        1 kvm_apic: apic_write APIC_SPIV = 0x1ff
        1 kvm_apic: apic_write APIC_TASKPRI = 0x0
        1 kvm_apic_accept_irq: apicid 0 vec 236 (Fixed|edge)
        1 kvm_inj_virq: IRQ 0xec
        1 kvm_entry: vcpu 0, rip 0x100
        1 kvm_eoi: apicid 0 vector 236

        """;

    internal const string Later = """
        +1000
        1 kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0
        1 kvm_exit: vcpu 0 reason io rip 0x100 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0

        """;

    /// <summary>Records of vCPU 0 (thread 101) begin with 1, of vCPU 1 (thread 102) with 2, of the VMM (100) with 0, of a kworker with k, of another
    /// VM's vCPU 0 (901) with 9; a line <c>+N</c> lets N milliseconds pass.</summary>
    internal static KvmAnswer Ask(string lines) => KvmWhyTests.AskText(TextOf(lines));

    /// <summary>The log that such records stand in.</summary>
    internal static string TextOf(string lines)
    {
        var text = new StringBuilder();
        long micro = 1_000_000;
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line[0] == '+')
            {
                micro += 1000 * long.Parse(line[1..], CultureInfo.InvariantCulture);
                continue;
            }
            if (line[1] != ' ')
            {
                text.Append(line).Append('\n');
                continue;
            }
            string task = line[0] switch { '0' => "qemu-100", '1' => "qemu-101", '2' => "qemu-102", '9' => "qemu-901", _ => "kworker/1:0-55" };
            micro++;
            text.Append(CultureInfo.InvariantCulture, $" {task} [001] ..... {micro / 1_000_000}.{micro % 1_000_000:d6}: {line[2..]}\n");
        }
        return text.ToString();
    }

    private static KvmOwedAnswer? Owed(string lines) => Ask(lines).Vms.SelectMany(vm => vm.Owed).SingleOrDefault();
    private static KvmOwedAnswer? Unknown(string lines) => Ask(lines).Vms.SelectMany(vm => vm.Unknown).SingleOrDefault();

    internal const string Accepted = """
        0 kvm_msi_set_irq: dst 0 vec 83 (Fixed|physical|edge)
        0 kvm_apic_accept_irq: apicid 0 vec 83 (Fixed|edge)

        """;

    [Fact]
    public void Entered_again_without_an_injection()
    {
        KvmOwedAnswer owed = Owed(Works + Accepted + "1 kvm_entry: vcpu 0, rip 0x100\n1 kvm_entry: vcpu 0, rip 0x100\n" + Later)!;
        Assert.Equal((KvmGate.NotInjected, 0, 83), (owed.Gate, owed.Cpu, owed.Vector));
        Assert.Contains("entered the guest 2 times after that", owed.Sentences[1], StringComparison.Ordinal);
        // It did not enter: nothing shows that KVM withheld it.
        Assert.Equal(KvmGate.CpuUnknown, Owed(Works + Accepted + Later)!.Gate);
    }

    [Fact]
    public void Injected_and_ended_is_not_owed() =>
        Assert.Null(Owed(Works + Accepted + "1 kvm_inj_virq: IRQ 0x53\n1 kvm_entry: vcpu 0, rip 0x100\n1 kvm_eoi: apicid 0 vector 83\n" + Later));

    [Fact]
    public void Injected_by_the_entry_is_taken()
    {
        KvmOwedAnswer owed = Owed(Works + Accepted + "1 kvm_entry: vcpu 0, rip 0x100 intr_info 0x80000053 error_code 0x00000000\n" + Later)!;
        Assert.Equal((KvmGate.NoEoi, Fate.InService), (owed.Gate, owed.Fate));
    }

    [Fact]
    public void A_vector_in_service_of_the_class_or_above_holds_it()
    {
        const string served = "0 kvm_apic_accept_irq: apicid 0 vec {0} (Fixed|edge)\n1 kvm_inj_virq: IRQ 0x{0:x}\n1 kvm_entry: vcpu 0, rip 0x100\n";
        string same = string.Format(CultureInfo.InvariantCulture, served, 0x50), below = string.Format(CultureInfo.InvariantCulture, served, 0x41);
        Assert.Equal(KvmGate.VectorInService, Ask(Works + same + Accepted + Later).Vms[0].Owed.Single(one => one.Vector == 83).Gate);
        Assert.Equal(KvmGate.CpuUnknown, Ask(Works + below + Accepted + Later).Vms[0].Owed.Single(one => one.Vector == 83).Gate);
    }

    [Fact]
    public void TPR_holds_its_class_and_those_below()
    {
        Assert.Equal(KvmGate.TaskPriority, Owed(Works + "1 kvm_apic: apic_write APIC_TASKPRI = 0x50\n" + Accepted + Later)!.Gate);
        Assert.Equal(KvmGate.CpuUnknown, Owed(Works + "1 kvm_apic: apic_write APIC_TASKPRI = 0x4f\n" + Accepted + Later)!.Gate);
    }

    [Fact]
    public void A_disabled_local_APIC_refuses()
    {
        KvmOwedAnswer owed = Owed(Works + "1 kvm_apic: apic_write APIC_SPIV = 0xff\n" + Accepted + Later)!;
        Assert.Equal((KvmGate.RefusedByApic, Fate.Refused), (owed.Gate, owed.Fate));
        // Sent to all: one may be left out.
        Assert.Null(Owed(Works + "2 kvm_apic: apic_write APIC_SPIV = 0xff\n2 kvm_eoi: apicid 1 vector -1\n"
            + "1 kvm_apic_ipi: dst 0 vec 83 (Fixed|physical|assert|edge|all-but-self)\n1 kvm_apic_accept_irq: apicid 1 vec 83 (Fixed|edge)\n" + Later));
    }

    [Fact]
    public void Whether_an_APIC_is_enabled_must_be_told()
    {
        // vCPU 1 wrote nothing and took nothing in this log.
        KvmOwedAnswer owed = Owed(Works + "2 kvm_entry: vcpu 1, rip 0x100\n0 kvm_apic_accept_irq: apicid 1 vec 83 (Fixed|edge)\n2 kvm_entry: vcpu 1, rip 0x100\n" + Later)!;
        Assert.Equal((KvmGate.NotKnown, 1), (owed.Gate, owed.Cpu));
    }

    [Fact]
    public void INIT_forgets_what_was_pending() =>
        Assert.Null(Owed(Works + Accepted + "2 kvm_apic_ipi: dst 0 vec 0 (INIT|physical|assert|edge|dst)\n2 kvm_apic_accept_irq: apicid 0 vec 0 (INIT|edge)\n" + Later));

    [Fact]
    public void Where_nothing_shows_what_is_taken_nothing_is_called_pending()
    {
        const string none = "1 kvm_apic: apic_write APIC_SPIV = 0x1ff\n1 kvm_entry: vcpu 0, rip 0x100\n";
        Assert.Null(Owed(none + Accepted + "1 kvm_entry: vcpu 0, rip 0x100\n" + Later));
        Assert.Contains("APICv or AVIC", Unknown(none + Accepted + "1 kvm_entry: vcpu 0, rip 0x100\n" + Later)!.Sentences[0], StringComparison.Ordinal);
        Assert.Equal(KvmGate.NotKnown, Unknown(Works + "0 kvm_apicv_accept_irq: apicid 0 vec 83 (Fixed|edge)\n" + Accepted + Later)!.Gate);
    }

    private const string SplitLevel = """
        1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a
        1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075
        1 kvm_userspace_exit: reason KVM_EXIT_IOAPIC_EOI (26)
        0 kvm_set_irq: gsi 21 level 1 source 0
        0 kvm_msi_set_irq: dst 0 vec 117 (Fixed|physical|level)
        0 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)
        1 kvm_inj_virq: IRQ 0x75
        1 kvm_entry: vcpu 0, rip 0x100
        1 kvm_eoi: apicid 0 vector 117

        """;

    [Fact]
    public void An_EOI_of_a_level_must_reach_the_VMM_of_a_split_irqchip()
    {
        KvmOwedAnswer owed = Owed(Works + SplitLevel + "1 kvm_entry: vcpu 0, rip 0x100\n" + Later)!;
        Assert.Equal((KvmGate.EoiExitMissing, "ioapic:21", 117, 0), (owed.Gate, owed.Source, owed.Vector, owed.Cpu));
        Assert.Null(Owed(Works + SplitLevel + "1 kvm_userspace_exit: reason KVM_EXIT_IOAPIC_EOI (26)\n1 kvm_entry: vcpu 0, rip 0x100\n" + Later));
    }

    [Fact]
    public void A_message_to_nobody_is_told_from_a_burst()
    {
        const string scan = "1 kvm_msi_set_irq: dst 0 vec 0 (Fixed|physical|edge)\n";
        const string lost = "0 kvm_msi_set_irq: dst 7 vec 82 (Fixed|physical|edge)\n0 kvm_set_irq: gsi 4 level 0 source 0\n";
        Assert.Equal((KvmGate.NoDestination, 82), (Owed(Works + lost + Later)!.Gate, Owed(Works + lost + Later)!.Vector));
        Assert.Null(Owed(Works + scan + "1 kvm_msi_set_irq: dst 7 vec 82 (Fixed|physical|edge)\n" + scan + Later));
        // A CPU with that id is there: why it did not accept, nothing tells.
        string known = lost.Replace("dst 7", "dst 0", StringComparison.Ordinal);
        Assert.Null(Owed(Works + known + Later));
        Assert.Equal(KvmGate.NotKnown, Unknown(Works + known + Later)!.Gate);
        // It came again, and arrived.
        Assert.Null(Owed(Works + lost + "0 kvm_msi_set_irq: dst 7 vec 82 (Fixed|physical|edge)\n0 kvm_apic_accept_irq: apicid 0 vec 82 (Fixed|edge)\n"
            + "1 kvm_inj_virq: IRQ 0x52\n1 kvm_eoi: apicid 0 vector 82\n" + Later));
    }

    private const string Pin = """
        1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a
        1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075
        0 kvm_set_irq: gsi 21 level 0 source 0
        0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)

        """;

    [Fact]
    public void A_level_waits_under_a_mask_as_long_as_its_line_is_up()
    {
        const string masked = Pin + "1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x1a075\n"
            + "0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level|masked)\n";
        KvmOwedAnswer owed = Owed(Works + masked + Later)!;
        Assert.Equal((KvmGate.PinMasked, "ioapic:21"), (owed.Gate, owed.Source));
        Assert.Contains("(entry 0x1a075)", owed.Sentences[0], StringComparison.Ordinal);
        string withdrawn = Works + masked + "0 kvm_set_irq: gsi 21 level 0 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level|masked)\n" + Later;
        Assert.Null(Owed(withdrawn));
        Assert.Equal(Fate.Withdrawn, Assert.Single(Ask(withdrawn).Vms[0].Masked).Fate);
    }

    [Fact]
    public void A_line_has_as_many_holders_as_sources()
    {
        const string two = Pin + "1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x1a075\n"
            + "0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level|masked)\n"
            + "0 kvm_set_irq: gsi 21 level 1 source 1\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level|masked)\n"
            + "0 kvm_set_irq: gsi 21 level 0 source 1\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level|masked)\n";
        Assert.Equal(KvmGate.PinMasked, Owed(Works + two + Later)!.Gate);
    }

    [Fact]
    public void An_edge_under_a_mask_is_lost_while_its_line_stays_up()
    {
        const string edge = "1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x18\n1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x34\n"
            + "1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x10034\n"
            + "0 kvm_set_irq: gsi 4 level 1 source 0\n0 kvm_ioapic_set_irq: pin 4 dst 0 vec 52 (Fixed|physical|edge|masked)\n";
        KvmOwedAnswer owed = Owed(Works + edge + "1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x34\n" + Later)!;
        Assert.Equal((KvmGate.EdgeLost, "ioapic:4"), (owed.Gate, owed.Source));
        Assert.Contains("too late", owed.Sentences[0], StringComparison.Ordinal);
        Assert.Null(Owed(Works + edge + "0 kvm_set_irq: gsi 4 level 0 source 0\n0 kvm_ioapic_set_irq: pin 4 dst 0 vec 52 (Fixed|physical|edge|masked)\n" + Later));
    }

    [Fact]
    public void An_accept_line_may_stand_behind_what_it_caused()
    {
        // The clocks of two CPUs differ by microseconds.
        Assert.Null(Owed(Works + "1 kvm_inj_virq: IRQ 0x53\n1 kvm_eoi: apicid 0 vector 83\n" + Accepted + Later));
        Assert.NotNull(Owed(Works + "1 kvm_inj_virq: IRQ 0x53\n1 kvm_eoi: apicid 0 vector 83\n+1\n" + Accepted + Later));
    }

    [Fact]
    public void Chips_of_the_VMM_leave_no_record()
    {
        KvmAnswer answer = Ask("1 kvm_entry: vcpu 0, rip 0x100\n1 kvm_inj_virq: IRQ 0x53\n" + Later);
        Assert.Contains(answer.Limits, limit => limit.What.Contains("kernel-irqchip=off", StringComparison.Ordinal));
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
    }

    [Fact]
    public void What_is_near_the_end_is_not_known()
    {
        KvmAnswer answer = Ask(Works + Accepted + "+2\n1 kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\n");
        Assert.Empty(answer.Vms[0].Owed);
        Assert.Contains("before the end", Assert.Single(answer.Vms[0].Unknown).Sentences[0], StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_pending_when_records_were_lost_is_not_known()
    {
        KvmOwedAnswer unknown = Unknown(Works + Accepted + "CPU:1 [LOST 12 EVENTS]\n" + Later)!;
        Assert.Equal((KvmGate.RecordsLost, 83), (unknown.Gate, unknown.Vector));
        // And so is a register.
        Assert.NotEqual(KvmGate.TaskPriority, Ask(Works + "1 kvm_apic: apic_write APIC_TASKPRI = 0x50\nCPU:1 [LOST 12 EVENTS]\n" + Accepted + Later).Vms[0]
            .Owed.Single(one => one.Vector == 83).Gate);
    }

    [Fact]
    public void A_thread_of_the_kernel_may_work_for_another_VM()
    {
        // A vector that this VM uses is taken for its own while it is ended; pending it is not known.
        KvmOwedAnswer unknown = Unknown(Works + "k kvm_apic_accept_irq: apicid 0 vec 236 (Fixed|edge)\n" + Later)!;
        Assert.Equal((KvmGate.OtherVm, 236), (unknown.Gate, unknown.Vector));
        // One that no record of this VM has is a limit.
        KvmAnswer other = Ask(Works + "k kvm_apic_accept_irq: apicid 0 vec 99 (Fixed|edge)\n" + Later);
        Assert.Empty(other.Vms[0].Owed);
        Assert.Contains(other.Limits, limit => limit.What.Contains("other-vm", StringComparison.Ordinal));
        Assert.Empty(Ask(Works + "k kvm_set_irq: gsi 4095 level 1 source 0\nk kvm_set_irq: gsi 4095 level 0 source 0\n" + Later).Vms[0].Owed);
    }

    [Fact]
    public void VMs_are_kept_apart()
    {
        string mine = Works + Accepted + "1 kvm_entry: vcpu 0, rip 0x100\n9 kvm_eoi: apicid 0 vector 83\n9 kvm_entry: vcpu 0, rip 0x100\n" + Later;
        KvmAnswer answer = Ask(mine);
        Assert.Equal(2, answer.Vms.Count);
        // The other VM's EOI of the same vector is not this one's.
        Assert.Equal(83, Assert.Single(answer.Vms[0].Owed).Vector);
        Assert.Empty(answer.Vms[1].Owed);
        Assert.Contains(answer.Limits, limit => limit.What.Contains("guessed", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_several_VMs_those_with_a_fault_are_told_first()
    {
        const string pending = "1 kvm_apic_accept_irq: apicid 0 vec 236 (Fixed|edge)\n1 kvm_entry: vcpu 0, rip 0x100\n";
        KvmAnswer answer = Ask(Works + Later + (Works + pending + Later).Replace("1 kvm", "9 kvm", StringComparison.Ordinal));
        Assert.Equal([0, 1], answer.Vms.Select(vm => vm.Owed.Count));
        using var text = new StringWriter();
        KvmAnswerText.Write(answer, text);
        Assert.True(Place(1) >= 0 && Place(1) < Place(0), text.ToString());

        int Place(int vm) => text.ToString().IndexOf(answer.Vms[vm].Trail.Vm.Name[1..] + " (vCPUs", StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_of_the_8259_that_nobody_takes_is_owed()
    {
        const string raised = "1 kvm_pio: pio_write at 0x21 size 1 count 1 val 0xfe\n0 kvm_set_irq: gsi 0 level 1 source 2\n0 kvm_pic_set_irq: chip 0 pin 0 (edge)\n";
        const string lowered = "0 kvm_set_irq: gsi 0 level 0 source 2\n0 kvm_pic_set_irq: chip 0 pin 0 (edge)\n";
        KvmOwedAnswer owed = Owed(Works + raised + lowered + Later)!;
        Assert.Equal((KvmGate.PicPending, "pic:0"), (owed.Gate, owed.Source));
        Assert.Null(Owed(Works + raised + lowered + "1 kvm_ack_irq: irqchip PIC master pin 0\n" + Later));
    }

    [Fact]
    public void An_acknowledge_of_the_slave_is_that_of_its_input()
    {
        // KVM numbers the inputs of the slave from 8 in this record alone.
        const string raised = "1 kvm_pio: pio_write at 0xa1 size 1 count 1 val 0xef\n1 kvm_pio: pio_write at 0x21 size 1 count 1 val 0xfb\n"
            + "0 kvm_set_irq: gsi 12 level 1 source 0\n0 kvm_pic_set_irq: chip 1 pin 4 (edge)\n"
            + "0 kvm_set_irq: gsi 12 level 0 source 0\n0 kvm_pic_set_irq: chip 1 pin 4 (edge)\n";
        KvmOwedAnswer owed = Owed(Works + raised + Later)!;
        Assert.Equal((KvmGate.PicPending, "pic:12"), (owed.Gate, owed.Source));
        foreach (string input in (string[])["slave pin 12", "slave pin 4"])
            Assert.Null(Owed(Works + raised + $"1 kvm_ack_irq: irqchip PIC {input}\n" + Later));
        foreach (string none in (string[])["slave pin 16", "slave pin -4", "master pin 12"])
            Assert.NotNull(Owed(Works + raised + $"1 kvm_ack_irq: irqchip PIC {none}\n" + Later));
    }

    [Fact]
    public void A_question_about_one_source_is_answered_alone()
    {
        KvmAnswer answer = Ask(Works + Accepted + Later);
        Assert.Single(KvmQuestion.About(answer, "0x53@cpu0")!.Vms[0].Owed);
        Assert.Empty(KvmQuestion.About(answer, "0xec")!.Vms[0].Owed);
        Assert.Null(KvmQuestion.About(answer, "ioapic:3"));
        Assert.Contains("expected one of", KvmQuestion.Wrong(answer, "ioapic:3"), StringComparison.Ordinal);
        Assert.Contains("expected ioapic:21", KvmQuestion.Wrong(answer, "lvt:timer@cpu0"), StringComparison.Ordinal);
    }
}
