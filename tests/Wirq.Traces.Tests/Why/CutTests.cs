using System.IO.Compression;
using System.Text;
using Wirq.Tests.Shared;
using Wirq.Traces.Recordings;
using Wirq.Traces.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>A part of a log says nothing that the whole log denies.</summary>
/// <remarks>
/// The whole log is the judge. It is read once, and asked what is owed at the last line of each part.
/// <list type="bullet">
/// <item>A gate of a part is false if the whole has no such interrupt at that line, or has it at another gate. It does not
/// matter under which heading the whole has it: owed, under a mask that the guest may want, or not known because the log ends
/// soon after.</item>
/// <item>A CPU of a part is falsely silent if the whole has nothing there that is owed to it.</item>
/// <item>An all-clear of a part is false if the whole gives none there.</item>
/// </list>
/// That a part says less is right: it shows less. So what it calls not known is no gate. A pin whose message went by an old route of
/// a kernel waits for the EOI of that message: a part that begins after the old route was set says this alone.
/// A part that ends within a reset of the machine is not judged, because the whole skips the lines of a reset.
/// </remarks>
public sealed class CutTests(ITestOutputHelper output)
{
    private static readonly bool s_long = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";

    /// <summary>How many prefixes and how many suffixes of each log.</summary>
    private static int Cuts => s_long ? 100 : 2;

    // Another seed each time where there is time to look at what it finds.
    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable("WIRQ_SEED"), out int given) ? given
        : s_long ? Random.Shared.Next() : 16;

    public static TheoryData<string> Logs => [.. AgreementTests.Logs.Select(row => row.Data),
        .. Directory.GetFiles(Repository.PathOf("examples"), "*.log.gz").Select(file => $"examples/{Path.GetFileName(file)}").Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Logs))]
    public void A_log_that_ends_earlier_says_nothing_that_the_whole_denies(string log)
    {
        string[] lines = LinesOf(log);
        int[] cuts = CutsOf(log, lines.Length);
        Dictionary<int, OwedList> whole = AnswersAt(lines, [.. cuts]);
        var failures = new StringBuilder();
        IReadOnlyList<(long From, long To)> resets = ResetsOf(lines);
        foreach (int cut in cuts.Where(cut => whole.ContainsKey(cut) && !resets.Any(reset => cut >= reset.From && cut < reset.To)))
            Judge(Read(lines[..cut]), whole[cut], $"the first {cut} lines", failures);
        Assert.True(failures.Length == 0, $"seed {s_seed}\n{failures}");
    }

    [Theory]
    [MemberData(nameof(Logs))]
    public void A_log_that_begins_later_says_nothing_that_the_whole_denies(string log)
    {
        string[] lines = LinesOf(log);
        OwedList? whole = Read(lines);
        Assert.NotNull(whole);
        var failures = new StringBuilder();
        foreach (int cut in CutsOf(log, lines.Length))
            Judge(Read(lines[cut..]), whole, $"the lines after {cut}", failures);
        Assert.True(failures.Length == 0, $"seed {s_seed}\n{failures}");
    }

    private static void Judge(OwedList? part, OwedList whole, string what, StringBuilder failures)
    {
        // No line of it tells an event: it is no log.
        if (part is null)
            return;
        if (part.Verdict == WhyVerdict.NothingOwed && whole.Verdict != WhyVerdict.NothingOwed)
            failures.AppendLine($"{what}: nothing is owed; the whole says {whole.Verdict}");
        OwedAnswer[] known = [.. whole.Owed, .. whole.Masked, .. whole.Unknown];
        foreach (OwedAnswer owed in part.Owed.Concat(part.Masked))
        {
            if (!known.Any(one => one.Source == owed.Source && (one.Gate == owed.Gate || owed.Gate == Gate.NotKnown
                || one.Gate == Gate.StaleRoute && owed.Gate == Gate.RemoteIrr)))
            {
                failures.AppendLine($"{what}: {owed.Source} {owed.Fate} {owed.Gate} since {owed.At}: {string.Join(' ', owed.Sentences)}; the whole has "
                    + $"{string.Join(", ", known.Where(one => one.Source == owed.Source).Select(one => $"{one.Fate} {one.Gate}"))}");
            }
        }
        foreach (SilentAnswer silent in part.Silent.Where(silent => whole.Silent.All(one => one.Cpu != silent.Cpu)
            && !silent.Owed.All(source => known.Any(one => one.Source == source))))
            failures.AppendLine($"{what}: cpu{silent.Cpu} is silent; in the whole it is not");
    }

    /// <summary>What the whole log says at some of its lines.</summary>
    private static Dictionary<int, OwedList> AnswersAt(string[] lines, SortedSet<int> cuts)
    {
        var answers = new Dictionary<int, OwedList>();
        WhyEngine? engine = null;
        LogFacts? log = null;
        long line = 0;
        try
        {
            Replayer.Run(() => StreamOf(lines), "log", new ReplayOptions
            {
                Log = facts => log = facts,
                Machine = machine => engine = new WhyEngine(machine, null, log),
                Before = (next, _) =>
                {
                    while (cuts.Count > 0 && cuts.Min < next.Number)
                    {
                        answers[cuts.Min] = engine!.Owed();
                        cuts.Remove(cuts.Min);
                    }
                    line = next.Number;
                },
                Record = happened => engine!.Observe(happened, line),
            });
        }
        catch (Wirq.Traces.Qemu.TraceException)
        {
        }
        foreach (int cut in cuts.Where(_ => engine is not null))
            answers[cut] = engine!.Owed();
        return answers;
    }

    private static (long From, long To)[] ResetsOf(string[] lines)
    {
        using var reader = new Wirq.Traces.Qemu.QemuLogReader(StreamOf(lines), "log");
        var found = new SurveyBuilder();
        while (reader.TryRead(out Wirq.Traces.Qemu.TraceLine line))
            found.Add(line);
        return new LogSurvey(found, reader.Malformed).Resets;
    }

    private static OwedList? Read(string[] lines)
    {
        try
        {
            return LogWhy.Read(() => StreamOf(lines), "log", null).Owed();
        }
        catch (Wirq.Traces.Qemu.TraceException)
        {
            return null;
        }
    }

    private int[] CutsOf(string log, int count)
    {
        output.WriteLine($"WIRQ_SEED={s_seed}");
        var random = new Random(s_seed * 31 + count);
        return [.. Enumerable.Range(0, Cuts).Select(_ => random.Next(1, Math.Max(2, count))).Distinct().Order()];
    }

    private static MemoryStream StreamOf(string[] lines) => new(Encoding.Latin1.GetBytes(string.Join('\n', lines) + "\n"));

    private static string[] LinesOf(string log)
    {
        using Stream file = File.OpenRead(Repository.PathOf(log));
        using Stream text = log.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(text, Encoding.Latin1);
        return reader.ReadToEnd().TrimEnd('\n').Split('\n');
    }
}
