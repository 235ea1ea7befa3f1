using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Traces.Kvm;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Kvm.Replay;

/// <summary>Controls: one field of one record is changed, or one record is taken out, and the replay parts there.</summary>
public partial class ChangedKvmLogTests
{
    private const string Full = "guest-2cpu-full-cli", Ordinary = "amd-ok";

    /// <summary>The log; the last record that has the words; what is changed in it.</summary>
    [Theory]
    [InlineData(Full, "kvm_pic_set_irq: chip 1 pin 2 (level|masked)", "level", "edge")]
    [InlineData(Full, "kvm_pic_set_irq: chip 1 pin 2 (level|masked)", "|masked", "")]
    [InlineData(Full, "kvm_pic_set_irq: chip 0 pin 0 (edge)", "(edge)", "(edge) (coalesced)")]
    [InlineData(Ordinary, "kvm_pic_set_irq: chip 0 pin 0 (edge)", "pin 0", "pin 1")]
    [InlineData(Full, "kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)", "vec 117", "vec 118")]
    [InlineData(Full, "kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)", "dst 0", "dst 1")]
    [InlineData(Full, "kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)", "pin 21", "pin 20")]
    [InlineData(Full, "kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)", "Fixed", "LowPrio")]
    [InlineData(Full, "kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)", "physical", "logical")]
    [InlineData(Full, "kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)", "level", "edge")]
    [InlineData(Full, "kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)", "level)", "level|masked)")]
    [InlineData(Full, "kvm_ioapic_set_irq: pin 21 dst 0 vec 117 (Fixed|physical|level)", "level)", "level) (coalesced)")]
    [InlineData(Full, "kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)", "apicid 0", "apicid 1")]
    [InlineData(Full, "kvm_apic_accept_irq: apicid 0 vec 117 (Fixed|level)", "level", "edge")]
    [InlineData(Full, "kvm_apic_accept_irq: apicid 1 vec 83 (Fixed|edge)", "vec 83", "vec 84")]
    [InlineData(Ordinary, "kvm_apic_accept_irq: apicid 1 vec 82 (Fixed|edge)", "Fixed", "LowPrio")]
    [InlineData(Full, "kvm_apic_ipi: dst 1 vec 240", "vec 240", "vec 241")]
    [InlineData(Full, "kvm_apic_ipi: dst 1 vec 240", "dst 1", "dst 0")]
    [InlineData(Full, "kvm_apic_ipi: dst 1 vec 240", "de-assert", "assert")]
    [InlineData(Ordinary, "kvm_ack_irq: irqchip IOAPIC pin 21", "pin 21", "pin 20")]
    [InlineData(Ordinary, "kvm_ack_irq: irqchip PIC master pin 0", "pin 0", "pin 1")]
    [InlineData(Full, "kvm_eoi: apicid 1 vector 240", "vector 240", "vector 82")]
    [InlineData(Ordinary, "kvm_eoi: apicid 1 vector 240", "vector 240", "vector 82")]
    [InlineData(Ordinary, "kvm_inj_virq: IRQ 0xf0", "0xf0", "0x52")]
    [InlineData(Ordinary, "kvm_inj_virq: IRQ 0x8", "0x8", "0x9")]
    [InlineData(Ordinary, "kvm_pio: pio_read at 0x21", "val 0xb8", "val 0xb9")]
    [InlineData(Ordinary, "kvm_apic: apic_read APIC_SPIV", "= 0x", "= 0x1")]
    public void A_changed_field_parts_where_it_stands(string log, string record, string from, string to)
    {
        string[] lines = KvmReplays.LinesOf(log);
        int at = Array.FindLastIndex(lines, line => line.Contains(record, StringComparison.Ordinal));
        Assert.True(at > 0, record);
        int where = lines[at].LastIndexOf(from, StringComparison.Ordinal);
        lines[at] = lines[at][..where] + to + lines[at][(where + from.Length)..];
        AssertParts(lines, at, lines[at]);
    }

    [Theory]
    [InlineData(Full, "kvm_pic_set_irq: chip 1 pin 2")]
    [InlineData(Full, "kvm_ioapic_set_irq: pin 21")]
    [InlineData(Full, "kvm_apic_accept_irq: apicid 0 vec 117")]
    [InlineData(Full, "kvm_apic_accept_irq: apicid 1 vec 82")]
    [InlineData(Full, "kvm_apic_accept_irq: apicid 1 vec 240")]
    [InlineData(Full, "kvm_apic_ipi: dst 1 vec 240")]
    [InlineData(Full, "kvm_ack_irq: irqchip IOAPIC pin 21")]
    [InlineData(Full, "kvm_eoi: apicid 1 vector 240")]
    [InlineData(Ordinary, "kvm_ack_irq: irqchip PIC master pin 0")]
    [InlineData(Ordinary, "kvm_eoi: apicid 1 vector 82")]
    [InlineData(Ordinary, "kvm_inj_virq: IRQ 0x52")]
    [InlineData("seabios-full", "kvm_ack_irq: irqchip PIC master pin 0")]
    public void A_record_that_is_taken_out_is_missed(string log, string record)
    {
        List<string> lines = [.. KvmReplays.LinesOf(log)];
        int at = lines.FindLastIndex(line => line.Contains(record, StringComparison.Ordinal));
        Assert.True(at > 0, record);
        lines.RemoveAt(at);
        AssertParts(lines, at, $"without {record}");
    }

