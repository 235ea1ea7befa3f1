using System.IO.Compression;
using System.Text;
using Wirq.Traces.Kvm;

namespace Wirq.Traces.Tests.Kvm;

/// <summary>The text of KVM's tracepoints, in the forms that tools print and people paste.</summary>
public class TextFormTests
{
    private const string Prefix = " qemu-system-x86-1420    [001] .....  1699.403897: ";

    private static KvmRecord One(string line)
    {
        using IKvmRecords log = KvmLog.Open(() => new MemoryStream(Encoding.UTF8.GetBytes(line + "\n")), "text");
        Assert.True(log.TryRead());
        Assert.NotEqual(KvmEvent.Lost, log.Record.Event);
        return log.Record;
    }

    [Theory]
    [InlineData(" qemu-system-x86-1420    [001] .....  1699.403897: ", "qemu-system-x86", 1420, -1, 1, 1699_403_897_000)]
    [InlineData(" qemu-system-x86-1420  [001]  1699.403897: ", "qemu-system-x86", 1420, -1, 1, 1699_403_897_000)]
    [InlineData("    kvm-pit/1417-1424    [001] d..1.  1699.403897: ", "kvm-pit/1417", 1424, -1, 1, 1699_403_897_000)]
    [InlineData("     kworker/u8:2-16559   [011] .....  1699.403897: ", "kworker/u8:2", 16559, -1, 11, 1699_403_897_000)]
    [InlineData("  CPU 0/KVM-1420    [001] .....  1699.403897: ", "CPU 0/KVM", 1420, -1, 1, 1699_403_897_000)]
    [InlineData("           <...>-1420    [001] .....  1699.403897: ", "<...>", 1420, -1, 1, 1699_403_897_000)]
    [InlineData(" qemu-system-x86-28182   (  28180) [001] ...1.  1438.433948: ", "qemu-system-x86", 28182, 28180, 1, 1438_433_948_000)]
    [InlineData(" qemu-system-x86-28182   (-------) [001] d.h1  1438.433948: ", "qemu-system-x86", 28182, -1, 1, 1438_433_948_000)]
    [InlineData("qemu-sys-28182     1..... 228266us : ", "qemu-sys", 28182, -1, 1, 228_266_000)]
    [InlineData("qemu-sys-28182    12d.h2. 228273us*: ", "qemu-sys", 28182, -1, 12, 228_273_000)]
    [InlineData("qemu-sys-18361   0.....  1218.548953: ", "qemu-sys", 18361, -1, 0, 1218_548_953_000)]
    [InlineData(" qemu-system-x86-18361 [000]  1218.548953301: ", "qemu-system-x86", 18361, -1, 0, 1218_548_953_301)]
    [InlineData(" qemu-system-x86-18361 [000]  1218.548953: (+17) ", "qemu-system-x86", 18361, -1, 0, 1218_548_953_000)]
    [InlineData(" qemu-system-x86 25597 [001]  1337.817179:             kvm:", "qemu-system-x86", 25597, -1, 1, 1337_817_179_000)]
    [InlineData("CPU 2/KVM 25595/25597 [001]  1337.817179380:             kvm:", "CPU 2/KVM", 25597, 25595, 1, 1337_817_179_380)]
    [InlineData(" 1337.817179:             kvm:", "", -1, -1, -1, 1337_817_179_000)]
    [InlineData("    [001]  1699.403897:                 kvm:", "", -1, -1, 1, 1699_403_897_000)]
    [InlineData("qemu-system-x86 [001] 1699.403897: ", "qemu-system-x86", -1, -1, 1, 1699_403_897_000)]
    [InlineData("", "", -1, -1, -1, -1)]
    [InlineData("> >  a-b c-7    [001] .....  1699.403897: ", "a-b c", 7, -1, 1, 1699_403_897_000)]
    [InlineData("trace.txt:12: qemu-system-x86-1420    [001]  1699.403897: ", "trace.txt:12: qemu-system-x86", 1420, -1, 1, 1699_403_897_000)]
    [InlineData(" qemu-system-x86-1420    [001] ..... 77812345678: ", "qemu-system-x86", 1420, -1, 1, -1)]
    public void A_prefix_tells_task_thread_process_CPU_and_time(string prefix, string task, int thread, int process, int cpu, long time)
    {
        KvmRecord record = One(prefix + "kvm_eoi: apicid 1 vector 65");
        Assert.Equal((task, thread, process, cpu, time),
            (Encoding.ASCII.GetString(record.Task), record.Thread, record.Process, record.Cpu, record.Time));
        Assert.Equal((KvmEvent.Eoi, 1, 65), (record.Event, record.Vcpu, record.Vector));
    }

