using System.Runtime.Versioning;
using Wirq.Board.Scripted;
using Wirq.Linux.VfioUser;

namespace Wirq.Cli.Device;

/// <summary>What became of a scripted device.</summary>
/// <param name="Server">Where it was served.</param>
/// <param name="Status">The exit code.</param>
[SupportedOSPlatform("linux")]
internal sealed record DeviceReport(ScriptedServer Server, int Status)
{
    internal InterruptCounts Interrupts => Server.Function.Interrupts;

    internal AccessCounts Accesses => Server.Function.Accesses;

    /// <summary>One word.</summary>
    internal string Verdict => Server.Waits is not null ? "stopped" : Server.Failures.Count > 0 ? "failed" : "held";

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
