using Wirq.Events;
using Wirq.Traces.Kvm.Pictures;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>Puts the steps of all threads of a VM in one order, and applies them.</summary>
/// <remarks>
/// Only the order within a thread is certain. Steps whose times overlap are one cluster. They are applied in the order of the log; if that does
/// not fit, other orders are tried, and a mismatch is one only where none of them fits. Where not all orders were tried, the difference is
/// not judged.
/// </remarks>
internal sealed class StepQueue(VmScan scan, VmTally tally, int mostHeld)
{
    /// <summary>The clocks of two CPUs differ by less, in nanoseconds, and so does the time from an effect to its record.</summary>
    private const long Skew = 10_000;
    /// <summary>What the place of a record counts in a log without times.</summary>
    internal const long UntimedRecord = Skew / 2;
    /// <summary>After its last record, a step has no later effect than this, unless its thread was stopped.</summary>
    internal const long LongestEffect = 100_000;
    /// <summary>A thread without a further record for this long has finished its step.</summary>
    private const long LongestWait = 200_000_000;

    private const int MostInCluster = 16, MostTries = 400, TriesPerStep = 64, FirstTries = 20_000;

    private readonly KvmChips _chips = new(scan);
    private readonly Queue<Step> _held = [];
    private readonly List<Step> _waiting = [];
    private readonly List<Finding> _findings = [];
    private readonly List<Event> _events = [];
    private KvmChips? _base;
    private long _steps, _tries;
    private int _first;

    internal KvmChips Chips => _chips;
    /// <summary>Draws what the chips hold; null for no picture.</summary>
    internal VmChipLanes? Drawn { get; init; }
    internal bool HasParted { get; private set; }

    /// <summary>A step begins; its effects follow.</summary>
    internal void Hold(Step step)
    {
        if (step.State != StepState.New)
            return;
        step.State = StepState.Open;
        _held.Enqueue(step);
    }

    /// <summary>All of a step is there.</summary>
    internal void Release(Step step)
    {
        Hold(step);
        if (step.State != StepState.Open)
            return;
        step.State = StepState.Waiting;
        int at = _waiting.Count;
        while (at > _first && _waiting[at - 1].Order > step.Order)
            at--;
        _waiting.Insert(at, step);
    }

    /// <summary>The log has come to a time.</summary>
    internal void Advance(long now)
    {
        while (_held.TryPeek(out Step? oldest))
        {
            if (oldest.State == StepState.Open)
            {
                bool full = _held.Count > mostHeld;
                if (!full && oldest.First + LongestWait > now)
                    break;
                oldest.IsCut |= full;
                Release(oldest);
            }
            _held.Dequeue();
        }
        long horizon = _held.TryPeek(out Step? open) ? Math.Min(open.First, now) : now;
        while (_first < _waiting.Count && TryCluster(horizon, out int count, out bool goesOn))
            Play(count, goesOn);
        Compact();
    }

    /// <summary>Nothing more comes of any step.</summary>
    internal void Flush()
    {
        foreach (Step step in _held.Where(one => one.State == StepState.Open).ToArray())
            Release(step);
        _held.Clear();
        while (_first < _waiting.Count && TryCluster(long.MaxValue, out int count, out bool goesOn))
            Play(count, goesOn);
        Compact();
    }

    private void Compact()
    {
        const int most = 256;
        if (_first < most && _first < _waiting.Count)
            return;
        _waiting.RemoveRange(0, _first);
        _first = 0;
    }

    /// <summary>The steps at the front that overlap, once no other can overlap them; of a long row of them, the first ones.</summary>
    private bool TryCluster(long horizon, out int count, out bool goesOn)
    {
        long end = _waiting[_first].Last + Skew;
        goesOn = false;
        for (count = 1; _first + count < _waiting.Count && _waiting[_first + count].First <= end; count++)
        {
            if (count == MostInCluster)
            {
                goesOn = true;
                return true;
            }
            end = Math.Max(end, _waiting[_first + count].Last + Skew);
        }
        return end < horizon || horizon == long.MaxValue;
    }

