using System.Runtime.Versioning;
using Wirq.Board.Scripted;
using Wirq.Linux.VfioUser;

namespace Wirq.Cli.Device;

/// <summary>What became of a scripted device.</summary>
/// <param name="Server">Where it was served.</param>
/// <param name="End">How it ended.</param>
/// <param name="Status">The exit code.</param>
[SupportedOSPlatform("linux")]
internal sealed record DeviceReport(ScriptedServer Server, ScriptedEnd End, int Status)
{
    private const long NanosecondsOfOne = 1000;

    internal InterruptCounts Interrupts => Server.Function.Interrupts;

    internal AccessCounts Accesses => Server.Function.Accesses;

    /// <summary>How long the driver took to serve INTx on average, in microseconds.</summary>
    internal long MeanLatency => Server.Registers.Served == 0 ? 0 : Server.Registers.Latency.All / Server.Registers.Served / NanosecondsOfOne;

    /// <summary>How long it took at most, in microseconds.</summary>
    internal long LongestLatency => Server.Registers.Latency.Longest / NanosecondsOfOne;

    /// <summary>One word.</summary>
    internal string Verdict => End == ScriptedEnd.Stopped ? "stopped" : Server.Failures.Count > 0 ? "failed" : "held";

    /// <summary>Messages of vectors, neighbours with the same numbers together; those without any are left out.</summary>
    internal IEnumerable<(int First, int Last, long Sent, long Lost)> Vectors
    {
        get
        {
            for (int first = 0, last; first < Interrupts.Sent.Count; first = last + 1)
            {
                (long sent, long lost) = (Interrupts.Sent[first], Interrupts.Lost[first]);
                for (last = first; last + 1 < Interrupts.Sent.Count && (Interrupts.Sent[last + 1], Interrupts.Lost[last + 1]) == (sent, lost);)
                    last++;
                if (sent != 0 || lost != 0)
                    yield return (first, last, sent, lost);
            }
        }
    }
}