    [Theory]
    [InlineData("kvm_set_irq: gsi 21 level 1 source 0", "SetIrq gsi=21 source=0 dst=0 mode=0 10000000")]
    [InlineData("kvm_pic_set_irq: chip 1 pin 6 (edge|masked) (coalesced)", "PicSetIrq chip=1 pin=6 dst=0 mode=0 00001100")]
    [InlineData("kvm_ioapic_set_irq: pin 21 dst ff vec 117 (LowPrio|logical|level|masked) (coalesced)", "IoApicSetIrq pin=21 vector=117 dst=ff mode=1 00111100")]
    [InlineData("kvm_ioapic_set_irq: pin 21 dst 1 vec=117 (Fixed|physical|edge)", "IoApicSetIrq pin=21 vector=117 dst=1 mode=0 00000000")]
    [InlineData("kvm_ioapic_delayed_eoi_inj: dst 0 vec 117 (Fixed|physical|level)", "DelayedEoi vector=117 dst=0 mode=0 00010000")]
    [InlineData("kvm_msi_set_irq: dst 107 vec 65 (Fixed|physical|edge|rh)", "MsiSetIrq vector=65 dst=107 mode=0 00000000")]
    [InlineData("kvm_apic_accept_irq: apicid 1f vec 240 (SIPI|edge)", "AcceptIrq vcpu=31 vector=240 dst=0 mode=6 00000000")]
    [InlineData("kvm_apic_accept_irq: apicid 0 vec 49 (LowPrio|level) (coalesced)", "AcceptIrq vcpu=0 vector=49 dst=0 mode=1 00010000")]
    [InlineData("kvm_apic_ipi: dst 1 vec 240 (Fixed|physical|assert|edge|all-but-self)", "ApicIpi source=3 vector=240 dst=1 mode=0 10000000")]
    [InlineData("kvm_apic: apic_write APIC_SPIV = 0x1ff", "Apic register=240 dst=0 mode=0 01000000 address=0 value=1ff")]
    [InlineData("kvm_apic: apic_read 0x1b0 = 0x20", "Apic register=432 dst=0 mode=0 00000000 address=0 value=20")]
    [InlineData("kvm_apic: apic_write APIC_ICR = 0x1000000f0", "Apic register=768 dst=0 mode=0 01000000 address=0 value=1000000f0")]
    [InlineData("kvm_eoi: apicid 0 vector -1", "Eoi vcpu=0 dst=0")]
    [InlineData("kvm_pv_eoi: apicid 2 vector 49", "PvEoi vcpu=2 vector=49 dst=0")]
    [InlineData("kvm_ack_irq: irqchip IOAPIC pin 21", "AckIrq chip=2 pin=21")]
    [InlineData("kvm_ack_irq: irqchip PIC slave pin 6", "AckIrq chip=1 pin=6")]
    [InlineData("kvm_inj_virq: IRQ 0x53 [reinjected]", "InjectIrq vector=83 dst=0 mode=0 00000001")]
    [InlineData("kvm_inj_virq: Soft/INTn 0x80", "InjectIrq vector=128 dst=0 mode=0 00000010")]
    [InlineData("kvm_inj_virq: irq 83", "InjectIrq vector=83 dst=0")]
    [InlineData("kvm_entry: vcpu 1, rip 0xffffffff81000000 intr_info 0x80000053 error_code 0x00000000[immediate exit]", "Entry vcpu=1")]
    [InlineData("kvm_entry: vcpu 1", "Entry vcpu=1")]
    [InlineData("kvm_exit: vcpu 1 reason HLT rip 0xffff info1 0x0000000000000000 info2 0x0 intr_info 0x0 error_code 0x0 requests 0x0", "Exit vcpu=1", "Halt")]
    [InlineData("kvm_exit: reason hlt rip 0xffff info 0 0", "Exit dst=0", "Halt")]
    [InlineData("kvm_exit: reason PENDING_INTERRUPT rip 0xffff info 0 0", "Exit dst=0", "InterruptWindow")]
    [InlineData("kvm_userspace_exit: reason KVM_EXIT_IOAPIC_EOI (26)", "UserspaceExit")]
    [InlineData("kvm_mmio: mmio write len 4 gpa 0xfec00010 val 0xa075", "Mmio dst=0 mode=0 01000000 address=fec00010 value=a075")]
    [InlineData("kvm_pio: pio_write at 0x20 size 1 count 1 val 0x20 ", "Pio dst=0 mode=0 01000000 address=20 value=20")]
    [InlineData("kvm_msr: msr_write 80b = 0x0", "Msr dst=0 mode=0 01000000 address=80b value=0")]
    [InlineData("kvm_set_irq:          gsi=21 level=1 irq_source_id=0", "SetIrq gsi=21 source=0 dst=0 mode=0 10000000")]
    [InlineData("kvm_inj_exception: [FAILED TO PARSE] exception=14 has_error=1 error_code=2", "InjectException")]
    public void An_event_tells_its_fields(string line, string fields, string last = "")
    {
        string record = One(Prefix + line).ToString();
        Assert.StartsWith($"1699403897 1 1420 {fields}", record, StringComparison.Ordinal);
        Assert.EndsWith(last, record, StringComparison.Ordinal);
    }

