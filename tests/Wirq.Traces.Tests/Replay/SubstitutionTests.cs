using System.IO.Compression;
using System.Text;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Substitution;
using Wirq.Traces.Qemu;
using Wirq.Traces.Replay;
using Wirq.Traces.Tests.Qemu;
using Wirq.Traces.Tests.Why;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Replay;

/// <summary>Logs of QEMU, plain and gzip, in which fields and lines were replaced: replayed and explained, or refused with
/// their place.</summary>
public sealed class SubstitutionTests(ITestOutputHelper output)
{
    private const int Seed = 2_000_000, Usual = 100, Lines = 250;
    private const long MostBytes = 1 << 30;

    private static readonly string[] s_samples =
    [
        .. ReplayLogs.All.Select(name => Some(ReplayLogs.TextOf(name))),
        .. Directory.GetFiles(Repository.PathOf("tests/reports/replay"), "*.log").Order(StringComparer.Ordinal).Select(File.ReadAllText),
        .. Directory.GetFiles(Repository.PathOf("tests/reports/why"), "*.log").Order(StringComparer.Ordinal).Select(File.ReadAllText),
    ];

    [Fact]
    public void Whatever_stands_in_a_log_it_is_explained_or_refused_with_its_place() =>
        Cases.Run(output, Seed, Usual, MostBytes, Make, Explain);

    // The first lines, and as many from somewhere in the middle.
    private static string Some(string text)
    {
        string[] lines = text.Split('\n');
        return string.Join('\n', lines.Take(Lines).Concat(lines.Skip(Math.Max(Lines, lines.Length / 2)).Take(Lines))) + "\n";
    }

    private static byte[] Make(Random random)
    {
        string text = s_samples[random.Next(s_samples.Length)];
        for (int rounds = random.Next(1, 8); rounds > 0; rounds--)
            text = new Substitutor(random).Apply(text);
        if (random.Next(3) > 0)
            return Encoding.UTF8.GetBytes(text);
        byte[] bytes = HostileTests.Gzip(Encoding.UTF8.GetBytes(text), CompressionLevel.Fastest);
        for (int left = random.Next(3); left > 0 && bytes.Length > 0; left--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return random.Next(8) > 0 ? bytes : bytes[..random.Next(bytes.Length)];
    }

    private static bool Explain(byte[] bytes, Random random)
    {
        try
        {
            if (random.Next(2) == 0)
            {
                ReplayReport report = Replayer.Run(() => new MemoryStream(bytes), "file.log");
                Assert.True(report.Lines > 0);
                return true;
            }
            WhyQuestion? question = SubstitutedWhy.Question(random);
            WhyEngine engine = LogWhy.Read(() => new MemoryStream(bytes), "file.log", question);
            SubstitutedWhy.Answer(engine, question);
            return true;
        }
        catch (TraceException refused)
        {
            Assert.InRange(refused.Line, 0, long.MaxValue);
            Assert.StartsWith("file.log: line ", refused.Message, StringComparison.Ordinal);
            Assert.Contains("; expected ", refused.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(refused.Message, char.IsControl);
            return false;
        }
    }
}
