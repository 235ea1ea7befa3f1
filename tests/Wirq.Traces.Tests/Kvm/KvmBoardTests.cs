using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>What a VMM's boot of a Linux shows: chips that are all the VMM's, a kernel without firmware, routes that are looked at, several VMs of
/// one process, and a machine that is turned off.</summary>
public class KvmBoardTests
{
    private const string Works = KvmGateTests.Works, Accepted = KvmGateTests.Accepted, Later = KvmGateTests.Later;

    private const string Halts = """
        9 kvm_entry: vcpu 0, rip 0x100
        9 kvm_inj_virq: IRQ 0x53 [reinjected]
        9 kvm_entry: vcpu 0, rip 0x100
        9 kvm_userspace_exit: reason KVM_EXIT_HLT (5)

        """;

    private const string EoiExit = "1 kvm_eoi: apicid 0 vector 236\n1 kvm_userspace_exit: reason KVM_EXIT_IOAPIC_EOI (26)\n";

    private const string Off = """
        1 kvm_pio: pio_write at 0x604 size 2 count 1 val 0x1401
        1 kvm_entry: vcpu 0, rip 0x100
        1 kvm_pio: pio_write at 0x604 size 2 count 1 val 0x3401
        1 kvm_userspace_exit: reason KVM_EXIT_IO (2)

        """;

    private static VmAnswer Only(string lines) => Assert.Single(KvmGateTests.Ask(lines).Vms);

    private static bool Says(KvmAnswer answer, string words) => answer.Limits.Any(limit => limit.What.Contains(words, StringComparison.Ordinal));

    [Theory]
    [InlineData("linux-full.report.txt.gz", WhyVerdict.NothingOwed)]
    [InlineData("linux-split-disk.report.txt.gz", WhyVerdict.NotTold)]
    public void A_Linux_that_boots_and_turns_its_machine_off_is_owed_nothing(string log, WhyVerdict verdict)
    {
        string file = KvmFiles.Kept(log);
        KvmAnswer answer = KvmJudge.Read(() => File.OpenRead(file), file);
        Assert.Equal(verdict, answer.Verdict);
        VmAnswer vm = Assert.Single(answer.Vms);
        Assert.True(vm.Trail.FromStart);
        Assert.Equal((0, 0, 0), (vm.Owed.Count, vm.Unknown.Count, vm.Silent.Count));
        Assert.Equal("SLP_EN at port 0x604", vm.Trail.TurnedOff?.How);
        // The VMM's I/OAPIC is in no record, and nothing else is missing.
        Assert.Equal(verdict == WhyVerdict.NothingOwed ? 0 : 1, answer.Limits.Count);
    }

    [Fact]
    public void A_guest_that_halts_to_its_VMM_has_none_of_the_kernels_chips()
    {
        KvmAnswer answer = KvmGateTests.Ask(Works + EoiExit + Halts + Later);
        Assert.True(Says(answer, "All chips of the VM of thread 901 are the VMM's"));
        Assert.Equal([true, false], answer.Vms.Select(vm => vm.Trail.IsSplit));
        // Its injections are all printed as second ones, and its EOIs nowhere.
        Assert.StartsWith("injected once; ", Assert.Single(answer.Vms[1].Told).What, StringComparison.Ordinal);
        // With a local APIC in the kernel it halts there: the exit is of something else.
        Assert.False(Says(KvmGateTests.Ask(Works + Halts + "9 kvm_eoi: apicid 0 vector 83\n" + Later), "All chips"));
        Assert.False(Says(KvmGateTests.Ask(Works + Halts.Replace("HLT (5)", "IO (2)", StringComparison.Ordinal) + Later), "All chips"));
    }