    public static TheoryData<string> Pasted => ["pasted-event-only.txt", "pasted-mail-quoted.txt", "pasted-mail-wrapped.txt", "pasted-markdown-libvirt-names.md",
        "pasted-no-pid.txt", "pasted-perf-no-task.txt", "pasted-quoted-printable.txt", "pasted-time-event.txt"];

    [Theory]
    [MemberData(nameof(Pasted))]
    public void What_people_paste_has_the_records_of_the_whole(string name)
    {
        (List<string> records, KvmCounts counts) = KvmFiles.Read(KvmFiles.Kept(name));
        Assert.Equal(0, counts.Damaged);
        Assert.Equal(48, counts.Records);
        List<string> whole = KvmFiles.Read(KvmFiles.Kept("guest-2cpu-full-cli.trace.txt.gz")).Records;
        string[] mine = [.. records.Where(one => !one.Contains(" Lost ", StringComparison.Ordinal)).Select(Fields)];
        // They picked lines of the whole, in its order.
        int at = 0;
        foreach (string one in whole.Select(Fields))
            at += at < mine.Length && mine[at] == one ? 1 : 0;
        Assert.Equal(48, at);
        // The gap is told.
        Assert.Contains(records, one => one.Contains(" Lost ", StringComparison.Ordinal));
    }

    private static string Fields(string record) => string.Join(' ', record.Split(' ').Skip(3));

    [Theory]
    [InlineData("opt-latency-format.txt")]
    [InlineData("opt-noirq-info.txt")]
    [InlineData("opt-record-tgid.txt")]
    [InlineData("trace_pipe.txt")]
    [InlineData("trace-cmd-report-options.txt")]
    [InlineData("perf-script-options.txt")]
    [InlineData("lost-events-trace.txt")]
    [InlineData("lost-events-trace-cmd-report.txt")]
    [InlineData("storm-delayed-eoi.txt.gz")]
    public void No_line_of_any_option_is_damaged(string name)
    {
        (_, KvmCounts counts) = KvmFiles.Read(KvmFiles.Kept(name));
        string text = KvmFiles.Text(KvmFiles.Kept(name));
        Assert.Equal(0, counts.Damaged);
        Assert.Equal(text.Split('\n').Count(line => System.Text.RegularExpressions.Regex.IsMatch(line, @"\bkvm_[a-z_]+:\s")), counts.Records);
    }

    [Theory]
    [InlineData("CPU:0 [1509 EVENTS DROPPED]", 0, 1509)]
    [InlineData("CPU:12 [LOST 7 EVENTS]", 12, 7)]
    [InlineData("CPU:3 [EVENTS DROPPED]", 3, 0)]
    [InlineData("##### CPU 1 buffer started ####", 1, 0)]
    [InlineData("# entries-in-buffer/entries-written: 1015/2524   #P:2", -1, 1509)]
    [InlineData("# latency: 0 us, #15/65, CPU#0 | (M:PREEMPT(none) VP:0)", -1, 50)]
    [InlineData("...", -1, 0)]
    [InlineData("[...]", -1, 0)]
    [InlineData("<snip>", -1, 0)]
    [InlineData("[ many lines cut ]", null, 0)]
    [InlineData("# entries-in-buffer/entries-written: 1015/1015   #P:2", null, 0)]
    [InlineData("-- ", null, 0)]
    public void What_is_missing_is_told(string line, int? cpu, long count)
    {
        var lost = new List<(int, long)>();
        using IKvmRecords log = KvmLog.Open(() => new MemoryStream(Encoding.UTF8.GetBytes($"{Prefix}kvm_eoi: apicid 0 vector 1\n{line}\n{Prefix}kvm_eoi: apicid 0 vector 1\n")), "text");
        while (log.TryRead())
        {
            if (log.Record.Event == KvmEvent.Lost)
                lost.Add((log.Record.Cpu, log.Record.LostCount));
        }
        Assert.Equal(cpu is { } number ? [(number, count)] : [], lost);
        Assert.Equal(2, log.Counts.Records);
    }

