using System.CommandLine;
using Wirq.Cli.Outputs;
using Wirq.Cli.Replay;
using Wirq.Cli.Shipped;
using Wirq.Cli.Snapshots;
using Wirq.Cli.Timelines;
using Wirq.Traces.Dumps;
using Wirq.Traces.Dumps.Incidents;
using Wirq.Traces.Kvm.Raises;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Cli.Why;

/// <summary><c>wirq why</c>: says why an interrupt did not arrive.</summary>
internal static class WhyCommand
{
    internal static Command Build()
    {
        var file = new Argument<string>("LOG") { Description = "A log of QEMU's trace events or of KVM's tracepoints (ftrace, trace-cmd, perf script, trace.dat), plain or compressed (gzip, xz, zstd), a recording of wirq, or saved state: a migration stream of QEMU (virsh save, migrate), images of KVM's chips, Xen's save records; "
            + "or what was printed: QEMU's info pic and info lapic, Xen's debug keys i, z, e, M and Q, /proc/interrupts (two of them: what moved), /sys/kernel/debug/irq, dmesg; - is standard input" };
        var source = new Argument<string[]>("LOG|SOURCE[@TIME]")
        {
            Description = "More inputs of the same incident, of any kind; and, last, "
                + $"whose interrupt: {SourceName.Forms}; of saved state and dumps, {SnapshotQuestion.Forms}. @TIME picks the last raise at or before a place: {Place.Forms}. "
                + "Without it: all that is owed at the end",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var timeline = new TimelineOption();
        var command = new Command("why", "Say why an interrupt did not arrive, or came late") { file, source, json };
        timeline.AddTo(command);
        command.SetAction(parsed => Guard(() => Run(parsed.GetValue(file)!, parsed.GetValue(source) ?? [], parsed.GetValue(json), timeline.Of(parsed))));
        return command;
    }

    private static int Run(string file, string[] rest, bool json, TimelineRequest? timeline)
    {
        (string[] files, string? asked) = WhyArguments.Of(file, rest);
        if (files.Length > 1)
        {
            DemandStory(timeline, Phrase.All(files, 4), "several inputs");
            return WhyIncident.Run(files, asked, json);
        }
        using var input = ReplayInput.Open(file, WhyInput.Kinds);
        if (ForeignInput.Read(input) is { } state)
        {
            DemandStory(timeline, file, "saved state, which is of one moment");
            return WhySnapshot.Run(state, file, asked, json);
        }
        if (WhyKvm.Looks(input))
            return WhyKvm.Run(input, file, asked, json, timeline);
        if (WhyIncident.Read(input) is { } dumps)
        {
            DemandStory(timeline, file, "a dump, which is of one moment");
            return WhyIncident.RunOne(dumps, input, asked, json);
        }
        WhyQuestion? question = null;
        if (asked is not null)
            question = WhyQuestion.Parse(asked, out string wrong) ?? throw new UsageException(wrong);
        using TimelineFile? drawn = TimelineFile.Open(timeline, input.IsShipped ? [] : [file]);
        PictureBuilder? builder = null;
        WhyEngine engine = WhyInput.Read(input, question, drawn is null ? null : follows => builder = new PictureBuilder(follows, timeline!.Options));
        OwedList owed = engine.Owed();
        Picture? picture = builder?.Build(input.Name, owed);
        timeline?.Check(file, engine.Stamps, picture!);
        IReadOnlyList<SourceAnswer>? answers = question is null ? null
            : engine.Answer() ?? throw new UsageException(Unknown(file, question.Source, engine));
        int status = question is null ? WhyStatus.Of(owed.Verdict) : StatusOf(question, answers!, owed);
        var printed = new DumpParts();
        IReadOnlyList<IncidentPart> parts = question is null && engine.LeftOut is not null ? input.Read(() => WhyMixed.Of(input, file, engine, printed, null)) : [];
        if (WhyMixed.TryAnswer(parts, printed, file, json, picture, drawn, out int mixed))
            return mixed;
        if (picture is not null)
            status = drawn!.Complete(picture, status);
        owed = parts is [{ Log: { } log }] ? log.List : owed;
        ShippedNote.Write(file, json);
        if (answers is null && json)
            WhyJson.Write(owed, engine, StandardStreams.Output);
        else if (answers is null)
            WhyText.Write(owed, engine, Screen.Words());
        else if (json)
            WhyJson.Write(answers, engine, StandardStreams.Output);
        else
            WhyText.Write(answers, engine, Screen.Words());
        return status;
    }

    private static void DemandStory(TimelineRequest? timeline, string file, string kind)
    {
        if (timeline is not null)
            throw new UsageException($"--timeline {timeline.File}: {file} is {kind}; expected a log or a recording");
    }

    private static int Guard(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (UsageException bad)
        {
            Console.Error.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
    }

    /// <summary>A question about a source is also one about the end: what is owed there is a failure. One about a place is
    /// answered where something is known of the raise.</summary>
    private static int StatusOf(WhyQuestion question, IReadOnlyList<SourceAnswer> answers, OwedList list)
    {
        if (question.At is null && list.Owed.Any(owed => answers.Any(answer => answer.Source == owed.Source)))
            return CommandLine.Failure;
        bool known = answers.All(answer => answer.Raises.Count == 0)
            || answers.Any(answer => answer.Raises.Any(raise => raise.Fate is not (Fate.NotKnown or Fate.Sent)));
        return known ? CommandLine.Success : CommandLine.NotTold;
    }

    private static string Unknown(string file, SourceName source, WhyEngine engine)
    {
        const int most = 40;
        var sources = engine.Sources;
        string known = sources.Count == 0 ? "nothing in it raised an interrupt"
            : "expected one of " + string.Join(", ", sources.Take(most).Select(one => one.Source))
                + (sources.Count > most ? $", and {sources.Count - most} more" : "");
        return $"{file}: {source} is no source in it; {known}";
    }
}
