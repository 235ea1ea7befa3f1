using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Takes down what is found, and what stands around the first mismatch.</summary>
internal sealed class Verdicts(Surroundings surroundings)
{
    internal const string Nothing = "nothing";

    internal ResponseCounts Counts { get; } = new();
    internal Mismatch? First { get; private set; }

    internal void Match(TraceEvent kind) => Counts.Count(ResponseVerdict.Matched, kind);

    internal void LeaveUnchecked(TraceEvent kind) => Counts.Count(ResponseVerdict.Unchecked, kind);

    internal void Mismatch(long line, TraceEvent kind, string predicted, string logged)
    {
        Counts.Count(ResponseVerdict.Mismatched, kind);
        if (First is not null)
            return;
        First = new Mismatch(line, EventNames.Of(kind), predicted, logged);
        surroundings.Attach(First);
    }

    /// <summary>A value that the guest read.</summary>
    internal void Compare(in TraceLine line, ulong predicted, ulong logged)
    {
        if (predicted == logged)
            Match(line.Event);
        else
            Mismatch(line.Number, line.Event, $"0x{predicted:x}", LineText.Of(line));
    }
}
