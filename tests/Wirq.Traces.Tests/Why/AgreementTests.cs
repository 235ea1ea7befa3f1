using System.Text.RegularExpressions;
using Wirq.Events;
using Wirq.Tests.Shared;
using Wirq.Traces.Recordings;
using Wirq.Traces.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Tests.Why;

/// <summary>A log, and the recording of its replay, give the same answer: only the names of places differ.</summary>
public sealed partial class AgreementTests
{
    [GeneratedRegex(@"\bevent (\d+)")]
    private static partial Regex EventPlace();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();

    public static TheoryData<string> Logs
    {
        get
        {
            string[] folders = ["tests/Wirq.Traces.Tests/Replay/logs", "tests/Wirq.Traces.Tests/Why/logs",
                "tests/Wirq.Traces.Tests/Qemu/logs", "tests/reports/why", "tests/reports/replay"];
            return [.. folders.SelectMany(folder => Directory.GetFiles(Repository.PathOf(folder))
                .Where(file => file.EndsWith(".log", StringComparison.Ordinal) || file.EndsWith(".log.gz", StringComparison.Ordinal)
                    || Path.GetFileName(file) == "d-int-only.txt")
                .Select(file => $"{folder}/{Path.GetFileName(file)}")).Order(StringComparer.Ordinal)];
        }
    }

    [Theory]
    [MemberData(nameof(Logs))]
    public void A_log_and_the_recording_of_its_replay_give_one_answer(string log)
    {
        string file = Repository.PathOf(log);
        (byte[] recording, long[] lines) = Record(file);
        WhyEngine ofLog = LogWhy.Read(() => File.OpenRead(file), log, null), ofRecording = Read(recording, null);
        Assert.Equal(ofLog.Events, ofRecording.Events);
        Assert.Equal(ofLog.Owed().Verdict, ofRecording.Owed().Verdict);
        Assert.Equal(List(ofLog), Translated(List(ofRecording), lines));
        foreach ((Traces.Why.SourceName source, long _) in ofLog.Sources.Take(8))
        {
            var question = new WhyQuestion(source);
            WhyEngine asked = LogWhy.Read(() => File.OpenRead(file), log, question);
            Assert.Equal(Answers(asked), Translated(Answers(Read(recording, question)), lines));
        }
    }

    [Fact]
    public void A_place_of_a_recording_cannot_be_taken_for_a_line_of_a_log()
    {
        (byte[] recording, _) = Record(Tests.Replay.ReplayLogs.PathOf("hung-no-eoi"));
        Assert.DoesNotMatch(@"\bL\d", List(Read(recording, null)));
        // The times are the log's.
        Assert.Matches(@"event \d+ \(1795169545\.\d{6}\)", List(Read(recording, null)));
    }

    /// <summary>The recording of a log's replay, and the line of each of its events.</summary>
    private static (byte[] Recording, long[] Lines) Record(string file)
    {
        var stream = new MemoryStream();
        var lines = new List<long> { 0 };
        long line = 0;
        LogFacts? log = null;
        RecordingWriter? writer = null;
        Replayer.Run(() => File.OpenRead(file), file, new ReplayOptions
        {
            Log = facts => log = facts,
            Machine = machine => writer = new RecordingWriter(stream, new RecordingHeader { Machine = machine, Log = log }),
            Before = (next, _) => line = next.Number,
            Record = happened =>
            {
                writer!.Write(happened);
                lines.Add(happened.Kind switch
                {
                    EventKind.LogParted => (long)happened.A,
                    EventKind.LogEntryShown => LogEntryShown.Of(happened).Line,
                    EventKind.LogPicShown => LogPicShown.Of(happened).Line,
                    _ => line,
                });
            },
        });
        writer!.Complete();
        writer.Dispose();
        return (stream.ToArray(), [.. lines]);
    }

    private static WhyEngine Read(byte[] recording, WhyQuestion? question)
    {
        using var reader = new RecordingReader(new MemoryStream(recording), "recording");
        var engine = new WhyEngine(reader.Header.Machine, question, reader.Header.Log);
        while (reader.TryRead(out Event happened))
            engine.Observe(happened, 0);
        return engine;
    }

    private static string List(WhyEngine engine)
    {
        using var text = new StringWriter();
        WhyText.Write(engine.Owed(), engine, text);
        return Space().Replace(text.ToString(), " ");
    }

    private static string Answers(WhyEngine engine)
    {
        using var text = new StringWriter();
        WhyText.Write(engine.Answer()!, engine, text);
        return Space().Replace(text.ToString(), " ");
    }

    private static string Translated(string text, long[] lines) =>
        EventPlace().Replace(text, place => $"L{lines[int.Parse(place.Groups[1].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)]}");
}
