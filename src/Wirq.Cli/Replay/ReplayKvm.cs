using Wirq.Cli.Outputs;
using Wirq.Cli.Shipped;
using Wirq.Traces.Kvm.Replay;

namespace Wirq.Cli.Replay;

/// <summary><c>wirq replay</c> of a log of a KVM host.</summary>
internal static class ReplayKvm
{
    /// <summary>Replays such a log.</summary>
    /// <exception cref="UsageException">It is damaged, of a kind that does not tell enough, or cannot be read.</exception>
    internal static int Run(ReplayInput input, string log, bool json)
    {
        KvmReplayReport report = input.Read(() => ReadProgress.Show(progress => KvmReplayer.Run(input.Stream, input.Name, progress)));
        ShippedNote.Write(log, json);
        KvmReplayText.Write(report, log, Console.Out);
        return report.Succeeded ? CommandLine.Success : CommandLine.Failure;
    }
}
