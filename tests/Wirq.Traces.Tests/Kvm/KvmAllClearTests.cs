using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>Logs in which something is owed, in a form that was once taken for nothing: nothing may be called served that the log does not show.</summary>
public class KvmAllClearTests
{
    private const string Works = KvmGateTests.Works, Later = KvmGateTests.Later;

    private static KvmAnswer Ask(string lines) => KvmGateTests.Ask(lines);

    private static bool Limits(KvmAnswer answer, string words) => answer.Limits.Any(limit => limit.What.Contains(words, StringComparison.Ordinal));

    [Fact]
    public void A_lost_message_that_is_sent_again_is_no_scan_of_routes()
    {
        const string sent = "0 kvm_msi_set_irq: dst 7 vec 82 (Fixed|physical|edge)\n";
        KvmAnswer answer = Ask(Works + sent + sent + sent + "0 kvm_set_irq: gsi 4 level 0 source 0\n" + Later);
        Assert.Equal((KvmGate.NoDestination, 82), (Assert.Single(answer.Vms[0].Owed).Gate, answer.Vms[0].Owed[0].Vector));
        // A scan prints what the routes of a vCPU's VM have, two of which may be the same.
        const string route = "1 kvm_msi_set_irq: dst 0 vec 99 (Fixed|physical|edge)\n", stale = "1 kvm_msi_set_irq: dst 7 vec 82 (Fixed|physical|edge)\n";
        Assert.Empty(Ask(Works + route + stale + stale + route + Later).Vms[0].Owed);
    }

    [Fact]
    public void A_message_of_the_kernel_that_nobody_accepts_is_a_limit()
    {
        const string sent = "k kvm_msi_set_irq: dst 7 vec 82 (Fixed|physical|edge)\n";
        Assert.True(Limits(Ask(Works + sent + Later), "that no vCPU accepted"));
        Assert.True(Limits(Ask(Works + sent + "k kvm_set_irq: gsi 4 level 1 source 0\n" + Later), "that no vCPU accepted"));
        // What a first try did not deliver, the second did.
        const string known = "k kvm_msi_set_irq: dst 0 vec 236 (Fixed|physical|edge)\n";
        Assert.False(Limits(Ask(Works + known + known + "k kvm_apic_accept_irq: apicid 0 vec 236 (Fixed|edge)\n" + Later), "that no vCPU accepted"));
    }

    private const string Entry = "{0} kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a\n{0} kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075\n"
        + "{0} kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x1a075\n";
    private const string Raised = "k kvm_set_irq: gsi 21 level 1 source 0\nk kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level|masked)\n";

    private static string EntryOf(char vcpu) => Entry.Replace("{0}", vcpu.ToString(), StringComparison.Ordinal);

    [Fact]
    public void A_line_that_a_thread_of_the_kernel_drives_is_taken_where_it_fits()
    {
        // The guest wrote no destination: the entry's upper half is that of the reset.
        Assert.Equal(KvmGate.PinMasked, Assert.Single(Ask(Works + EntryOf('1') + Raised + Later).Vms[0].Owed).Gate);
    }

    [Fact]
    public void Of_two_VMs_a_line_is_taken_only_where_it_is_certainly_of_one()
    {
        const string other = "9 kvm_entry: vcpu 0, rip 0x100\n", much = "9 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a\n9 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa076\n";
        // The other VM's entry is another.
        KvmAnswer one = Ask(Works + other + EntryOf('1') + much + Raised + Later);
        Assert.Equal(KvmGate.PinMasked, Assert.Single(one.Vms[0].Owed).Gate);
        Assert.Empty(one.Vms[1].Owed);
        Assert.False(Limits(one, "driven by threads of the kernel"));
        // It may be the same, or is not known.
        foreach (string unclear in new[] { EntryOf('9'), "" })
        {
            KvmAnswer two = Ask(Works + other + EntryOf('1') + unclear + Raised + Later);
            Assert.Empty(two.Vms.SelectMany(vm => vm.Owed));
            Assert.True(Limits(two, "driven by threads of the kernel"));
        }
    }

