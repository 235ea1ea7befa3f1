using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Wirq.Traces.Tests.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>An interrupt that was cut off by the end of the log is not owed, but there is no all-clear
/// either.</summary>
public sealed partial class LogEndTests
{
    [GeneratedRegex(@"^(\d+)@(\d+)\.(\d+):", RegexOptions.Multiline)]
    private static partial Regex Stamp();

    /// <summary>The log of a healthy guest that ends before its last EOI.</summary>
    private static string Cut()
    {
        string text = ReplayLogs.TextOf("ioapic-1cpu-acks");
        int eoi = text.LastIndexOf(":apic_mem_writel 0xb0 ", StringComparison.Ordinal);
        return text[..(text.LastIndexOf('\n', eoi) + 1)];
    }

    /// <summary>The same, and a device moves its line once more some time later.</summary>
    private static string Going(int microseconds)
    {
        string text = Cut();
        Match last = Stamp().Matches(text)[^1];
        long time = long.Parse(last.Groups[2].Value, CultureInfo.InvariantCulture) * 1_000_000
            + long.Parse(last.Groups[3].Value, CultureInfo.InvariantCulture) + microseconds;
        return string.Create(CultureInfo.InvariantCulture,
            $"{text}{last.Groups[1].Value}@{time / 1_000_000}.{time % 1_000_000:d6}:pic_set_irq master 1 irq 3 level 0\n");
    }

    private static OwedList Owed(string text) => LogWhy.Read(() => new MemoryStream(Encoding.ASCII.GetBytes(text)), "text", null).Owed();

    [Fact]
    public void What_came_just_before_the_end_is_neither_owed_nor_clear()
    {
        foreach (string text in new[] { Cut(), Going(9_000) })
        {
            OwedList list = Owed(text);
            Assert.Equal(WhyVerdict.NotTold, list.Verdict);
            Assert.Empty(list.Owed);
            Assert.Empty(list.Silent);
            Assert.Contains("whether it is owed is not known", string.Join(' ', Assert.Single(list.Unknown).Sentences), StringComparison.Ordinal);
            Assert.Equal("a log that goes on for longer", Assert.Single(list.Limits).Record);
        }
    }

    [Fact]
    public void What_came_to_an_idle_CPU_just_before_the_end_is_not_owed()
    {
        // The guest idles between the ticks of its clock. The log ends 0.1 ms after a tick, and 10.03 ms after the one before.
        string whole = ReplayLogs.TextIn(Wirq.Tests.Shared.Repository.PathOf("examples/wrong-destination.log.gz"));
        OwedList list = Owed(string.Join('\n', whole.Split('\n').Take(599)) + "\n");
        Assert.Equal(WhyVerdict.NotTold, list.Verdict);
        Assert.Empty(list.Silent);
        Assert.Contains("after it came: whether it is owed is not known", string.Join(' ', Assert.Single(list.Unknown).Sentences), StringComparison.Ordinal);
    }

    /// <summary>The log of a guest whose handler of a level line has masked its pin and ended its interrupt, and has not yet served
    /// the device.</summary>
    private static string Masked(int microseconds)
    {
        string text = ReplayLogs.TextOf("ioapic-1cpu-acks");
        const string sixteenth = "    16: v=79 ";
        int served = text.IndexOf(":pic_set_irq master 0 irq 6 level 0", text.IndexOf(sixteenth, StringComparison.Ordinal), StringComparison.Ordinal);
        text = text[..(text.LastIndexOf('\n', served) + 1)];
        long time = Microseconds(text) + 1;
        string[] lines =
        [
            "ioapic_mem_write ioapic mem write addr 0x0 regsel: 0x2d size 0x4 val 0x2c",
            "ioapic_mem_write ioapic mem write addr 0x10 regsel: 0x2c size 0x4 val 0x18079",
            "apic_mem_writel 0xb0 = 0x00000000",
            "ioapic_eoi_broadcast EOI broadcast for vector 121",
            "ioapic_clear_remote_irr clear remote irr for pin 14 vector 121",
        ];
        string masked = text + string.Concat(lines.Select(line => At(time++, line)));
        return microseconds == 0 ? masked : masked + At(time + microseconds, "pic_set_irq master 1 irq 3 level 0");
    }

    private static long Microseconds(string text)
    {
        Match last = Stamp().Matches(text)[^1];
        return long.Parse(last.Groups[2].Value, CultureInfo.InvariantCulture) * 1_000_000 + long.Parse(last.Groups[3].Value, CultureInfo.InvariantCulture);
    }

    private static string At(long time, string line) =>
        string.Create(CultureInfo.InvariantCulture, $"17155@{time / 1_000_000}.{time % 1_000_000:d6}:{line}\n");

    [Theory]
    [InlineData(0)]
    [InlineData(9_000)]
    public void A_mask_that_the_running_handler_set_is_not_known_to_be_owed_for(int microseconds)
    {
        OwedList list = Owed(Masked(microseconds));
        Assert.Equal(WhyVerdict.NotTold, list.Verdict);
        Assert.Empty(list.Owed);
        Assert.Empty(list.Silent);
        Assert.Equal([("ioapic:14", Gate.PinMasked), ("ioapic:14", Gate.AckWithheld)], list.Unknown.Select(one => (one.Source.ToString(), one.Gate)));
        Assert.All(list.Unknown, one => Assert.Contains("after the mask was set, and a CPU was at work until then: whether it is owed is not known",
            string.Join(' ', one.Sentences), StringComparison.Ordinal));
    }

    [Fact]
    public void A_mask_that_has_stood_for_longer_holds_what_is_owed()
    {
        OwedList list = Owed(Masked(11_000));
        Assert.Equal(WhyVerdict.Owed, list.Verdict);
        Assert.Equal([Gate.PinMasked, Gate.AckWithheld], list.Owed.Select(one => one.Gate));
    }

    [Theory]
    [InlineData(Gate.AckWithheld)]
    [InlineData(Gate.PicMasked)]
    [InlineData(Gate.CascadeMasked)]
    [InlineData(Gate.PinMasked)]
    public void Whatever_a_handler_masks_counts_from_the_mask_on(Gate gate)
    {
        WhyEngine engine = LogWhy.Read(() => new MemoryStream(Encoding.ASCII.GetBytes(Cut())), "text", null);
        var end = new LogEnd(engine);
        var before = new Mark(1, 1, engine.End.Time - LogEnd.Short);
        Mark now = before with { Time = before.Time + 1 };
        var owed = new OwedAnswer(SourceName.Pin(0, 14), Fate.Held, gate, before, now, -1, -1, [], []);
        Assert.True(end.CutsOff(owed));
        Assert.False(end.CutsOff(owed with { Since = before }));
        Assert.False(end.CutsOff(owed with { Since = null }));
        Assert.False(end.CutsOff(owed with { Gate = Gate.EdgeLost }));
    }

    [Fact]
    public void What_has_waited_for_longer_is_owed()
    {
        OwedList list = Owed(Going(11_000));
        Assert.Equal(WhyVerdict.Owed, list.Verdict);
        Assert.Single(list.Owed);
    }

    [Fact]
    public void Without_stamps_there_is_no_short_time() => Assert.Equal(WhyVerdict.Owed, Owed(Stamp().Replace(Cut(), "")).Verdict);
}
