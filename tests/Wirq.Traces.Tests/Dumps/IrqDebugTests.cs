using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Dumps;

/// <summary>/sys/kernel/debug/irq.</summary>
public class IrqDebugTests
{
    internal const string Irq = """
        handler:  handle_fasteoi_irq
        device:   (null)
        status:   0x00000000
        istate:   0x00004000
                    IRQS_ONESHOT
        ddepth:   0
        wdepth:   0
        dstate:   0x3740a208
                    IRQ_TYPE_LEVEL_LOW
                    IRQD_LEVEL
                    IRQD_ACTIVATED
                    IRQD_IRQ_STARTED
                    IRQD_SINGLE_TARGET
        node:     -1
        affinity: 0-3
        effectiv: 2
        pending:  
        domain:  IO-APIC-0
         hwirq:   0x10
         chip:    IO-APIC
          flags:   0x410
                     IRQCHIP_SKIP_SET_WAKE
         parent:
            domain:  VECTOR
             hwirq:   0x10
             chip:    APIC
              flags:   0x0
             Vector:    33
             Target:     2
             move_in_progress: 0
             is_managed:       0

        """;

    [Fact]
    public void An_interrupt_says_its_pin_its_vector_and_its_CPU()
    {
        SnapshotAnswer answer = Pasted.Answer(Irq, "/sys/kernel/debug/irq/irqs/16");
        Assert.Empty(answer.Findings);
        Assert.Equal("IRQ 16 (IO-APIC pin 16) goes to cpu2 as vector 0x21.", answer.Facts[0].Sentence);
        Assert.Equal(16, answer.Facts[0].Gsi);
        Assert.Equal(WhyVerdict.NotTold, answer.Verdict);
        Assert.Equal("The IRQ of pin 16 (IO-APIC pin 16) goes to cpu2 as vector 0x21.", Pasted.Answer(Irq, "pasted.txt").Facts[0].Sentence);
    }

    [Theory]
    [InlineData("IRQS_ONESHOT", "IRQS_SPURIOUS_DISABLED", "Owed irq:16 PinMasked")]
    [InlineData("IRQD_SINGLE_TARGET", "IRQD_IRQ_MASKED", "NotKnown irq:16 PinMasked")]
    [InlineData("IRQD_SINGLE_TARGET", "IRQD_IRQ_DISABLED", "Masked irq:16 PinMasked")]
    [InlineData("IRQD_SINGLE_TARGET", "IRQD_IRQ_INPROGRESS", "NotKnown irq:16 NoEoi")]
    [InlineData("IRQS_ONESHOT", "IRQS_PENDING", "NotKnown irq:16 CpuUnknown")]
    public void Flags_that_keep_an_interrupt_back_are_said(string flag, string by, string expected) =>
        Assert.Equal([expected], Pasted.Answer(Irq.Replace(flag, by, StringComparison.Ordinal), "16").Findings());

    /// <summary>kernel/irq/debugfs.c prints the handler first in all versions and configurations: a file without it is cut. What is
    /// behind tells the same, as long as the flags are whole.</summary>
    [Theory]
    [InlineData("status:", "IRQS_SPURIOUS_DISABLED", "Owed irq:16 PinMasked")]
    [InlineData("istate:", "IRQS_SPURIOUS_DISABLED", "Owed irq:16 PinMasked")]
    [InlineData("dstate:", "IRQS_SPURIOUS_DISABLED", "")]
    [InlineData("node:", "IRQS_SPURIOUS_DISABLED", null)]
    public void A_file_whose_head_is_cut_off_is_judged_where_its_flags_are_whole(string first, string flag, string? expected)
    {
        string text = Irq.Replace("IRQS_ONESHOT", flag, StringComparison.Ordinal);
        text = text[text.IndexOf(first, StringComparison.Ordinal)..];
        if (expected is null)
        {
            Assert.False(Pasted.Looks(text));
            return;
        }
        SnapshotAnswer answer = Pasted.Answer(text, "16");
        Assert.Equal(expected.Length == 0 ? [] : [expected], answer.Findings());
        Assert.Equal(expected.Length == 0, answer.Said().Contains("the lines up to its istate are cut off", StringComparison.Ordinal));
    }

    [Fact]
    public void Many_are_told_apart_by_grep_and_by_head()
    {
        string other = Irq.Replace("0x10", "0x15", StringComparison.Ordinal).Replace("IRQS_ONESHOT", "IRQS_SPURIOUS_DISABLED", StringComparison.Ordinal);
        string grep = Grep(16, Irq) + Grep(21, other), head = $"==> /sys/kernel/debug/irq/irqs/16 <==\n{Irq}\n==> 21 <==\n{other}";
        foreach (string text in (string[])[grep, head])
        {
            SnapshotAnswer answer = Pasted.Answer(text);
            Assert.Equal(["Owed irq:21 PinMasked"], answer.Findings());
            Assert.Equal([16, 21], answer.Facts.Select(fact => fact.Gsi));
        }

        static string Grep(int irq, string text) => string.Concat(text.Split('\n').Where(line => line.Length > 0).Select(line => $"/sys/kernel/debug/irq/irqs/{irq}:{line}\n"));
    }

    [Theory]
    [InlineData("791", "")]
    [InlineData("0", "NotKnown vectors NotProgrammed")]
    public void The_vector_domain_says_where_vectors_ran_out(string free, string expected)
    {
        SnapshotAnswer answer = Pasted.Answer($"name:   VECTOR\n size:   0\nOnline bitmaps:        2\nGlobal available:    {free}\nGlobal reserved:       7\nTotal allocated:      17\n | CPU | avl | man | mac | act | vectors\n     0   197     0     0    7  33-37,48\n     1     0     0     0  204  33-236\n");
        Assert.Equal(expected, string.Join(',', answer.Findings()));
        Assert.Contains("CPU1 has no vector left; 204 are in use.", answer.Said(), StringComparison.Ordinal);
    }
}
