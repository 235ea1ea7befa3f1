using Wirq.Cli.Outputs;
using Wirq.Cli.Replay;
using Wirq.Cli.Shipped;
using Wirq.Traces.Kvm;
using Wirq.Traces.Kvm.Judging;

namespace Wirq.Cli.Why;

/// <summary><c>wirq why</c> of a log of KVM's tracepoints.</summary>
internal static class WhyKvm
{
    /// <summary>Whether a file is such a log.</summary>
    /// <exception cref="UsageException">It cannot be read.</exception>
    internal static bool Looks(ReplayInput input) => input.Read(() => KvmLog.Looks(input.Stream, input.Name));

    /// <summary>Reads such a log, and judges it.</summary>
    /// <exception cref="UsageException">It is damaged, of a kind that does not tell enough, or cannot be read.</exception>
    internal static KvmAnswer Judge(ReplayInput input) => input.Read(() => ReadProgress.Show(progress => KvmJudge.Read(input.Stream, input.Name, progress)));

    /// <summary>Answers about such a log.</summary>
    /// <exception cref="UsageException">It is damaged, of a kind that does not tell enough, or cannot be read.</exception>
    internal static int Run(ReplayInput input, string file, string? asked, bool json)
    {
        KvmAnswer answer = Judge(input);
        if (asked is not null)
            answer = KvmQuestion.About(answer, asked) ?? throw new UsageException($"{file}: {KvmQuestion.Wrong(answer, asked)}");
        ShippedNote.Write(file, json);
        if (json)
            KvmAnswerJson.Write(answer, StandardStreams.Output);
        else
            KvmAnswerText.Write(answer, Console.Out);
        return WhyStatus.Of(answer.Verdict);
    }
}
