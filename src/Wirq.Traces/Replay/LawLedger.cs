using Wirq.Laws;

namespace Wirq.Traces.Replay;

/// <summary>The laws' verdicts over all lives of a machine.</summary>
internal sealed class LawLedger
{
    private readonly List<LawVerdict> _verdicts = [];

    internal IReadOnlyList<LawVerdict> Verdicts => _verdicts;

    /// <summary>Adds the verdicts of one life. If a law breaks several times, the first break counts.</summary>
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
