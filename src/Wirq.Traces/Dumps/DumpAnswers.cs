using Wirq.Traces.Dumps.Linux;
using Wirq.Traces.Dumps.Monitor;
using Wirq.Traces.Dumps.Xen;
using Wirq.Traces.Snapshots.Judging;

namespace Wirq.Traces.Dumps;

/// <summary>Makes the parts of dumps.</summary>
internal static class DumpAnswers
{
    /// <summary>The answers about what was read, in the order of the text, counts last.</summary>
    internal static IReadOnlyList<(IReadOnlyCollection<string> Files, SnapshotAnswer Answer)> Of(DumpParts parts)
    {
        DumpPart[] all = [.. parts.All, .. CountAnswer.Of(parts.Counts)];
        var answers = new List<(IReadOnlyCollection<string>, SnapshotAnswer)>();
        foreach (DumpPart part in all)
        {
            switch (part.State.Format)
            {
                case MonitorDump.Format:
                    MonitorIoApics.Lacks(part);
                    MonitorDump.Lacks(part);
                    break;
                case XenDump.Format:
                    XenDump.Lacks(part);
                    break;
                case IrqDebug.Format:
                    IrqDebug.Lacks(part);
                    break;
                case KernelLog.Format:
                    KernelLog.Lacks(part);
                    break;
            }
            answers.Add((part.Files, part.Answer()));
        }
        return answers;
    }
}
