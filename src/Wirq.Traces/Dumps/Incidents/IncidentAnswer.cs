using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Snapshots;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Dumps.Incidents;

/// <summary>The answer about one input of an incident, or about what belongs together in several: of a state, of a log or
/// recording, or of a log of a KVM host.</summary>
/// <param name="Files">The files.</param>
internal sealed record IncidentPart(IReadOnlyList<string> Files)
{
    /// <summary>The answer about a state or text; null for something else.</summary>
    internal SnapshotAnswer? State { get; init; }
    /// <summary>The answer about a log or recording, and where its facts come from; null for something else.</summary>
    internal (OwedList List, WhyEngine Engine)? Log { get; init; }
    /// <summary>The answer about a log of a KVM host; null for something else.</summary>
    internal KvmAnswer? Host { get; init; }

    /// <summary>Which part of a file it is about, of one that has text of several forms; null where it is about all of it.</summary>
    internal string? Form { get; init; }

    internal WhyVerdict Verdict => State?.Verdict ?? Host?.Verdict ?? Log!.Value.List.Verdict;
    internal string Title => string.Join(" and ", Files);
}

/// <summary>The answer about the inputs of one incident.</summary>
/// <param name="Parts">The parts, in the order of the files.</param>
/// <param name="Links">Where several files tell of the same thing.</param>
internal sealed record IncidentAnswer(IReadOnlyList<IncidentPart> Parts, IReadOnlyList<IncidentLink> Links)
{
    /// <summary>The worst of the parts: something owed anywhere is owed; else one that does not tell forbids an all-clear, and
    /// so does it where there is none.</summary>
    internal WhyVerdict Verdict => Parts.Any(part => part.Verdict == WhyVerdict.Owed) ? WhyVerdict.Owed
        : Parts.Count == 0 || Parts.Any(part => part.Verdict == WhyVerdict.NotTold) ? WhyVerdict.NotTold : WhyVerdict.NothingOwed;

    internal static IncidentAnswer Of(IReadOnlyList<IncidentPart> parts) => new(parts, IncidentLinks.Find(parts));
}
