using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>What the logs of Linux guests have and small guests have not: EOIs in the guest's memory, timers behind a driven line, APICs that are
/// disabled at the end.</summary>
public class KvmLinuxGuestTests
{
    private const string Works = KvmGateTests.Works, Later = KvmGateTests.Later;

    private static VmAnswer Ask(string lines) => KvmGateTests.Ask(lines).Vms[0];

    private const string Taken = KvmGateTests.Accepted + "1 kvm_inj_virq: IRQ 0x53\n1 kvm_entry: vcpu 0, rip 0x100\n";
    private const string EndedInMemory = "1 kvm_eoi: apicid 0 vector 83\n1 kvm_pv_eoi: apicid 0 vector 83\n";

    [Fact]
    public void An_EOI_in_memory_is_printed_twice_and_ends_one_interrupt()
    {
        // It came again while its handler ran.
        KvmOwedAnswer owed = Assert.Single(Ask(Works + Taken + KvmGateTests.Accepted + EndedInMemory + Later).Owed);
        Assert.Equal((Fate.Pending, KvmGate.CpuUnknown, 83), (owed.Fate, owed.Gate, owed.Vector));
        // It came right behind the EOI: it was not taken before.
        owed = Assert.Single(Ask(Works + Taken + EndedInMemory + KvmGateTests.Accepted + Later).Owed);
        Assert.Equal((Fate.Pending, KvmGate.CpuUnknown, 83), (owed.Fate, owed.Gate, owed.Vector));
    }

    [Fact]
    public void An_EOI_in_memory_alone_ends_too()
    {
        const string alone = "1 kvm_pv_eoi: apicid 0 vector 83\n";
        Assert.Empty(Ask(Works + Taken + alone + Later).Owed);
        Assert.Empty(Ask(Works + Taken + EndedInMemory + Taken + alone.Replace("pv_eoi", "eoi", StringComparison.Ordinal) + Taken + alone + Later).Owed);
    }

    [Fact]
    public void A_timer_behind_the_record_of_a_pin_is_not_the_pins()
    {
        const string driven = "1 kvm_apic: apic_write APIC_LVTT = 0xec\n1 kvm_set_irq: gsi 4 level 0 source 0\n"
            + "1 kvm_ioapic_set_irq: pin 4 dst 0 vec 35 (Fixed|physical|edge)\n1 kvm_write_tsc_offset: vcpu=0 prev=1 next=2\n";
        KvmOwedAnswer owed = Assert.Single(Ask(Works + driven + "1 kvm_apic_accept_irq: apicid 0 vec 236 (Fixed|edge)\n" + Later).Owed);
        Assert.Equal(("the timer of vCPU 0", 236), (owed.Source, owed.Vector));
        // The line's own stands before it.
        const string own = "0 kvm_set_irq: gsi 4 level 1 source 0\n0 kvm_apic_accept_irq: apicid 0 vec 35 (Fixed|edge)\n"
            + "0 kvm_ioapic_set_irq: pin 4 dst 0 vec 35 (Fixed|physical|edge)\n";
        Assert.Equal("ioapic:4", Assert.Single(Ask(Works + own + Later).Owed).Source);
    }

    /// <summary>A VMM may have one GSI, 2, for the PIT's line at both chips.</summary>
    [Theory]
    [InlineData(0, true)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void The_PITs_input_of_the_8259_has_its_own_line_or_that_of_the_cascade(int gsi, bool rose)
    {
        string driven = $"0 kvm_set_irq: gsi {gsi} level 1 source 0\n0 kvm_pic_set_irq: chip 0 pin 0 (edge)\n";
        KvmOwedAnswer[] owed = [.. Ask(Works + "1 kvm_pio: pio_write at 0x21 size 1 count 1 val 0xfe\n" + driven + Later).Owed];
        Assert.Equal(rose ? ["pic:0"] : [], owed.Select(one => one.Source));
        Assert.Empty(Ask(Works + driven + "1 kvm_ack_irq: irqchip PIC master pin 0\n" + Later).Owed);
    }

    [Fact]
    public void The_PITs_input_is_not_said_to_be_ended_without_a_rise()
    {
        string file = KvmFiles.Kept("linux-full-timer.report.txt.gz");
        KvmAnswer answer = KvmJudge.Read(() => File.OpenRead(file), file);
        Assert.DoesNotContain(answer.Limits, limit => limit.What.Contains("the records of some thread", StringComparison.Ordinal));
        Assert.Contains(answer.Vms[0].Trail.Pic.Inputs, input => input is { Irq: 0, Raises: > 40, Acknowledged: 1 });
    }

    [Fact]
    public void A_line_that_nothing_answers_is_no_all_clear()
    {
        const string chip = "0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level|masked)\n";
        static bool IsTold(string lines) => KvmGateTests.Ask(lines).Limits.Any(limit => limit.What.Contains("the GSI has no route", StringComparison.Ordinal));
        Assert.True(IsTold(Works + "0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_set_irq: gsi 21 level 0 source 0\n" + chip + Later));
        Assert.False(IsTold(Works + "0 kvm_set_irq: gsi 21 level 1 source 0\n" + chip + "0 kvm_set_irq: gsi 21 level 0 source 0\n" + chip + Later));
    }

    /// <summary>A shorthand needs no destination; an NMI has no vector.</summary>
    [Theory]
    [InlineData("1 kvm_apic_ipi: dst 0 vec 240 (Fixed|physical|assert|edge|self)\n", "IPI with vector 0xf0 of vCPU 0 to its sender")]
    [InlineData("1 kvm_apic_ipi: dst 0 vec 240 (Fixed|physical|assert|edge|all)\n", "IPI with vector 0xf0 of vCPU 0 to all vCPUs at")]
    [InlineData("1 kvm_apic_ipi: dst 0 vec 0 (NMI|physical|assert|edge|self)\n", "IPI with an NMI of vCPU 0 to its sender")]
    public void An_IPI_by_shorthand_that_nobody_accepts_is_no_all_clear(string lines, string said) =>
        Assert.Contains(Ask(Works + lines + "1 kvm_apic: apic_write APIC_ICR = 0xf0\n" + Later).Unknown, one => one.Sentences[0].StartsWith(said, StringComparison.Ordinal));

    [Fact]
    public void An_NMI_to_nobody_is_owed() =>
        Assert.StartsWith("Message with an NMI to APIC id 7", Assert.Single(Ask(Works + "0 kvm_msi_set_irq: dst 7 vec 0 (NMI|physical|edge)\n" + Later).Owed).Sentences[0], StringComparison.Ordinal);

    [Fact]
    public void All_but_the_sender_are_nobody_where_there_is_one_vCPU() =>
        Assert.Empty(Ask(Works + "1 kvm_apic_ipi: dst 0 vec 240 (Fixed|physical|assert|edge|all-but-self)\n1 kvm_apic: apic_write APIC_ICR = 0xf0\n" + Later).Unknown);

    [Fact]
    public void What_was_accepted_stays_when_the_APIC_is_disabled_later()
    {
        const string disabled = "1 kvm_apic: apic_write APIC_SPIV = 0xff\n1 kvm_entry: vcpu 0, rip 0x100\n";
        KvmOwedAnswer owed = Assert.Single(Ask(Works + KvmGateTests.Accepted + disabled + Later).Owed);
        Assert.Equal((Fate.Pending, KvmGate.NotInjected), (owed.Fate, owed.Gate));
        Assert.Contains("software-disabled since", owed.Sentences[1], StringComparison.Ordinal);
    }
}
