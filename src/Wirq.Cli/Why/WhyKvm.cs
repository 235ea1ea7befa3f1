using Wirq.Cli.Outputs;
using Wirq.Cli.Replay;
using Wirq.Cli.Shipped;
using Wirq.Cli.Timelines;
using Wirq.Traces.Dumps;
using Wirq.Traces.Dumps.Incidents;
using Wirq.Traces.Kvm;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Kvm.Pictures;
using Wirq.Traces.Kvm.Raises;
using Wirq.Traces.Timelines;
using Wirq.Traces.Why;

namespace Wirq.Cli.Why;

/// <summary><c>wirq why</c> of a log of KVM's tracepoints.</summary>
internal static class WhyKvm
{
    /// <summary>Whether a file is such a log.</summary>
    /// <exception cref="UsageException">It cannot be read.</exception>
    internal static bool Looks(ReplayInput input) => input.Read(() => KvmLog.Looks(input.Stream, input.Name));

    /// <summary>Reads such a log, and judges it.</summary>
    /// <exception cref="UsageException">It is damaged, of a kind that does not tell enough, or cannot be read.</exception>
    internal static KvmAnswer Judge(ReplayInput input, Func<KvmSurvey, IKvmWatcher?>? watch = null) =>
        input.Read(() => ReadProgress.Show(progress => KvmJudge.Read(input.Stream, input.Name, progress, watch)));

    /// <summary>Answers about such a log.</summary>
    /// <exception cref="UsageException">It is damaged, of a kind that does not tell enough, or cannot be read.</exception>
    internal static int Run(ReplayInput input, string file, string? asked, bool json, TimelineRequest? timeline)
    {
        using TimelineFile? drawn = TimelineFile.Open(timeline, input.IsShipped ? [] : [file]);
        KvmPlaced? placed = null;
        if (asked is not null && (placed = KvmPlaced.Parse(asked, out string? wrong)) is null && wrong is not null)
            throw new UsageException($"{file}: {wrong}");
        KvmPictureBuilder? builder = null;
        KvmRaiseWatch? raises = null;
        // What is watched must be surveyed to its end before, so a log that nobody watches is read once less.
        KvmAnswer whole = Judge(input, drawn is null && placed is null ? null : survey => KvmWatchers.Of(
            drawn is null ? null : builder = new KvmPictureBuilder(survey, timeline!.Options),
            placed is null ? null : raises = new KvmRaiseWatch(placed, survey)));
        Picture? picture = builder?.Build(input.Name, whole);
        timeline?.Check(file, whole.Stamps, picture!);
        KvmAnswer answer = placed is not null ? Placed(whole, file, asked!, placed, raises!)
            : asked is null ? whole : KvmQuestion.About(whole, asked) ?? throw new UsageException($"{file}: {KvmQuestion.Wrong(whole, asked)}");
        int status = answer.Raises is null ? WhyStatus.Of(answer.Verdict)
            : answer.Raises.All(one => one.Fate == Fate.NotKnown) ? CommandLine.NotTold : CommandLine.Success;
        if (asked is null)
        {
            var dumps = new DumpParts();
            IReadOnlyList<IncidentPart> parts = input.Read(() => WhyMixed.Of(input, file, answer, dumps, null));
            if (WhyMixed.TryAnswer(parts, dumps, file, json, picture, drawn, out int mixed))
                return mixed;
            answer = parts[0].Host!;
        }
        if (picture is not null)
            status = drawn!.Complete(picture, status);
        ShippedNote.Write(file, json);
        if (json)
            KvmAnswerJson.Write(answer, StandardStreams.Output);
        else
            KvmAnswerText.Write(answer, Screen.Words());
        return status;
    }

    /// <summary>The answer about the raises at a place.</summary>
    /// <exception cref="UsageException">The log has no such place, or nothing of the source at or before it.</exception>
    private static KvmAnswer Placed(KvmAnswer whole, string file, string asked, KvmPlaced placed, KvmRaiseWatch raises)
    {
        if (WhyInput.Unfit(placed.At, whole.Stamps) is { } unfit)
            throw new UsageException($"{file}: {unfit}");
        if (raises.Missed is { } missed)
            throw new UsageException($"{file}: {asked}: {missed}");
        var text = new KvmRaiseText(whole);
        KvmRaiseAnswer[] answers = [.. raises.Raises.Select(one => text.Of(one.Raise, one.Later))];
        if (answers.Length == 0 && raises.FirstLater is { } first)
            throw new UsageException($"{file}: {asked}: nothing of it at or before that place; expected {whole.Stamps.At(first)}, where it comes first, or a later place");
        if (answers.Length == 0)
            throw new UsageException($"{file}: {KvmQuestion.Wrong(whole, placed.Source)}");
        return (KvmQuestion.About(whole, placed.Source) ?? whole) with { Raises = answers };
    }
}
