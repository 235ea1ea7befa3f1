using Wirq.Cli.Outputs;
using Wirq.Cli.Replay;
using Wirq.Cli.Shipped;
using Wirq.Cli.Timelines;
using Wirq.Traces.Kvm;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Kvm.Pictures;
using Wirq.Traces.Timelines;

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
        KvmPictureBuilder? builder = null;
        KvmAnswer whole = Judge(input, drawn is null ? null : survey => builder = new KvmPictureBuilder(survey, timeline!.Options)), answer = whole;
        Picture? picture = builder?.Build(input.Name, whole);
        timeline?.Check(file, whole.Stamps, picture!);
        if (asked is not null)
            answer = KvmQuestion.About(whole, asked) ?? throw new UsageException($"{file}: {KvmQuestion.Wrong(whole, asked)}");
        int status = WhyStatus.Of(answer.Verdict);
        if (picture is not null)
            status = drawn!.Complete(picture, status);
        ShippedNote.Write(file, json);
        if (json)
            KvmAnswerJson.Write(answer, StandardStreams.Output);
        else
            KvmAnswerText.Write(answer, Console.Out);
        return status;
    }
}
