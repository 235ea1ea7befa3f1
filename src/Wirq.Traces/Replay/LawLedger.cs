using Wirq.Laws;

namespace Wirq.Traces.Replay;

/// <summary>The laws' verdicts over all lives of a machine.</summary>
internal sealed class LawLedger
{
    private readonly List<LawVerdict> _verdicts = [];

    internal IReadOnlyList<LawVerdict> Verdicts => _verdicts;

    /// <summary>Takes the verdicts of one life; of several breaks of a law the first counts.</summary>
    internal void Add(IReadOnlyList<Law> laws)
    {
        foreach (Law law in laws)
        {
            var verdict = new LawVerdict(law.Name, law.Break is null, law.Break is null ? law.Says : law.Describe());
            int at = _verdicts.FindIndex(known => known.Name == law.Name);
            if (at < 0)
                _verdicts.Add(verdict);
            else if (_verdicts[at].Held)
                _verdicts[at] = verdict;
        }
    }
}

/// <summary>The log's wall clock as virtual time: it starts at 0 and never goes back.</summary>
internal struct LogClock
{
    private const long PerMicrosecond = 1000;
    private long _start;
    private bool _started;

    internal long Nanoseconds(long microseconds)
    {
        if (!_started)
            (_start, _started) = (microseconds, true);
        long since = microseconds - _start;
        // A clock that jumped by centuries is a damaged line.
        return since is < 0 or > long.MaxValue / PerMicrosecond / 16 ? 0 : since * PerMicrosecond;
    }
}
