using Wirq.Cli.Outputs;
using Wirq.Cli.Shipped;
using Wirq.Cli.Timelines;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Kvm.Replay;
using Wirq.Traces.Why;

namespace Wirq.Cli.Replay;

/// <summary><c>wirq replay</c> of a log of a KVM host.</summary>
internal static class ReplayKvm
{
    /// <summary>Why such a log has no recording: what would be said of it would not be what the log tells.</summary>
    internal const string NoRecording = "a recording has no place for what such a log does not tell (registers that are assumed, records that are missing, the order of threads, "
        + "address and data of messages), so wirq why would answer wrongly of it; ask the log itself with wirq why, or draw the chips with --timeline FILE";

    /// <summary>Replays such a log.</summary>
    /// <param name="input">The log.</param>
    /// <param name="log">Its name as it was typed.</param>
    /// <param name="json">Whether a program reads the answer.</param>
    /// <param name="drawn">The picture that was asked for; null for none.</param>
    /// <exception cref="UsageException">It is damaged, of a kind that does not tell enough, or cannot be read.</exception>
    internal static int Run(ReplayInput input, string log, bool json, TimelineRequest? drawn)
    {
        using TimelineFile? timeline = TimelineFile.Open(drawn, input.IsShipped ? [] : [log]);
        KvmReplayReport report = input.Read(() => ReadProgress.Show(progress => KvmReplayer.Run(input.Stream, input.Name, progress, drawn?.Options)));
        drawn?.Check(log, report.Survey.Stamps, report.Picture!);
        // Nothing that was compared is no agreement.
        int status = report.ComparedNothing ? CommandLine.NotTold : report.Succeeded ? CommandLine.Success : CommandLine.Failure;
        if (timeline is not null)
            status = timeline.Complete(report.Picture!, status);
        ShippedNote.Write(log, json);
        if (json)
            KvmReplayJson.Write(report, StandardStreams.Output);
        else
        {
            KvmReplayText.Write(report, log, Screen.Words());
            if (report.Why.Verdict == WhyVerdict.Owed)
            {
                Console.Out.WriteLine();
                int owed = report.Why.Vms.Sum(vm => vm.Owed.Count);
                ReplayText.Wrap(Screen.Words(), $"{Phrase.Count(owed, "interrupt")} {(owed == 1 ? "is" : "are")} owed at the end of the log. To know what and why: {Guesses.Typed.Line("why", log)}", "");
            }
        }
        return status;
    }
}
