using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Wirq.Traces.Tests.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>What the end of a log cut off is not owed, and is no ground for an all-clear.</summary>
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
    public void What_has_waited_for_longer_is_owed()
    {
        OwedList list = Owed(Going(11_000));
        Assert.Equal(WhyVerdict.Owed, list.Verdict);
        Assert.Single(list.Owed);
    }

    [Fact]
    public void Without_stamps_there_is_no_short_time() => Assert.Equal(WhyVerdict.Owed, Owed(Stamp().Replace(Cut(), "")).Verdict);
}
