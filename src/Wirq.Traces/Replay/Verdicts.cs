using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>Records the results, and the surroundings of the first mismatch.</summary>
internal sealed class Verdicts(Surroundings surroundings, Coverage coverage)
{
    internal const string Nothing = "nothing";

    private readonly SortedDictionary<(Responder Chip, string Missing), (long Count, long First)> _excused = [];
    private readonly SortedDictionary<Responder, string> _untold = [];
    private ulong _untraced;

    internal ResponseCounts Counts { get; } = new();
    /// <summary>Which stimuli of the chips are in the log.</summary>
    internal Coverage Coverage => coverage;
    /// <summary>Whether responses are compared. They are not while nothing is known about the chips.</summary>
    internal bool Compares { get; set; } = true;
    /// <summary>Called with the line of each difference. If the difference is not judged, the second argument is the
    /// event that the log lacks, by QEMU's name; null for a mismatch.</summary>
    internal Action<long, string?>? Parted { get; init; }
    internal Mismatch? First { get; private set; }
    /// <summary>Differences that are not mismatches, because the log lacks the event that would decide: the chip, the
    /// missing event, their number, and the line of the first.</summary>
    internal IEnumerable<(Responder Chip, string Missing, long Count, long First)> Excused =>
        _excused.Select(pair => (pair.Key.Chip, pair.Key.Missing, pair.Value.Count, pair.Value.First));

    /// <summary>Chips whose lines are not compared, because one of their inputs was not traced: the chip, and that
    /// event.</summary>
    internal IEnumerable<(Responder Chip, string Input)> Untold => _untold.Select(pair => (pair.Key, pair.Value));
    /// <summary>Events that the chips predict and that never appear in the log, by QEMU's names.</summary>
    internal IEnumerable<string> Untraced =>
        Enum.GetValues<TraceEvent>().Where(kind => (_untraced >> (int)kind & 1) != 0).Select(EventNames.Of).Order(StringComparer.Ordinal);

    /// <summary>The log has what the chips predict. A line from which a register at the first line was learned proves
    /// nothing of it.</summary>
    internal void Match(in TraceLine line) =>
        Count(coverage.IsEvidence(line.Number) ? ResponseVerdict.Unchecked : ResponseVerdict.Matched, line.Event);

    internal void LeaveUnchecked(TraceEvent kind) => Count(ResponseVerdict.Unchecked, kind);

    /// <summary>The chips predict an event that was not traced.</summary>
    internal void NoteUntraced(TraceEvent kind)
    {
        if (Compares)
            _untraced |= 1ul << (int)kind;
    }

    private void Count(ResponseVerdict verdict, TraceEvent kind)
    {
        if (Compares)
            Counts.Count(verdict, kind);
    }

    /// <summary>The log and the chips differ, or only the log has something.</summary>
    internal void Mismatch(in TraceLine line, string predicted, Responder? chip = null)
    {
        if (Excuses(line.Number, chip ?? coverage.Of(line.Event)))
            LeaveUnchecked(line.Event);
        else
            Part(line.Number, line.Event, predicted, LineText.Of(line));
    }

    /// <summary>The log does not have a line that the chips predict.</summary>
    /// <param name="stimulus">The line of the stimulus.</param>
    /// <param name="kind">The missing event.</param>
    /// <param name="predicted">The missing line, in words.</param>
    /// <param name="logged">What the log has.</param>
    /// <param name="chip">Its chip; null if its kind determines it.</param>
    internal void Missing(in TraceLine stimulus, TraceEvent kind, string predicted, string logged = Nothing, Responder? chip = null)
    {
        if (!Excuses(stimulus.Number, chip ?? coverage.Of(kind)))
            Part(stimulus.Number, kind, predicted, logged);
    }

    /// <summary>Compares a value that the guest read.</summary>
    internal void Compare(in TraceLine line, ulong predicted, ulong logged)
    {
        if (predicted == logged)
            Match(line);
        else
            Mismatch(line, $"0x{predicted:x}");
    }

    private bool Excuses(long line, Responder chip)
    {
        if (!Compares)
            return true;
        if (coverage.Untold(chip) is { } untold)
        {
            _untold[chip] = untold;
            return true;
        }
        if (coverage.Missing(chip) is not { } missing)
            return false;
        (long count, long first) = _excused.GetValueOrDefault((chip, missing), (0, line));
        _excused[(chip, missing)] = (count + 1, first);
        // Users of the chips' state must know that it may differ from the state in the log.
        Parted?.Invoke(line, missing);
        return true;
    }

    private void Part(long line, TraceEvent kind, string predicted, string logged)
    {
        Counts.Count(ResponseVerdict.Mismatched, kind);
        Parted?.Invoke(line, null);
        if (First is not null)
            return;
        First = new Mismatch(line, EventNames.Of(kind), predicted, logged);
        surroundings.Attach(First);
    }
}
