using System.CommandLine;
using Spectre.Console;
using Wirq.Cli.Outputs;
using Wirq.Cli.Shipped;
using Wirq.Traces.Qemu;
using Wirq.Traces.Recordings;
using Wirq.Traces.Replay;

namespace Wirq.Cli.Replay;

/// <summary><c>wirq replay</c>: feeds a real log to the chips and prints where they and the log differ.</summary>
internal static class ReplayCommand
{
    internal static Command Build()
    {
        var log = new Argument<string>("LOG") { Description = "A log of QEMU's trace events, plain or compressed (gzip, xz, zstd); - is standard input" };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var record = new Option<FileInfo?>("--record") { Description = "Write the events of the chips to a file" };
        var command = new Command("replay", "Feed a real log to the chips; print where they and the log differ") { log, json, record };
        command.SetAction(parsed => Run(parsed.GetValue(log)!, parsed.GetValue(json), parsed.GetValue(record)));
        return command;
    }

    private static int Run(string log, bool json, FileInfo? record)
    {
        try
        {
            using var file = ReplayInput.Open(log);
            using OutputFile? output = OutputFile.Open("--record", record, file.IsShipped ? [] : [log]);
            ReplayReport report = Play(file, output);
            ShippedNote.Write(log, json);
            return Answer(report, log, json, output);
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

    private static int Answer(ReplayReport report, string log, bool json, OutputFile? output)
    {
        int status = report.Succeeded ? CommandLine.Success : CommandLine.Failure;
        status = output?.Complete(status) ?? status;
        if (json)
            ReplayJson.Write(report, StandardStreams.Output);
        else
            ReplayText.Write(report, log, Console.Out);
        if (json && report.First is { } first)
            Console.Error.WriteLine($"{log}: {first}");
        return status;
    }

    private static ReplayReport Play(ReplayInput log, OutputFile? output)
    {
        using var recorder = new ReplayRecorder(log.Name, output?.Stream);
        ReplayReport report = Play(log, recorder);
        recorder.Complete();
        return report;
    }

    private static ReplayReport Play(ReplayInput log, ReplayRecorder recorder)
    {
        ReplayOptions options = recorder.Options;
        if (Console.IsErrorRedirected)
            return Replayer.Run(log.Stream, log.Name, options);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress().AutoClear(true).Start(progress =>
        {
            ProgressTask task = progress.AddTask("reading").IsIndeterminate();
            return Replayer.Run(log.Stream, log.Name, options with
            {
                Progress = (done, all) =>
                {
                    task.IsIndeterminate = all == 0;
                    task.Description = all == 0 ? $"reading, {done} lines" : "replaying";
                    task.MaxValue = Math.Max(1, all);
                    task.Value = all == 0 ? 0 : done;
                },
            });
        });
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
