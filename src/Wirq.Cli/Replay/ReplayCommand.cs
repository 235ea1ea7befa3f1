using System.CommandLine;
using Wirq.Cli.Outputs;
using Wirq.Cli.Shipped;
using Wirq.Cli.Timelines;
using Wirq.Cli.Why;
using Wirq.Traces;
using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;
using Wirq.Traces.Replay;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Cli.Replay;

/// <summary><c>wirq replay</c>: feeds a real log to the chips and prints where they and the log differ.</summary>
internal static class ReplayCommand
{
    internal static Command Build()
    {
        var log = new Argument<string>("LOG") { Description = "A log of QEMU's trace events or of KVM's, plain or compressed (gzip, xz, zstd); - is standard input" };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var record = new Option<FileInfo?>("--record") { Description = "Write the events of the chips to a file" };
        var timeline = new TimelineOption();
        var command = new Command("replay", "Feed a real log to the chips; print where they and the log differ") { log, json, record };
        timeline.AddTo(command);
        command.SetAction(parsed => Guard(parsed.GetValue(log)!, log => Run(log, parsed.GetValue(json), parsed.GetValue(record), timeline.Of(parsed))));
        return command;
    }

    private static int Run(string log, bool json, FileInfo? record, TimelineRequest? drawn)
    {
        using var file = ReplayInput.Open(log);
        if (WhyKvm.Looks(file))
        {
            if (record is not null)
                throw new UsageException($"--record {record}: {log} is a log of a KVM host; {ReplayKvm.NoRecording}");
            return ReplayKvm.Run(file, log, json, drawn);
        }
        using OutputFile? output = OutputFile.Open("--record", record, file.IsShipped ? [] : [log]);
        using TimelineFile? timeline = TimelineFile.Open(drawn, file.IsShipped ? [] : [log], record);
        PictureBuilder? builder = null;
        (WhyEngine engine, ReplayReport report) = Play(file, output, timeline is null ? null : follows => builder = new PictureBuilder(follows, drawn!.Options));
        OwedList owed = engine.Owed();
        Picture? picture = builder?.Build(file.Name, owed);
        drawn?.Check(file.Name, engine.Stamps, picture!);
        ShippedNote.Write(log, json);
        int status = report.Succeeded ? CommandLine.Success : CommandLine.Failure;
        status = output?.Complete(status) ?? status;
        if (picture is not null)
            status = timeline!.Complete(picture, status);
        Answer(report, owed, engine, log, json);
        return status;
    }

    private static int Guard(string log, Func<string, int> run)
    {
        try
        {
            return run(log);
        }
        catch (Exception bad) when (bad is TraceException or UsageException)
        {
            Console.Error.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
        catch (Exception bad) when (bad is IOException and not OutputException or UnauthorizedAccessException or InvalidDataException)
        {
            Console.Error.WriteLine($"{log}: cannot be read: {bad.Message}");
            return CommandLine.BadInput;
        }
    }

    private static void Answer(ReplayReport report, OwedList owed, WhyEngine engine, string log, bool json)
    {
        if (json)
            ReplayJson.Write(report, owed, StandardStreams.Output);
        else
            ReplayText.Write(report, log, Screen.Words());
        if (!json && owed.Verdict == WhyVerdict.Owed)
        {
            Console.Out.WriteLine();
            ReplayText.Wrap(Screen.Words(), $"{WhyText.Headline(owed, engine)} To know what and why: {Guesses.Typed.Line("why", log)}", "");
        }
        if (json && report.First is { } first)
            Console.Error.WriteLine($"{log}: {first}");
    }

    private static (WhyEngine Engine, ReplayReport Report) Play(ReplayInput log, OutputFile? output, Func<WhyEngine, IEventSink>? watch)
    {
        using var recorder = new ReplayRecorder(log.Name, output?.Stream);
        (WhyEngine, ReplayReport) played = Play(log, recorder.Options, watch);
        recorder.Complete();
        return played;
    }

    private static (WhyEngine Engine, ReplayReport Report) Play(ReplayInput log, ReplayOptions options, Func<WhyEngine, IEventSink>? watch)
    {
        return ReadProgress.Show(progress => LogWhy.Read(log.Stream, log.Name, question: null, watch, options with { Progress = progress }),
            (done, all) => all == 0 ? $"reading, {done} lines" : "replaying");
    }
}

/// <summary>Records the events of a replay, if that is wanted.</summary>
internal sealed class ReplayRecorder(string subject, Stream? output) : IDisposable
{
    private RecordingWriter? _writer;
    private LogFacts? _log;

    internal ReplayOptions Options => output is null ? new ReplayOptions() : new ReplayOptions
    {
        Log = log => _log = log,
        Machine = machine => _writer = new RecordingWriter(output,
            new RecordingHeader { Subject = subject, Machine = machine, Log = _log }),
        Record = happened => _writer!.Write(happened),
    };

    internal void Complete() => _writer?.Complete();

    public void Dispose() => _writer?.Dispose();
}
