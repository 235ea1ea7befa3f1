using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Dumps.Incidents;

/// <summary>The answer about one input of an incident, or about what belongs together in several: of a state, or of a log or
/// recording.</summary>
/// <param name="Files">The files.</param>
/// <param name="State">The answer about a state or text; null for a log.</param>
/// <param name="Log">The answer about a log or recording, and where its facts come from; null for a state.</param>
internal sealed record IncidentPart(IReadOnlyList<string> Files, SnapshotAnswer? State, (OwedList List, WhyEngine Engine)? Log)
{
    internal WhyVerdict Verdict => State?.Verdict ?? Log!.Value.List.Verdict;
    internal string Title => string.Join(" and ", Files);
}

/// <summary>The answer about the inputs of one incident.</summary>
/// <param name="Parts">The parts, in the order of the files.</param>
/// <param name="Links">Where several files tell of the same thing.</param>
internal sealed record IncidentAnswer(IReadOnlyList<IncidentPart> Parts, IReadOnlyList<IncidentLink> Links)
{
    /// <summary>The worst of the parts: something owed anywhere is owed; else one that does not tell forbids an all-clear.</summary>
    internal WhyVerdict Verdict => Parts.Any(part => part.Verdict == WhyVerdict.Owed) ? WhyVerdict.Owed
        : Parts.Any(part => part.Verdict == WhyVerdict.NotTold) ? WhyVerdict.NotTold : WhyVerdict.NothingOwed;

    internal static IncidentAnswer Of(IReadOnlyList<IncidentPart> parts) => new(parts, IncidentLinks.Find(parts));
}

/// <summary>Makes the parts of dumps.</summary>
internal static class DumpAnswers
{
    /// <summary>The answers about what was read, in the order of the text, counts last.</summary>
    internal static IReadOnlyList<(IReadOnlyCollection<string> Files, SnapshotAnswer Answer)> Of(DumpParts parts)
    {
        DumpPart[] all = [.. parts.All, .. Linux.CountAnswer.Of(parts.Counts)];
        var answers = new List<(IReadOnlyCollection<string>, SnapshotAnswer)>();
        foreach (DumpPart part in all)
        {
            switch (part.State.Format)
            {
                case Monitor.MonitorDump.Format:
                    Monitor.MonitorIoApics.Lacks(part);
                    Monitor.MonitorDump.Lacks(part);
                    break;
                case Xen.XenDump.Format:
                    Xen.XenDump.Lacks(part);
                    break;
                case Linux.IrqDebug.Format:
                    Linux.IrqDebug.Lacks(part);
                    break;
                case Linux.KernelLog.Format:
                    Linux.KernelLog.Lacks(part, part.HasFound);
                    break;
            }
            answers.Add((part.Files, part.Answer()));
        }
        return answers;
    }
}
