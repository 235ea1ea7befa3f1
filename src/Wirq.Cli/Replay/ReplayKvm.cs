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
    /// <summary>Replays such a log.</summary>
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
