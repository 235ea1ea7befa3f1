using System.Text;
using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Replay;

/// <summary>Files that are not logs, and logs with wrong contents.</summary>
public sealed class HostileLogTests
{
    [Theory]
    [InlineData("")]
    [InlineData("\n\n\n")]
    [InlineData("no log at all\n")]
    public void What_is_no_log_is_refused_with_what_was_expected(string text)
    {
        TraceException refused = Assert.Throws<TraceException>(() => ReplayLogs.Text(text));
        Assert.StartsWith("text: line ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("expected lines such as", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_compressed_log_that_was_cut_is_refused()
    {
        byte[] whole = File.ReadAllBytes(ReplayLogs.PathOf("seabios"));
        Assert.Throws<TraceException>(() => ReplayLogs.Bytes(whole[..(whole.Length / 2)]));
    }

    [Fact]
    public void A_log_that_was_cut_amid_a_line_is_replayed_up_to_there()
    {
        string text = ReplayLogs.TextOf("seabios");
        ReplayReport report = ReplayLogs.Text(text[..(text.Length / 2)]);
        Assert.True(report.Responses.Total(ResponseVerdict.Matched) > 100);
        Assert.True(report.Responses.Total(ResponseVerdict.Mismatched) <= 4, report.First?.ToString());
    }

    [Fact]
    public void Whatever_lines_come_in_whatever_order_there_is_a_report()
    {
        var random = new Random(20261120);
        foreach (string name in ReplayLogs.All)
        {
            string[] lines = ReplayLogs.TextOf(name).Split('\n');
            for (int round = 0; round < 12; round++)
            {
                ReplayReport report = ReplayLogs.Text(Damage(lines, random));
                Assert.True(report.Lines > 0);
                Assert.True(report.Succeeded || report.First is not null || report.Laws.Any(law => !law.Held));
            }
        }
    }

    private static string Damage(string[] lines, Random random)
    {
        string[] made = [.. lines];
        for (int i = 0; i < made.Length / 20; i++)
        {
            int at = random.Next(made.Length), other = random.Next(made.Length);
            switch (random.Next(3))
            {
                case 0:
                    (made[at], made[other]) = (made[other], made[at]);
                    break;
                case 1:
                    made[at] = made[other];
                    break;
                default:
                    made[at] = Twist(made[at], random);
                    break;
            }
        }
        return string.Join('\n', made);
    }

    private static string Twist(string line, Random random)
    {
        var text = new StringBuilder(line);
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsAsciiHexDigit(text[i]) && random.Next(6) == 0)
                text[i] = "0123456789"[random.Next(10)];
        }
        return text.ToString();
    }
}
