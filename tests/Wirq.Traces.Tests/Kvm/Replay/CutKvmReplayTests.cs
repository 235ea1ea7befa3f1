using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Tests.Kvm.Replay;

/// <summary>Parts of logs that have no mismatch have none: what a part does not tell is not checked.</summary>
public class CutKvmReplayTests(ITestOutputHelper output)
{
    private const int Seed = 1602;

    public static TheoryData<string> Logs => [.. KvmReplays.WholeLogs];

    private static int Rounds => Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 200 : 3;

    private void EachRound(Action<Random> round)
    {
        var random = new Random(Seed);
        output.WriteLine($"seed {Seed}");
        for (int number = 0; number < Rounds; number++)
            round(random);
    }

    [Theory]
    [MemberData(nameof(Logs))]
    public void Heads_and_tails_have_no_mismatch(string log)
    {
        string[] lines = KvmReplays.LinesOf(log);
        EachRound(random =>
        {
            int at = random.Next(1, lines.Length);
            KvmReplays.AssertClean(KvmReplays.Of(lines[..at]), $"the head up to line {at}");
            KvmReplays.AssertClean(KvmReplays.Of(lines[at..]), $"the tail from line {at + 1}");
        });
    }

    /// <summary>Lines are cut out, and an ellipsis stands in their place.</summary>
    [Theory]
    [MemberData(nameof(Logs))]
    public void A_gap_makes_no_mismatch(string log)
    {
        string[] lines = KvmReplays.LinesOf(log);
        EachRound(random =>
        {
            int from = random.Next(20, lines.Length), length = random.Next(1, 200);
            string[] part = [.. lines[..from], "...", .. lines[Math.Min(from + length, lines.Length)..]];
            KvmReplays.AssertClean(KvmReplays.Of(part), $"without {length} lines from {from + 1}");
        });
    }

    /// <summary>A tail still compares: a part of which nothing is checked would have no mismatch either.</summary>
    [Fact]
    public void A_tail_learns_what_the_chips_hold()
    {
        string[] lines = KvmReplays.LinesOf("amd-noack");
        KvmReplayReport report = KvmReplays.Of(lines[6000..]);
        KvmReplays.AssertClean(report, "the tail");
        Assert.True(report.Total(ResponseVerdict.Matched) > report.Total(ResponseVerdict.Unchecked), report.Conclusion);
    }

    /// <summary>Damaged text of any kind is replayed as far as it can be read.</summary>
    [Fact]
    public void Damage_is_no_exception()
    {
        string text = string.Join('\n', KvmReplays.LinesOf("amd-ok")[5000..9000]);
        EachRound(random =>
        {
            char[] damaged = text.ToCharArray();
            for (int change = 0; change < 400; change++)
                damaged[random.Next(damaged.Length)] = (char)random.Next(32, 127);
            Assert.NotEmpty(KvmReplays.Of([new string(damaged)]).Vms);
        });
    }
}
