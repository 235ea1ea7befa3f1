using Wirq.Traces.Why;

namespace Wirq.Traces.Snapshots.Judging;

/// <summary>What became of an interrupt that a saved state shows.</summary>
internal enum Standing : byte
{
    /// <summary>On its way, and a CPU that runs is about to take it: no fault by itself.</summary>
    InFlight,
    /// <summary>It waits under a mask that the guest may want.</summary>
    Masked,
    /// <summary>Whether it is owed does not follow from the state.</summary>
    NotKnown,
    /// <summary>Owed: nothing in the state brings it further.</summary>
    Owed,
}

/// <summary>One interrupt that waits, or is in service.</summary>
/// <param name="Source">Its name: <c>ioapic:10</c>, <c>pic:4</c>, <c>0x5b@cpu0</c>, <c>msix:3@DEVICE</c>.</param>
/// <param name="Standing">What became of it.</param>
/// <param name="Gate">What holds it.</param>
/// <param name="Cpu">The CPU, or -1.</param>
/// <param name="Vector">The vector, or -1.</param>
/// <param name="Gsi">The line, or -1.</param>
/// <param name="Sentence">The answer in words.</param>
/// <param name="Evidence">Where the file shows it.</param>
internal sealed record SnapshotFinding(string Source, Standing Standing, Gate Gate, int Cpu, int Vector, int Gsi, string Sentence,
    IReadOnlyList<ValuePlace> Evidence)
{
    /// <summary>The pins that it is about, by I/OAPIC and number: the pin itself, or those whose entries have the vector.</summary>
    internal IReadOnlyList<(int Chip, int Pin)> Pins { get; init; } = [];
    /// <summary>The entry of an interrupt remapping table, or -1.</summary>
    internal int Entry { get; init; } = -1;
}

/// <summary>The answer about a saved state.</summary>
internal sealed record SnapshotAnswer(SnapshotState State, IReadOnlyList<SnapshotFinding> Findings)
{
    /// <summary>The verdict. What is not known or not in the file forbids an all-clear, and so does what is in flight: one state
    /// does not tell whether it arrives.</summary>
    internal WhyVerdict Verdict => Findings.Any(one => one.Standing == Standing.Owed) ? WhyVerdict.Owed
        : Findings.Count > 0 || State.Limits.Count > 0 ? WhyVerdict.NotTold : WhyVerdict.NothingOwed;

    /// <summary>What the file tells beside.</summary>
    internal IReadOnlyList<SavedFact> Facts { get; private init; } = State.Facts;

    internal IEnumerable<SnapshotFinding> Of(Standing standing) => Findings.Where(one => one.Standing == standing);

    /// <summary>The part of the answer that a question is about.</summary>
    internal SnapshotAnswer About(SnapshotQuestion question) => this with { Findings = [.. Findings.Where(question.Fits)], Facts = [.. Facts.Where(question.Fits)], IsPart = true };

    /// <summary>The part of the answer that is about a source by its name.</summary>
    internal SnapshotAnswer About(string source) => this with { Findings = [.. Findings.Where(one => one.Source == source)], Facts = [], IsPart = true };

    /// <summary>Whether it is a part, about one interrupt.</summary>
    internal bool IsPart { get; private init; }
}