    private void Play(int count, bool goesOn)
    {
        Step[] steps = _waiting.GetRange(_first, count).ToArray();
        bool alone = !goesOn && (count == 1 || Array.TrueForAll(steps, step => step.Thread == steps[0].Thread)), tried = true;
        if (!alone)
            (_base ??= new KvmChips(scan)).CopyFrom(_chips);
        (int parted, int at) = Try(steps, draws: alone);
        if (!alone && (parted > 0 || goesOn))
        {
            Step[] best = parted > 0 ? Search(steps, parted, at, out tried) : steps;
            // Of a long row, only what no later step can come before is over.
            int over = goesOn ? CountOver(best, _waiting[_first + count].First) : count;
            tried &= !goesOn || over > 0;
            steps = best[..(over > 0 ? over : count / 2)];
            Step[] rest = best[steps.Length..];
            Array.Sort(rest, static (one, other) => one.Order.CompareTo(other.Order));
            for (int index = 0; index < rest.Length; index++)
                _waiting[_first + steps.Length + index] = rest[index];
            _chips.CopyFrom(_base!);
            (parted, _) = Try(steps);
        }
        // The order is certain now.
        if (!alone && Drawn is not null)
        {
            _chips.CopyFrom(_base!);
            // A picture changes no verdict: what it draws takes nothing of what the search may do.
            long tries = _tries;
            Try(steps, draws: true);
            _tries = tries;
        }
        _first += steps.Length;
        _steps += steps.Length;
        foreach (Step step in steps)
            step.State = StepState.Done;
        HasParted |= parted > 0;
        foreach (Finding finding in _findings)
        {
            if (finding.Verdict == ResponseVerdict.Mismatched && !_chips.IsLoading && tried)
                Drawn?.Part(finding);
            if (_chips.IsLoading && finding.Verdict == ResponseVerdict.Mismatched)
                tally.Count(finding with { Verdict = ResponseVerdict.Unchecked }, isJudged: true);
            else
                tally.Count(finding, isJudged: tried);
        }
        foreach (Event happened in _events)
            tally.Observe(happened);
    }

    private static int CountOver(Step[] steps, long next)
    {
        int over = 0;
        while (over < steps.Length && steps[over].Last + Skew < next)
            over++;
        return over;
    }

    /// <summary>Applies steps in an order.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="draws">Whether the order is the one that is kept, so that it may be drawn.</param>
    /// <returns>How many comparisons part, and the place of the first step of which one does.</returns>
    private (int Parted, int At) Try(Step[] steps, bool draws = false)
    {
        _findings.Clear();
        _events.Clear();
        _chips.Machine.Observed = tally.Observes ? _events.Add : null;
        int parted = 0, first = -1;
        for (int at = 0; at < steps.Length; at++)
        {
            int from = _findings.Count;
            _chips.Apply(steps[at], _findings);
            if (draws)
                Drawn?.Applied(steps[at], _chips);
            for (int each = from; each < _findings.Count; each++)
            {
                if (_findings[each].Verdict != ResponseVerdict.Mismatched)
                    continue;
                parted++;
                first = first < 0 ? at : first;
            }
        }
        _tries += steps.Length;
        return (parted, first);
    }

    /// <summary>Looks for an order that fits: a step that parts is moved, or another is moved before it.</summary>
    private Step[] Search(Step[] steps, int parted, int at, out bool tried)
    {
        tried = true;
        Step[] best = steps;
        int left = MostTries;
        for (bool better = true; better && parted > 0;)
        {
            better = false;
            foreach (Step[] order in Moves(best, at).ToArray())
            {
                if (left-- == 0 || _tries > FirstTries + _steps * TriesPerStep)
                {
                    tried = false;
                    return best;
                }
                _chips.CopyFrom(_base!);
                (int count, int where) = Try(order);
                if (count >= parted && !(count == parted && where > at))
                    continue;
                (best, parted, at, better) = (order, count, where, true);
                break;
            }
        }
        return best;
    }

    private static IEnumerable<Step[]> Moves(Step[] steps, int at)
    {
        for (int to = at - 1; to >= 0 && MayPrecede(steps[at], steps[to]); to--)
            yield return Moved(steps, at, to);
        for (int from = at + 1; from < steps.Length; from++)
        {
            int to = from - 1;
            while (to > at && MayPrecede(steps[from], steps[to]))
                to--;
            for (; to >= 0 && to <= at && MayPrecede(steps[from], steps[to]); to--)
                yield return Moved(steps, from, to);
        }
    }

    private static bool MayPrecede(Step later, Step earlier) => later.Thread != earlier.Thread && later.First <= earlier.Last + Skew;

    private static Step[] Moved(Step[] steps, int from, int to)
    {
        var order = new List<Step>(steps);
        Step moved = order[from];
        order.RemoveAt(from);
        order.Insert(to, moved);
        return [.. order];
    }
}
