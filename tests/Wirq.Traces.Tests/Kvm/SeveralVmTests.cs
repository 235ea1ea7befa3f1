using System.Globalization;
using System.Text;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>Two VMs that start at the same time, of which no column tells the processes: threads 164, 170 and 165, 171, and KVM's thread for the PIT of 165.</summary>
public class SeveralVmTests
{
    private const string Ticks = """
        kvm-pit/165-172|kvm_set_irq: gsi 0 level 1 source 2
        kvm-pit/165-172|kvm_pic_set_irq: chip 0 pin 0 (edge)
        kvm-pit/165-172|kvm_ioapic_set_irq: pin 2 dst 0 vec 0 (Fixed|physical|edge|masked)
        kvm-pit/165-172|kvm_set_irq: gsi 0 level 0 source 2
        kvm-pit/165-172|kvm_pic_set_irq: chip 0 pin 0 (edge)
        kvm-pit/165-172|kvm_ioapic_set_irq: pin 2 dst 0 vec 0 (Fixed|physical|edge|masked)

        """;

    private const string Started = "TASK|kvm_entry: vcpu 0, rip 0xfff0\nTASK|kvm_apic: apic_write APIC_SPIV = 0x1ff\nTASK|kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\n";
    private const string Split = "qemu-170|kvm_userspace_exit: reason KVM_EXIT_IOAPIC_EOI (26)\n";
    private const string Taken = "qemu-171|kvm_inj_virq: IRQ 0x08\nqemu-171|kvm_entry: vcpu 0, rip 0x100\nqemu-171|kvm_ack_irq: irqchip PIC master pin 0\n";

    private static string Begins(string thread) => Started.Replace("TASK", thread, StringComparison.Ordinal);

    private static KvmAnswer Ask(string lines, Func<string, string>? column = null)
    {
        var text = new StringBuilder();
        long micro = 1_000_000;
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] parts = line.Split('|', 2);
            micro += parts[0].Length == 0 ? 1_000_000 : 1;
            if (parts[0].Length > 0)
                text.Append(CultureInfo.InvariantCulture, $" {parts[0]} {column?.Invoke(parts[0])} [001] ..... {micro / 1_000_000}.{micro % 1_000_000:d6}: {parts[1]}\n");
        }
        return KvmWhyTests.AskText(text.ToString());
    }

    private const string Ends = "|\nqemu-170|kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\nqemu-171|kvm_pio: pio_write at 0x80 size 1 count 1 val 0x0\n";

    [Fact]
    public void A_vCPU_of_a_split_irqchip_is_of_no_VM_that_has_KVMs_PIT()
    {
        KvmAnswer answer = Ask(Begins("qemu-170") + Begins("qemu-171") + Split + Ticks + Taken + Ticks + Taken + Ends);
        Assert.Empty(answer.Vms.SelectMany(vm => vm.Owed));
        Assert.Equal([(170, -1), (171, 165)], answer.Vms.Select(vm => (vm.Trail.Vm.Threads.First(thread => thread.Vcpu == 0).Number, vm.Trail.Vm.Process)));
    }

    [Fact]
    public void A_guess_that_the_records_contradict_makes_nothing_owed()
    {
        // Nothing tells the kinds of the two: the first fits the process, and takes what the second acknowledges.
        string taken = Taken.Replace("qemu-171", "qemu-190", StringComparison.Ordinal);
        KvmAnswer answer = Ask(Begins("qemu-170") + Begins("qemu-190") + Ticks + taken + taken + Ends.Replace("qemu-171", "qemu-190", StringComparison.Ordinal));
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Contains(answer.Vms.SelectMany(vm => vm.Unknown), one => one.Sentences[^1].Contains("guessed", StringComparison.Ordinal));
    }

    [Fact]
    public void The_thread_of_KVMs_PIT_is_of_the_VM_that_its_name_says()
    {
        // It is a process by itself.
        KvmAnswer answer = Ask(Begins("qemu-170") + Begins("qemu-171") + Ticks + Taken + Ticks + Taken + Ends,
            task => task.StartsWith("kvm-pit", StringComparison.Ordinal) ? "(  172)" : task.EndsWith("170", StringComparison.Ordinal) ? "(  164)" : "(  165)");
        Assert.Equal([164, 165], answer.Vms.Select(vm => vm.Trail.Vm.Process));
        Assert.Equal((2L, 2L), answer.Vms.Select(vm => (vm.Trail.Pic.Inputs[0].Raises, vm.Trail.Pic.Inputs[0].Acknowledged)).Last());
        Assert.Empty(answer.Vms.SelectMany(vm => vm.Owed));
    }
}
