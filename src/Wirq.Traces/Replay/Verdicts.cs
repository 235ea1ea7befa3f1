using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Takes down what is found, and what stands around the first mismatch.</summary>
internal sealed class Verdicts(Surroundings surroundings)
{
    internal const string Nothing = "nothing";

    internal ResponseCounts Counts { get; } = new();
    /// <summary>Whether responses are compared: not where nothing is known of the chips yet.</summary>
    internal bool Compares { get; set; } = true;
    /// <summary>Told the line of each mismatch.</summary>
    internal Action<long>? Parted { get; init; }
    internal Mismatch? First { get; private set; }

    internal void Match(TraceEvent kind) => Count(ResponseVerdict.Matched, kind);

    internal void LeaveUnchecked(TraceEvent kind) => Count(ResponseVerdict.Unchecked, kind);

    private void Count(ResponseVerdict verdict, TraceEvent kind)
    {
        if (Compares)
            Counts.Count(verdict, kind);
    }

    internal void Mismatch(long line, TraceEvent kind, string predicted, string logged)
    {
        if (!Compares)
            return;
        Counts.Count(ResponseVerdict.Mismatched, kind);
        Parted?.Invoke(line);
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