    /// <summary>What the 8259 gives: the injection, and the second one of an entry that was left too early.</summary>
    [Fact]
    public void An_injection_of_the_8259_that_is_taken_out_is_missed()
    {
        List<string> lines = [.. KvmReplays.LinesOf(Ordinary)];
        int at = TakeOutLastOfPic(lines);
        AssertParts(lines, at, "without the last IRQ 0x8");
    }

    /// <summary>KVM acknowledges what such an EOI names, in service or not. So nothing parts; but nothing is equal either.</summary>
    [Fact]
    public void A_specific_EOI_of_what_nobody_took_is_not_checked()
    {
        List<string> lines = [.. KvmReplays.LinesOf(Ordinary).Select(line => line.Replace("pio_write at 0x20 size 1 count 1 val 0x20", "pio_write at 0x20 size 1 count 1 val 0x60", StringComparison.Ordinal))];
        VmTally whole = Assert.Single(KvmReplays.Of(lines).Vms).Tally;
        Assert.Equal((0, 0), (whole.Total(ResponseVerdict.Mismatched), whole.Of(ResponseVerdict.Unchecked, KvmEvent.AckIrq)));
        TakeOutLastOfPic(lines);
        Assert.Equal(1, Assert.Single(KvmReplays.Of(lines).Vms).Tally.Of(ResponseVerdict.Unchecked, KvmEvent.AckIrq));
    }

    private static int TakeOutLastOfPic(List<string> lines)
    {
        int at = lines.FindLastIndex(line => line.Contains("kvm_inj_virq: IRQ 0x8 [reinjected]", StringComparison.Ordinal)) - 1;
        Assert.EndsWith("kvm_inj_virq: IRQ 0x8", lines[at], StringComparison.Ordinal);
        lines.RemoveRange(at, 2);
        return at;
    }

    /// <summary>An EOI of the guest, both of its records.</summary>
    [Fact]
    public void An_interrupt_that_is_not_ended_is_not_injected_again()
    {
        List<string> lines = [.. KvmReplays.LinesOf(Ordinary)];
        int at = lines.FindLastIndex(line => line.Contains("kvm_eoi: apicid 1 vector 240", StringComparison.Ordinal));
        at = lines.FindLastIndex(at - 1, line => line.Contains("kvm_eoi: apicid 1 vector 240", StringComparison.Ordinal));
        Assert.Contains("APIC_EOI", lines[at - 1], StringComparison.Ordinal);
        lines.RemoveRange(at - 1, 2);
        KvmReplayReport report = KvmReplays.Of(lines);
        Assert.Contains("0xf0 is in service", KvmReplays.Mismatches(report), StringComparison.Ordinal);
    }

    /// <summary>Records of two threads may stand in either order where their times overlap.</summary>
    [Fact]
    public void Two_threads_may_be_in_another_order_than_their_records()
    {
        List<string> lines = [.. KvmReplays.LinesOf(Ordinary)];
        int accept = lines.FindIndex(line => line.Contains("kvm_apic_accept_irq: apicid 1 vec 82", StringComparison.Ordinal));
        int taken = lines.FindIndex(accept, line => line.Contains("kvm_inj_virq: IRQ 0x52", StringComparison.Ordinal));
        int sent = lines.FindLastIndex(accept, line => line.Contains("kvm_msi_set_irq", StringComparison.Ordinal));
        string moved = TimeOf.Replace(lines[taken], TimeOf.Match(lines[sent]).Value);
        lines.RemoveAt(taken);
        lines.Insert(sent, moved);
        KvmReplays.AssertClean(KvmReplays.Of(lines), "the taking before the accepting, at the same time");

        // A millisecond before, it is another story.
        lines = [.. KvmReplays.LinesOf(Ordinary)];
        int early = lines.FindIndex(line => line.Contains("kvm_apic_ipi: dst 1 vec 240", StringComparison.Ordinal));
        moved = TimeOf.Replace(lines[taken], TimeOf.Match(lines[early]).Value);
        lines.RemoveAt(taken);
        lines.Insert(early, moved);
        Assert.NotEqual(0, KvmReplays.Of(lines).Total(ResponseVerdict.Mismatched));
    }

    [GeneratedRegex(@"\d+\.\d{6}")]
    private static partial Regex TimeOf { get; }

    private static void AssertParts(IEnumerable<string> lines, int at, string what)
    {
        KvmReplayReport report = KvmReplays.Of(lines);
        long[] places = [.. report.Vms.SelectMany(vm => vm.Tally.Mismatches).Select(one => one.Line.At.Line)];
        Assert.True(places.Length > 0, string.Create(CultureInfo.InvariantCulture, $"nothing parts: {what}"));
        // A missing record is told at its cause, some lines before, or where it would have been needed.
        Assert.True(places.Any(place => Math.Abs(place - (at + 1)) <= 12), $"{what}, at line {at + 1}: {KvmReplays.Mismatches(report)}");
    }
}
