using System.Text;
using Wirq.Traces.Qemu;
using Wirq.Traces.Tests.Replay;

namespace Wirq.Traces.Tests.Qemu;

/// <summary>What the reader remembers of the lines before changes no line: each is read as if it stood alone.</summary>
public sealed class KnownLineTests
{
    private const int Lines = 400;

    [Theory]
    [InlineData("hung-no-eoi", 1)]
    [InlineData("ioapic-1cpu-acks", 2)]
    [InlineData("ioapic-3cpu", 3)]
    [InlineData("vtd-msix", 4)]
    public void A_line_means_the_same_after_others_as_alone(string log, int seed)
    {
        string[] lines = Damaged(ReplayLogs.TextOf(log), new Random(seed));
        List<string> alone = [];
        for (int at = 0; at < lines.Length; at++)
            alone.AddRange(Read(lines[at]).Select(line => $"{line with { Number = at + 1 }}"));
        Assert.Equal(alone, Read(string.Join('\n', lines)).Select(line => $"{line}"));
        Assert.InRange(alone.Count, lines.Length / 4, lines.Length - 1);
    }

    [Theory]
    [InlineData("8@1795168800.000001:", "8@1795168800.000002:", 1795168800_000002)]
    [InlineData("8@1795168800.000001:", "8@1795168800.999999:", 1795168800_999999)]
    [InlineData("8@1795168800.000001:", "8@1795168800.5:", 1795168800_500000)]
    [InlineData("8@1795168800.000001:", "8@1795168800.1234567:", 1795168800_123456)]
    [InlineData("8@1795168800.000001:", "9@1795168800.000003:", 1795168800_000003)]
    [InlineData("8@1795168800.000001:", "8@1795168801.000003:", 1795168801_000003)]
    public void A_prefix_is_not_taken_for_the_one_before(string first, string second, long microseconds)
    {
        const string text = "pic_set_irq master 1 irq 4 level 0";
        List<TraceLine> lines = Read($"{first}{text}\n{second}{text}");
        Assert.Equal([1795168800_000001, microseconds], lines.Select(line => line.Microseconds));
        Assert.Equal([8, second[0] - '0'], lines.Select(line => line.Thread));
    }

    [Theory]
    [InlineData("2026-11-20T10:00:00.000002Z ", 2)]
    [InlineData("2026-11-20T10:00:00.999999Z ", 999_999)]
    [InlineData("2026-11-20T10:00:00.999999Z  ", 999_999)]
    [InlineData("2026-11-20T10:00:00Z ", 0)]
    [InlineData("2026-11-20T10:00:00.5Z ", 500_000)]
    [InlineData("2026-11-20T10:00:00.000003+00:00 ", 3)]
    [InlineData("2026-11-20T10:00:01.000003Z ", 1_000_003)]
    [InlineData("2026-11-20T11:00:00.000003+01:00 ", 3)]
    [InlineData("2026-12-20T10:00:00.000003Z ", 30 * 86_400_000_000 + 3)]
    public void A_date_is_not_taken_for_the_one_before(string second, long microseconds)
    {
        const string text = "pic_set_irq master 1 irq 4 level 0";
        List<TraceLine> lines = Read($"2026-11-20T10:00:00.000001Z {text}\n{second}{text}");
        Assert.Equal([1, microseconds], lines.Select(line => line.Microseconds - 1795168800_000000));
        Assert.All(lines, line => Assert.Equal(0, line.Thread));
    }

    [Fact]
    public void Dates_before_1970_go_on_too()
    {
        const string text = "pic_set_irq master 1 irq 4 level 0";
        List<TraceLine> lines = Read($"1969-12-31T23:59:59.500000Z {text}\n1969-12-31T23:59:59.600000Z {text}");
        Assert.Equal([-500_000, -400_000], lines.Select(line => line.Microseconds));
    }

    [Theory]
    [InlineData("8@1795168800.000001:", "8@1795168800.00000a:")]
    [InlineData("8@1795168800.000001:", "8@1795168800.00000::")]
    [InlineData("8@1795168800.000001:", "8@1795168800./00000:")]
    [InlineData("8@1795168800.000001:", "8@1795168800.000001;")]
    [InlineData("8@1795168800.000001:", "8@1795168800.000001Z ")]
    [InlineData("2026-11-20T10:00:00.000001Z ", "2026-11-20T10:00:00.000002Z")]
    [InlineData("2026-11-20T10:00:00.000001Z ", "2026-11-20T10:00:00.000002: ")]
    [InlineData("2026-11-20T10:00:00.000001Z ", "2026-11-20T10:00:00.00000xZ ")]
    public void A_prefix_that_is_none_is_none_after_one(string prefix, string damaged)
    {
        const string text = "pic_set_irq master 1 irq 4 level 0";
        Assert.Single(Read($"{prefix}{text}\n{damaged}{text}"));
        Assert.Single(Read($"{prefix}{text}\n{damaged.TrimEnd()}"));
    }

    [Fact]
    public void A_text_is_not_taken_for_one_of_the_same_place()
    {
        // Far more texts than there are places, each twice.
        string[] texts = [.. Enumerable.Range(0, 20_000).Select(value => $"apic_mem_writel 0x{value % 64 * 16:x3} = 0x{value * 7919:x8}")];
        List<TraceLine> lines = Read(string.Join('\n', texts.Concat(texts)));
        Assert.Equal(texts.Length * 2, lines.Count);
        for (int at = 0; at < lines.Count; at++)
            Assert.Equal(((ulong)(at % texts.Length % 64 * 16), (ulong)(at % texts.Length * 7919)), (lines[at].A, lines[at].B));
    }

    /// <summary>Lines of a log, one in three with a byte that is another.</summary>
    private static string[] Damaged(string text, Random random)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int first = random.Next(Math.Max(1, lines.Length - Lines));
        return [.. lines.Skip(first).Take(Lines).Select(line => random.Next(3) == 0 ? Damage(line) : line)];

        string Damage(string line)
        {
            char[] letters = line.ToCharArray();
            letters[random.Next(letters.Length)] = "0123456789:.@ axf"[random.Next(17)];
            return new string(letters);
        }
    }

    private static List<TraceLine> Read(string text)
    {
        using var reader = new QemuLogReader(new MemoryStream(Encoding.ASCII.GetBytes(text)), "text");
        List<TraceLine> lines = [];
        while (reader.TryRead(out TraceLine line))
            lines.Add(line);
        return lines;
    }
}