    [Fact]
    public void What_several_VMs_lack_is_said_once()
    {
        KvmAnswer answer = KvmGateTests.Ask(Works + "9 kvm_entry: vcpu 0, rip 0x100\n9 kvm_apic: apic_write APIC_SPIV = 0x1ff\n" + Later);
        Assert.Equal(2, answer.Vms.Count);
        Assert.Single(answer.Limits, limit => limit.What.Contains("mid-life", StringComparison.Ordinal));
        Assert.True(Says(answer, "The log of the VMs of threads 101 and 901 begins in mid-life"));
        var text = new StringWriter();
        KvmAnswerText.Write(answer, text);
        Assert.Contains("The records of the VM of thread 901 tell of no interrupt.", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_without_firmware_begins_with_its_8259()
    {
        const string made = "0 kvm_write_tsc_offset: vcpu=0 prev=0 next=5\n1 kvm_entry: vcpu 0, rip 0x1000850\n";
        const string initialised = "1 kvm_pio: pio_write at 0x20 size 1 count 1 val 0x11\n";
        Assert.True(Only(made + initialised + Works + Later).Trail.FromStart);
        // One that was restored has a past, and interrupts show it.
        Assert.False(Only(made + Accepted + initialised + Works + Later).Trail.FromStart);
        Assert.False(Only(made + "1 kvm_inj_virq: IRQ 0x53\n" + initialised + Works + Later).Trail.FromStart);
        Assert.False(Only(made.Replace("prev=0", "prev=4", StringComparison.Ordinal) + initialised + Works + Later).Trail.FromStart);
        // A thread that makes several: the one whose first vCPU comes next.
        KvmAnswer two = KvmGateTests.Ask("1 kvm_entry: vcpu 0, rip 0x100\n0 kvm_write_tsc_offset: vcpu=0 prev=0 next=5\n9 kvm_entry: vcpu 0, rip 0x1000850\n"
            + initialised.Replace('1', '9') + initialised.Replace("1 kvm", "9 kvm", StringComparison.Ordinal) + initialised + Works + Later);
        Assert.Equal([false, true], two.Vms.Select(vm => vm.Trail.FromStart));
    }

    [Theory]
    [InlineData("1 kvm_apic: apic_write APIC_SPIV = 0xff\n1 kvm_msi_set_irq: dst 1 vec 33 (Fixed|logical|level)\n", false)]
    [InlineData("1 kvm_msi_set_irq: dst 0 vec 33 (Fixed|physical|level)\n", false)]
    [InlineData("1 kvm_apic: apic_write APIC_DFR = 0xffffffff\n1 kvm_apic: apic_write APIC_LDR = 0x1000000\n1 kvm_entry: vcpu 0, rip 0x100\n"
        + "1 kvm_msi_set_irq: dst 1 vec 33 (Fixed|logical|level)\n", false)]
    [InlineData("1 kvm_apic: apic_write APIC_DFR = 0xffffffff\n1 kvm_apic: apic_write APIC_LDR = 0x2000000\n1 kvm_entry: vcpu 0, rip 0x100\n"
        + "1 kvm_msi_set_irq: dst 1 vec 33 (Fixed|logical|level)\n", true)]
    [InlineData("1 kvm_msi_set_irq: dst 1 vec 33 (Fixed|logical|level)\n", true)]
    // In x2APIC mode an id has its logical destination, and the MSR's record stands between.
    [InlineData("1 kvm_msr: msr_write 80f = 0x1ff\n1 kvm_entry: vcpu 0, rip 0x100\n1 kvm_msi_set_irq: dst 1 vec 33 (Fixed|logical|level)\n", false)]
    [InlineData("1 kvm_msr: msr_write 80f = 0x1ff\n1 kvm_entry: vcpu 0, rip 0x100\n1 kvm_msi_set_irq: dst 2 vec 33 (Fixed|logical|level)\n", true)]
    [InlineData("1 kvm_apic: apic_write APIC_SPIV = 0xff\n1 kvm_msr: msr_write 80f = 0xff\n1 kvm_msi_set_irq: dst 1 vec 33 (Fixed|logical|level)\n", false)]
    // The VMM sends by its own threads.
    [InlineData("0 kvm_msi_set_irq: dst 0 vec 33 (Fixed|physical|level)\n", true)]
    public void A_route_that_is_looked_at_on_a_vCPUs_thread_is_no_message(string lines, bool untold) =>
        Assert.Equal(untold, Only(Works + EoiExit + lines + "1 kvm_entry: vcpu 0, rip 0x100\n" + Later).Unknown.Any(one => one.Vector == 33));

    [Fact]
    public void A_message_that_no_CPU_has_stays_lost_whoever_looks()
    {
        const string lines = "1 kvm_msi_set_irq: dst 7 vec 33 (Fixed|physical|edge)\n1 kvm_entry: vcpu 0, rip 0x100\n";
        Assert.Equal(KvmGate.NoDestination, Assert.Single(Only(Works + EoiExit + lines + Later).Owed).Gate);
    }

    /// <summary>Linux leaves the vector of a pin that is freed in its masked entry, and gives it to another device.</summary>
    [Fact]
    public void An_edge_needs_no_exit_whatever_pin_had_its_vector()
    {
        const string level = "1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a\n1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075\n"
            + "0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_msi_set_irq: dst 0 vec 117 (Fixed|physical|level)\n0 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)\n"
            + "1 kvm_inj_virq: IRQ 0x75\n1 kvm_entry: vcpu 0, rip 0x100\n1 kvm_eoi: apicid 0 vector 117\n";
        const string exit = "1 kvm_userspace_exit: reason KVM_EXIT_IOAPIC_EOI (26)\n";
        const string edge = "1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0x1a075\n0 kvm_msi_set_irq: dst 0 vec 117 (Fixed|physical|edge)\n"
            + "0 kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|edge)\n1 kvm_inj_virq: IRQ 0x75\n1 kvm_entry: vcpu 0, rip 0x100\n1 kvm_eoi: apicid 0 vector 117\n"
            + "1 kvm_entry: vcpu 0, rip 0x100\n";
        Assert.Empty(Only(Works + level + exit + edge + Later).Owed);
        Assert.Equal(KvmGate.EoiExitMissing, Assert.Single(Only(Works + level + exit + level + "1 kvm_entry: vcpu 0, rip 0x100\n" + Later).Owed).Gate);
        // Before Linux 5.2 levels are printed as edges: the pin decides.
        string old = Works + level.Replace("vec 117 (Fixed|level)", "vec 117 (Fixed|edge)", StringComparison.Ordinal);
        Assert.Equal(KvmGate.EoiExitMissing, Assert.Single(Only(old + exit + old + "1 kvm_entry: vcpu 0, rip 0x100\n" + Later).Owed).Gate);
    }

    [Fact]
    public void Edges_need_no_record_of_acknowledges()
    {
        const string edge = "0 kvm_set_irq: gsi 4 level 1 source 0\n0 kvm_apic_accept_irq: apicid 0 vec 35 (Fixed|edge)\n0 kvm_ioapic_set_irq: pin 4 dst 0 vec 35 (Fixed|physical|edge)\n"
            + "1 kvm_inj_virq: IRQ 0x23\n1 kvm_eoi: apicid 0 vector 35\n";
        Assert.False(Says(KvmGateTests.Ask(Works + edge + Later), "kvm_ack_irq"));
        Assert.True(Says(KvmGateTests.Ask(Works + edge.Replace("|edge", "|level", StringComparison.Ordinal) + Later), "kvm_ack_irq"));
    }

    [Fact]
    public void A_level_that_no_record_delivers_is_a_limit()
    {
        const string level = "1 kvm_mmio: mmio write len 4 gpa 0xfec00000 val 0x3a\n1 kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075\n"
            + "0 kvm_set_irq: gsi 21 level 1 source 0\n0 kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)\n";
        KvmAnswer answer = KvmGateTests.Ask(Works + level + Later);
        Assert.Equal("ioapic:21", Assert.Single(Assert.Single(answer.Vms).Unknown).Source);
        Assert.True(Says(answer, "what became of 1 interrupt, the first of ioapic:21"));
    }

    [Fact]
    public void What_waits_when_the_machine_is_turned_off_is_not_owed_and_no_all_clear()
    {
        VmAnswer off = Only(Works + Accepted + "+200\n" + Off);
        Assert.Empty(off.Owed);
        Assert.Contains("turned the machine off at", Assert.Single(off.Unknown).Sentences[0], StringComparison.Ordinal);
        // The guest disabled the local APIC before that: it wants nothing more.
        const string disabled = "1 kvm_apic: apic_write APIC_SPIV = 0xff\n1 kvm_apic: apic_write APIC_SPIV = 0x10f\n";
        off = Only(Works + Accepted + "+200\n" + disabled + Off);
        Assert.Empty(off.Owed);
        Assert.Empty(off.Unknown);
        Assert.Equal(Fate.Withdrawn, Assert.Single(off.Masked).Fate);
    }

    [Theory]
    [InlineData("1 kvm_pio: pio_write at 0xcf9 size 1 count 1 val 0x6\n", true)]
    [InlineData("1 kvm_pio: pio_write at 0x64 size 1 count 1 val 0xfe\n", true)]
    [InlineData("1 kvm_userspace_exit: reason KVM_EXIT_SHUTDOWN (8)\n", true)]
    [InlineData("1 kvm_userspace_exit: reason KVM_EXIT_SYSTEM_EVENT (24)\n", true)]
    [InlineData("1 kvm_pio: pio_write at 0xcf9 size 1 count 1 val 0x2\n", false)]
    [InlineData("1 kvm_pio: pio_write at 0x64 size 1 count 1 val 0xd1\n", false)]
    // The same bit of another register; and a machine that goes on, or was only asleep.
    [InlineData("1 kvm_pio: pio_write at 0x604 size 2 count 1 val 0x3401\n", false)]
    [InlineData(Off + "1 kvm_entry: vcpu 0, rip 0x100\n", false)]
    [InlineData(Off + "2 kvm_entry: vcpu 1, rip 0x100\n2 kvm_apic: apic_read APIC_ID = 0x1000000\n", false)]
    // Another CPU that still enters has done nothing.
    [InlineData(Off + "2 kvm_entry: vcpu 1, rip 0x100\n", true)]
    public void The_end_of_the_machine_is_known_by_what_the_guest_did_last(string lines, bool off) =>
        Assert.Equal(off, Only(Works + Accepted + "+200\n" + lines).Owed.Count == 0);

    [Fact]
    public void A_guest_that_had_hung_before_is_owed_its_interrupt_all_the_same()
    {
        Assert.Equal(83, Assert.Single(Only(Works + Accepted + "+2000\n" + Off).Owed).Vector);
        // It took another one since, and not this.
        const string timer = "1 kvm_apic_accept_irq: apicid 0 vec 236 (Fixed|edge)\n1 kvm_inj_virq: IRQ 0xec\n1 kvm_eoi: apicid 0 vector 236\n";
        Assert.Equal(83, Assert.Single(Only(Works + Accepted + timer + "+200\n" + Off).Owed).Vector);
        // A local APIC that was disabled and enabled before it came is no sign.
        const string before = "1 kvm_apic: apic_write APIC_SPIV = 0xff\n1 kvm_apic: apic_write APIC_SPIV = 0x1ff\n";
        Assert.Single(Only(Works + before + Accepted + "+200\n" + Off).Unknown);
    }
}
