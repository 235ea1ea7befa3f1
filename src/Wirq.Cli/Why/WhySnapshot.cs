using Wirq.Cli.Outputs;
using Wirq.Cli.Shipped;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Cli.Why;

/// <summary><c>wirq why</c> of a saved state.</summary>
internal static class WhySnapshot
{
    internal static int Run(SnapshotState state, string file, string? asked, bool json)
    {
        SnapshotAnswer answer = SnapshotJudge.Judge(state);
        if (asked is not null)
        {
            SnapshotQuestion question = SnapshotQuestion.Parse(asked) ?? throw new UsageException($"{file}: '{asked}' names no interrupt of a saved state, "
                + $"which is of one moment; expected {SnapshotQuestion.Forms}");
            if (question.Missing(state) is { } missing)
                throw new UsageException($"{file}: there is {missing} in it; wirq snapshot show {file} lists what it has");
            answer = answer.About(question);
        }
        ShippedNote.Write(file, json);
        if (json)
            AnswerJson.Write(answer, StandardStreams.Output);
        else
            AnswerText.Write(answer, Screen.Words());
        return WhyStatus.Of(answer.Verdict);
    }
}
