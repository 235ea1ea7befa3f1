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