    [Fact]
    public void Ends_of_lines_may_be_those_of_another_system()
    {
        string text = KvmFiles.Text(KvmFiles.Kept("pasted-no-pid.txt"));
        Assert.Equal(KvmFiles.ReadText(text).Records, KvmFiles.ReadText(text.Replace("\n", "\r\n", StringComparison.Ordinal)).Records);
    }

    [Theory]
    [InlineData("kvm_eoi: apicid 0 vector 11")]
    [InlineData("kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|le")]
    [InlineData("kvm_set_irq: gsi 21 level")]
    [InlineData("kvm_eoi: apicid")]
    public void A_last_line_without_its_end_is_not_believed(string line)
    {
        using IKvmRecords log = KvmLog.Open(() => new MemoryStream(Encoding.UTF8.GetBytes(Prefix + line)), "text");
        Assert.True(log.TryRead());
        Assert.Equal((KvmEvent.Lost, KvmLoss.CutEnd), (log.Record.Event, log.Record.Loss));
        Assert.False(log.TryRead());
    }

    [Theory]
    [InlineData("kvm_eoi: apicid x vector 1")]
    [InlineData("kvm_set_irq: gsi -99999999999999999999 level 1 source 0")]
    [InlineData("kvm_apic_accept_irq: apicid 0 vec 1 (Fixed|sideways)")]
    [InlineData("kvm_mmio: mmio write len 4 gpa 0x val 0x1ffffffffffffffff")]
    [InlineData("kvm_ack_irq: irqchip HPET pin 4")]
    public void Fields_that_cannot_be_read_are_counted_and_told(string line)
    {
        (List<string> records, KvmCounts counts) = KvmFiles.ReadText($"{Prefix}{line}\n{Prefix}kvm_eoi: apicid 0 vector 1\n");
        Assert.Equal((2, 1), (counts.Records, counts.Damaged));
        Assert.Contains(" Lost ", records[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kvm_eoi: apicid 0 vector=", " kvm_eoi: apicid 1 vector 1", 2)]
    [InlineData("kvm_eoi: apicid 0 vector 1=", "CPU:0 [LOST 7 EVENTS]", 1)]
    public void An_equals_sign_at_the_end_hides_no_record(string first, string next, int counted)
    {
        (List<string> records, KvmCounts counts) = KvmFiles.ReadText($"{Prefix}{first}\n{(next[0] == ' ' ? Prefix : "")}{next.TrimStart()}\n{Prefix}kvm_eoi: apicid 0 vector 2\n");
        Assert.Equal(counted + 1, counts.Records);
        Assert.Contains(records, one => next[0] == ' ' ? one.Contains("vcpu=1", StringComparison.Ordinal) : one.Contains(" Lost ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_that_is_too_long_is_a_loss()
    {
        (List<string> records, _) = KvmFiles.ReadText($"{Prefix}kvm_eoi: apicid 0 vector 1\n{Prefix}kvm_eoi: apicid 0 vector 2{new string(' ', 1 << 17)}\n{Prefix}kvm_eoi: apicid 0 vector 3\n");
        Assert.Equal(3, records.Count);
        Assert.Contains(" Lost ", records[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Gzip_is_read_like_text()
    {
        string text = KvmFiles.Text(KvmFiles.Kept("pasted-no-pid.txt"));
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        Assert.Equal(KvmFiles.ReadText(text).Records, KvmFiles.Read(() => new MemoryStream(packed.ToArray())).Records);
    }

    [Theory]
    [InlineData("     0.000 qemu-system-x8/7582 kvm:kvm_set_irq(gsi: 4)\n", "perf trace")]
    [InlineData("Attaching 3 probes...\nvector 83\n@[1]: 12\n", "bpftrace")]
    [InlineData("PERFILE2xxxxxxxx", "perf script")]
    public void What_does_not_tell_enough_is_refused_with_what_to_record(string text, string words)
    {
        KvmFileException refused = Assert.Throws<KvmFileException>(() => KvmLog.Looks(() => new MemoryStream(Encoding.UTF8.GetBytes(text)), "F"));
        Assert.StartsWith("F: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
        Assert.Contains("perf script", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1234@1795169513.373647:kvm_irqchip_add_msi_route dev virtio vector 0 virq 24\n", false)]
    [InlineData("pic_set_irq master 1 irq 4 level 0\n", false)]
    [InlineData("Please look at kvm: it hangs\n", false)]
    [InlineData("hello\n\n kvm_eoi: apicid 0 vector 1\n", true)]
    public void A_log_is_known_by_its_records(string text, bool known) =>
        Assert.Equal(known, KvmLog.Looks(() => new MemoryStream(Encoding.UTF8.GetBytes(text)), "F"));
}