    [Theory]
    [InlineData("dst 7 vec 52 (Fixed|physical|edge) (coalesced)", true)]
    [InlineData("dst 7 vec 52 (Fixed|physical|edge)", true)]
    [InlineData("dst 8 vec 52 (Fixed|logical|edge)", false)]
    public void An_edge_whose_message_nobody_took_is_not_served_by_its_line_falling(string message, bool owed)
    {
        const string entry = "1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x18\n1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x34\n";
        string pulse = $"0 kvm_set_irq: gsi 4 level 1 source 0\n0 kvm_ioapic_set_irq: pin 4 {message}\n"
            + $"0 kvm_set_irq: gsi 4 level 0 source 0\n0 kvm_ioapic_set_irq: pin 4 {message}\n";
        VmAnswer answer = Ask(Works + entry + pulse + Later).Vms[0];
        Assert.Equal(owed ? KvmGate.NoDestination : KvmGate.NotKnown, Assert.Single(owed ? answer.Owed : answer.Unknown).Gate);
        // The next one arrived.
        const string accepted = "0 kvm_set_irq: gsi 4 level 1 source 0\n0 kvm_apic_accept_irq: apicid 0 vec 52 (Fixed|edge)\n"
            + "0 kvm_ioapic_set_irq: pin 4 dst 0 vec 52 (Fixed|physical|edge)\n1 kvm_inj_virq: IRQ 0x34\n1 kvm_eoi: apicid 0 vector 52\n";
        VmAnswer served = Ask(Works + entry + pulse + accepted + Later).Vms[0];
        Assert.Empty(served.Owed.Concat(served.Unknown));
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(40, true)]
    public void Without_times_an_accept_line_far_behind_an_EOI_is_a_new_one(int between, bool owed)
    {
        string log = string.Concat(Timeless(Works), Timeless("1 kvm_inj_virq: IRQ 0x53\n1 kvm_eoi: apicid 0 vector 83\n"),
            Filler(between), Timeless("0 kvm_msi_set_irq: dst 0 vec 83 (Fixed|physical|edge)\n0 kvm_apic_accept_irq: apicid 0 vec 83 (Fixed|edge)\n"), Filler(200));
        Assert.Equal(owed ? 1 : 0, KvmWhyTests.AskText(log).Vms[0].Owed.Count);
    }

    private static string Filler(int count) => string.Concat(Enumerable.Repeat(Timeless("1 kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\n"), count));

    private static string Timeless(string lines) => string.Concat(lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Select(line => $" qemu-10{line[0]} [001] {line[2..]}\n"));

    [Fact]
    public void A_vCPU_beyond_those_that_are_followed_is_a_limit()
    {
        // The id is hexadecimal.
        const string high = "0 kvm_apic_accept_irq: apicid {0} vec 83 (Fixed|edge)\n";
        Assert.False(Limits(Ask(Works + high.Replace("{0}", "1388", StringComparison.Ordinal) + Later), "than are followed"));
        Assert.True(Limits(Ask(Works + high.Replace("{0}", "70000", StringComparison.Ordinal) + Later), "than are followed"));
    }

    [Fact]
    public void The_VMM_has_the_IOAPIC_only_where_an_exit_says_so()
    {
        const string message = "0 kvm_msi_set_irq: dst 0 vec 236 (Fixed|physical|edge)\n0 kvm_apic_accept_irq: apicid 0 vec 236 (Fixed|edge)\n1 kvm_inj_virq: IRQ 0xec\n1 kvm_eoi: apicid 0 vector 236\n";
        Assert.True(Limits(Ask(Works + message + Later), "or its records were not traced"));
        Assert.False(Limits(Ask(Works + "1 kvm_userspace_exit: reason KVM_EXIT_IOAPIC_EOI (26)\n" + message + Later), "or its records were not traced"));
    }

    [Fact]
    public void Beyond_the_gaps_that_are_kept_the_last_place_and_the_sum_are_right()
    {
        string gaps = string.Concat(Enumerable.Repeat("CPU:1 [LOST 10 EVENTS]\n1 kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\n", 100));
        KvmAnswer answer = Ask(Works + gaps + KvmGateTests.Accepted + "CPU:1 [LOST 10 EVENTS]\n" + Later);
        Assert.True(Limits(answer, "Lost: 1010 records"));
        KvmOwedAnswer unknown = Assert.Single(answer.Vms[0].Unknown, one => one.Vector == 83);
        Assert.True(unknown.Since!.Value.Event > unknown.At.Event);
    }

    [Fact]
    public void What_a_thread_began_before_a_gap_is_not_taken_further()
    {
        // The accept line behind the gap may be of another message.
        const string sent = "0 kvm_msi_set_irq: dst 0 vec 83 (Fixed|physical|edge)\n", accepted = "0 kvm_apic_accept_irq: apicid 0 vec 83 (Fixed|edge)\n";
        Assert.Equal("a message", Ask(Works + sent + accepted + Later).Vms[0].Owed.Single().Source);
        Assert.NotEqual("a message", Ask(Works + sent + "CPU:1 [LOST 1 EVENTS]\n" + accepted + Later).Vms[0].Owed.Single(one => one.Vector == 83).Source);
    }

    [Fact]
    public void A_question_about_one_vCPU_is_not_about_those_that_begin_alike()
    {
        KvmAnswer answer = Ask(Works + "0 kvm_apic_accept_irq: apicid 1 vec 83 (Fixed|edge)\n0 kvm_apic_accept_irq: apicid 12 vec 83 (Fixed|edge)\n" + Later);
        Assert.Single(KvmQuestion.About(answer, "0x53@cpu1")!.Vms[0].Told);
        Assert.Equal(2, KvmQuestion.About(answer, "0x53")!.Vms[0].Told.Count);
        Assert.Null(KvmQuestion.About(answer, "ioapic:\u0664"));
        Assert.Null(KvmQuestion.About(answer, "0x53\n"));
    }
}
