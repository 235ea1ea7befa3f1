using Wirq.Traces.Kvm.Judging;
using static Wirq.Traces.Tests.Kvm.IdleGuestTests;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>What is owed to a guest that does nothing is owed only where the log shows that it does nothing.</summary>
public class ActivityTests
{
    private const string Off = "1 kvm_pio: pio_write at 0x604 size 2 count 1 val 0x1000\n1 kvm_pio: pio_write at 0x604 size 2 count 1 val 0x3000\n";

    private static string Without(string lines, string name) =>
        string.Concat(lines.Split('\n').Where(line => !line.Contains(name, StringComparison.Ordinal)).Select(line => $"{line}\n")).TrimEnd('\n') + "\n";

    [Theory]
    [InlineData("vec 49 (Fixed|physical|level|masked)")]
    [InlineData("vec 49 (Fixed|physical|edge|masked)")]
    public void An_entry_with_a_vector_that_was_never_open_is_closed_too(string entry)
    {
        string lines = Isa.Replace("vec 0 (Fixed|physical|edge|masked)", entry, StringComparison.Ordinal);
        Assert.Equal((KvmGate.PinMasked, "ioapic:10"), Ask(Works + lines + Silence).Owed.Select(one => (one.Gate, one.Source)).Single());
    }

    [Theory]
    [InlineData("1 kvm_userspace_exit: reason restart (4)\n")]
    [InlineData("1 kvm_vcpu_wakeup: wait time 38 ns, polling valid\n")]
    public void A_vcpu_is_not_stopped_where_no_entry_would_show_that_it_goes_on(string stop)
    {
        VmAnswer answer = Ask(Without(Works, "kvm_entry") + Isa + stop + Silence);
        Assert.NotEmpty(answer.Owed.Concat(answer.Unknown));
    }

    [Fact]
    public void Where_nothing_shows_what_vcpus_do_nothing_is_owed_for_it()
    {
        Assert.Empty(Ask(Isa + Silence).Owed);
        string running = string.Concat(Enumerable.Repeat("+20\n1 kvm_entry: vcpu 0, rip 0x100\n1 kvm_exit: vcpu 0 reason hlt rip 0x100 info1 0x0 info2 0x0 intr_info 0x0 error_code 0x0\n", 50));
        VmAnswer answer = Ask("1 kvm_entry: vcpu 0, rip 0x100\n" + Isa + running);
        Assert.Empty(answer.Owed);
        Assert.NotEmpty(answer.Unknown);
    }

    [Theory]
    [InlineData(Isa + Off)]
    [InlineData(Off + Isa)]
    public void A_machine_that_is_off_is_owed_nothing(string lines) => Assert.Empty(Ask(Works + lines + Silence).Owed);

    [Fact]
    public void A_vcpu_that_runs_on_was_not_turned_off()
    {
        const string accepted = "0 kvm_msi_set_irq: dst 0 vec 83 (Fixed|physical|edge)\n0 kvm_apic_accept_irq: apicid 0 vec 83 (Fixed|edge)\n";
        VmAnswer answer = Ask(Without(Works, "kvm_entry") + Off + accepted + Silence);
        Assert.NotEmpty(answer.Owed.Concat(answer.Unknown));
    }

    [Fact]
    public void A_timer_that_became_one_of_deadlines_does_not_count() => Assert.Empty(Ask(Works
        + "1 kvm_apic: apic_write APIC_LVTT = 0x100ec\n1 kvm_apic: apic_write APIC_TMICT = 0x186a0\n1 kvm_apic: apic_write APIC_LVTT = 0x500ec\n" + Silence).Owed);

    /// <summary>The vector that a local APIC refused is also one of the 8259, which gives it past the local APIC.</summary>
    [Fact]
    public void What_the_8259_gives_proves_nothing_of_a_local_APIC()
    {
        const string open = "1 kvm_pio: pio_write at 0x20 size 1 count 1 val 0x11\n1 kvm_pio: pio_write at 0x21 size 1 count 1 val 0x20\n1 kvm_pio: pio_write at 0x21 size 1 count 1 val 0x4\n"
            + "1 kvm_pio: pio_write at 0x21 size 1 count 1 val 0x1\n1 kvm_pio: pio_write at 0x21 size 1 count 1 val 0xfd\n";
        const string refused = "1 kvm_apic: apic_write APIC_SPIV = 0xff\n0 kvm_msi_set_irq: dst 0 vec 33 (Fixed|physical|edge)\n0 kvm_apic_accept_irq: apicid 0 vec 33 (Fixed|edge)\n";
        const string given = "0 kvm_set_irq: gsi 1 level 1 source 0\n0 kvm_pic_set_irq: chip 0 pin 1 (edge)\n1 kvm_inj_virq: IRQ 0x21\n1 kvm_entry: vcpu 0, rip 0x100\n"
            + "0 kvm_set_irq: gsi 1 level 0 source 0\n0 kvm_pic_set_irq: chip 0 pin 1 (edge)\n1 kvm_ack_irq: irqchip PIC master pin 1\n";
        Assert.Contains(Ask(open + KvmGateTests.Works + refused + given + Silence).Owed, one => one is { Gate: KvmGate.RefusedByApic, Vector: 33 });
    }
}
