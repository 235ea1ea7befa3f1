using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

/// <summary>Logs that lack lines: what these would show is unknown, and not a mismatch.</summary>
public sealed class CutLogTests
{
    private static readonly string[] Chips = ["pic_", "ioapic_", "apic_", "vtd_", "x86_", "cpu_"];

    public static TheoryData<string> Names => [.. ReplayLogs.All];

    [Theory]
    [MemberData(nameof(Names))]
    public void No_event_that_was_not_traced_is_missed(string name)
    {
        string[] lines = Lines(name);
        var failures = new StringBuilder();
        foreach (string gone in lines.Select(KindOf).Where(kind => kind.Length > 0).Distinct())
            Judge(lines.Where(line => KindOf(line) != gone), $"without {gone}", failures);
        Assert.True(failures.Length == 0, failures.ToString());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void No_chip_that_was_not_traced_is_missed(string name)
    {
        string[] lines = Lines(name);
        var failures = new StringBuilder();
        for (int kept = 0; kept < 1 << Chips.Length; kept++)
        {
            string[] chips = [.. Chips.Where((_, at) => (kept >> at & 1) != 0)];
            string[] left = [.. lines.Where(line => chips.Any(chip => KindOf(line).StartsWith(chip, StringComparison.Ordinal)))];
            if (left.Length > 0)
                Judge(left, $"only {string.Join(' ', chips)}", failures);
        }
        Assert.True(failures.Length == 0, failures.ToString());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_log_may_end_anywhere(string name)
    {
        const int cuts = 100;
        string[] lines = Lines(name);
        var failures = new StringBuilder();
        int first = Array.FindIndex(lines, line => KindOf(line).Length > 0) + 1;
        int step = Math.Max(1, (lines.Length - first) / cuts);
        for (int length = first; length < lines.Length; length += step)
            Judge(lines.Take(length), $"cut after {length} lines", failures);
        Assert.True(failures.Length == 0, failures.ToString());
    }

    [Fact]
    public void Deliveries_of_an_8259_that_is_not_in_the_log_are_unchecked()
    {
        string path = Repository.PathOf("tests/reports/why/only-apic.log.gz");
        ReplayReport report = Replayer.Run(() => File.OpenRead(path), path);
        ReplayLogs.AssertClean(report);
        Assert.True(report.Unchecked("apic_local_deliver") > 0);
        Assert.Equal(0, report.NotJudged);
        Assert.Contains("nothing is predicted of the 8259: no pic_set_irq shows", report.Notes);
    }

    [Fact]
    public void What_the_chips_expect_and_nobody_traced_is_said()
    {
        ReplayReport report = ReplayLogs.Text(string.Join('\n', Lines("ioapic-2cpu").Where(line => KindOf(line) != "ioapic_clear_remote_irr")) + "\n");
        ReplayLogs.AssertClean(report);
        Assert.Contains("the chips expect ioapic_clear_remote_irr, which never shows: not traced, so not compared", report.Notes);
    }

    private static void Judge(IEnumerable<string> lines, string what, StringBuilder failures)
    {
        ReplayReport report = ReplayLogs.Text(string.Join('\n', lines) + "\n");
        if (!report.Succeeded)
        {
            failures.AppendLine($"{what}: {report.Responses.Total(ResponseVerdict.Mismatched)}, first {report.First}; "
                + string.Join("; ", report.Laws.Where(law => !law.Held).Select(law => law.Name)));
        }
    }

    private static string[] Lines(string name) => ReplayLogs.TextOf(name).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The name of the event that a line tells; of a line that tells none, whatever stands there.</summary>
    private static string KindOf(string line)
    {
        string text = line[(line.IndexOf(':', StringComparison.Ordinal) is var at && line.IndexOf('@', StringComparison.Ordinal) is > 0 ? at + 1 : 0)..].TrimStart();
        int end = text.IndexOfAny([' ', '=', ':']);
        string kind = end < 0 ? text : text[..end];
        return kind.Length > 0 && char.IsAsciiDigit(kind[0]) ? "dump" : kind;
    }
}
