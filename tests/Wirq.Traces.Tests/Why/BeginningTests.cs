using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Replay;
using Wirq.Traces.Tests.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>A long log is judged as its beginning shows it, and again where more of it shows otherwise: the answer is that of a survey of
/// the whole.</summary>
public sealed class BeginningTests
{
    private static readonly ReadPieces s_whole = new(4096, int.MaxValue);

    private static readonly int s_turns = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 60 : 1;

    public static TheoryData<string> Logs => CutTests.Logs;

    [Theory]
    [MemberData(nameof(Logs))]
    public void What_the_beginning_shows_makes_no_difference(string log)
    {
        string[] lines = ReplayLogs.TextIn(Repository.PathOf(log)).TrimEnd('\n').Split('\n');
        var random = new Random(lines.Length);
        for (int turn = 0; turn < s_turns; turn++)
        {
            // Few turns: then each log sees some of the four, and all of them together see each often.
            (string what, string[] variant) = ((turn + lines.Length) % 4) switch
            {
                0 => ("the whole", lines),
                1 => ("a part that begins in mid-life", lines[random.Next(lines.Length)..]),
                2 => ("a thread that shows from a later line on", Later(lines, random, ThreadOf)),
                _ => ("an event that is traced from a later line on", Later(lines, random, EventOf)),
            };
            byte[] text = Encoding.Latin1.GetBytes(string.Join('\n', variant) + "\n");
            string expected = Answer(text, s_whole, out _);
            foreach (ReadPieces pieces in PiecesOf(Math.Min(variant.Length, 3000), random))
                Assert.True(expected == Answer(text, pieces, out _), $"seed {lines.Length}, turn {turn}: {what}, {pieces}");
        }
    }

    /// <summary>Batches of a line and of many, behind a beginning of any length.</summary>
    private static ReadPieces[] PiecesOf(int lines, Random random) =>
        [new(1, 1 + random.Next(lines)), new(7, 1 + random.Next(1 + lines / 7)), new(256, 1 + random.Next(1 + lines / 256))];

    /// <summary>Leaves out the lines of a kind that stand before a line.</summary>
    private static string[] Later(string[] lines, Random random, Func<string, string> kindOf)
    {
        string kind = kindOf(lines[random.Next(lines.Length)]);
        int from = random.Next(lines.Length);
        return [.. lines.Where((line, at) => at >= from || kindOf(line) != kind)];
    }

    private static string EventOf(string line) => line[(line.IndexOf(':') + 1)..].Split(' ')[0];

    private static string ThreadOf(string line) => line.Split('@')[0];

    [Theory]
    [InlineData("ioapic-2cpu", 1)]
    [InlineData("reset", 1)]
    public void A_log_whose_beginning_was_right_is_read_once(string log, int times)
    {
        Answer(Encoding.Latin1.GetBytes(ReplayLogs.TextOf(log)), new ReadPieces(256, 4), out int read);
        Assert.Equal(times, read);
    }

    [Fact]
    public void A_log_whose_beginning_was_wrong_is_read_again()
    {
        // The chips expect these lines from the first level interrupt on, and the beginning has none.
        string[] lines = ReplayLogs.TextOf("ioapic-2cpu").TrimEnd('\n').Split('\n');
        int first = Array.FindIndex(lines, static line => EventOf(line) == "ioapic_set_remote_irr");
        string[] without = [.. lines.Where((line, at) => at > lines.Length / 2 || EventOf(line) != "ioapic_set_remote_irr")];
        Assert.InRange(first, 0, lines.Length / 2 - 1);
        Answer(Encoding.Latin1.GetBytes(string.Join('\n', without)), new ReadPieces(16, 4), out int read);
        Assert.Equal(2, read);
    }

    private static string Answer(byte[] text, ReadPieces pieces, out int times)
    {
        int opened = 0;
        using var json = new MemoryStream();
        try
        {
            (WhyEngine engine, ReplayReport report) = LogWhy.Read(() =>
            {
                opened++;
                return new MemoryStream(text);
            }, "log", null, watch: null, new ReplayOptions { Reports = false, Pieces = pieces });
            WhyJson.Write(engine.Owed(), engine, json);
            json.Write(Encoding.ASCII.GetBytes($"{report.Lines} {report.Recognised} {report.Skipped} {report.Stimuli} {string.Join(' ', report.Notes)}"));
        }
        catch (Wirq.Traces.Qemu.TraceException refused)
        {
            json.Write(Encoding.UTF8.GetBytes(refused.Message));
        }
        times = opened;
        return Encoding.UTF8.GetString(json.ToArray());
    }
}
