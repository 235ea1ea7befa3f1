using Wirq.Events;
using Wirq.Laws;
using Wirq.Traces.Replay;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>Counts what was compared of one VM.</summary>
internal sealed class VmTally
{
    private const int MostMismatches = 20;

    private readonly long[,] _counts = new long[Enum.GetValues<ResponseVerdict>().Length, (int)KvmEvent.PostedRoute + 1];
    private readonly List<Finding> _mismatches = [];

    internal IReadOnlyList<Finding> Mismatches => _mismatches;
    /// <summary>Differences of which not all orders were tried.</summary>
    internal long NotJudged { get; private set; }
    internal long Steps { get; set; }

    internal LawSet? Laws { get; set; }
    internal IReadOnlyList<LawVerdict> LawVerdicts => Laws is null ? [] : [.. Laws.Laws.Select(law => new LawVerdict(law.Name, law.Break is null, law.Break is null ? law.Says : law.Describe()))];
    internal bool Observes => Laws is not null && _mismatches.Count == 0;

    internal void Count(Finding finding, bool isJudged)
    {
        ResponseVerdict verdict = finding.Verdict;
        if (verdict == ResponseVerdict.Mismatched && !isJudged)
        {
            NotJudged++;
            verdict = ResponseVerdict.Unchecked;
        }
        _counts[(int)verdict, (int)finding.Event]++;
        if (verdict == ResponseVerdict.Mismatched && _mismatches.Count < MostMismatches)
            _mismatches.Add(finding);
    }

    /// <summary>Where the chips part from the log, what they do after it is of no use to the laws.</summary>
    internal void Observe(in Event happened)
    {
        if (_mismatches.Count == 0)
            Laws?.Observe(happened);
    }

    internal long Of(ResponseVerdict verdict, KvmEvent happened) => _counts[(int)verdict, (int)happened];

    internal long Total(ResponseVerdict verdict)
    {
        long total = 0;
        for (int happened = 0; happened < _counts.GetLength(1); happened++)
            total += _counts[(int)verdict, happened];
        return total;
    }
}
