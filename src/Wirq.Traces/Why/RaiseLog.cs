namespace Wirq.Traces.Why;

/// <summary>The raises of one source: the last few in full, and counts of the others.</summary>
internal sealed class RaiseLog(SourceName source, int keep)
{
    private const int MostLingering = 64;
    private static readonly int s_fates = Enum.GetValues<Fate>().Length;

    private readonly Queue<Raise> _kept = new();
    // Raises that are too old to be kept in full, but have not ended.
    private readonly List<Raise> _lingering = [];
    private readonly long[] _fates = new long[s_fates];
    private readonly RaiseWatch _watch = new();
    // Whether each of those waits, and it would be seen if anything happened to it.
    private bool _watched;
    private long _droppedAt;
    // Most come again and again.
    private (int Cpu, byte Vector)? _noted;

    public SourceName Source { get; } = source;
    /// <summary>The number of raises that are kept in full.</summary>
    public int Keep { get; set; } = keep;
    /// <summary>The last raise, even after the place in question.</summary>
    public Raise? Last { get; private set; }
    public Mark? FirstAt { get; private set; }
    public long Count { get; private set; }
    /// <summary>The number of raises after the place in question.</summary>
    public long Later { get; private set; }
    /// <summary>The number of raises before the kept ones.</summary>
    public long Earlier { get; private set; }
    public IReadOnlyCollection<Raise> Kept => _kept;

    /// <summary>For tests: the raises of which it is known, without a look at each, that they have not ended.</summary>
    internal IReadOnlyList<Raise> KnownOpen(IFateJudge judge) => IsStill(judge) ? _lingering : [];

    private bool IsStill(IFateJudge judge) => _watched && !_watch.Changed && (_watch.Request is null || judge.Waits(_watch.Request));

    /// <summary>The vectors that it was delivered with, and the CPUs that accepted it.</summary>
    public HashSet<byte> Vectors { get; } = [];
    public HashSet<int> Cpus { get; } = [];

    /// <summary>A CPU accepted its vector; -1 if it is not known which.</summary>
    public void NoteDelivery(int cpu, byte vector)
    {
        if (_noted == (cpu, vector))
            return;
        _noted = (cpu, vector);
        Vectors.Add(vector);
        if (cpu >= 0)
            Cpus.Add(cpu);
    }

    /// <summary>Adds a raise.</summary>
    /// <param name="raise">The raise.</param>
    /// <param name="later">Whether it is after the place in question.</param>
    /// <param name="judge">Decides the fates.</param>
    public void Add(Raise raise, bool later, IFateJudge judge)
    {
        Last = raise;
        FirstAt ??= raise.At;
        Count++;
        if (later)
        {
            Later++;
            return;
        }
        _kept.Enqueue(raise);
        if (_kept.Count <= Keep)
            return;
        Raise old = _kept.Dequeue();
        Earlier++;
        if (judge.IsSettled(old, out Fate fate) || _lingering.Count >= MostLingering && !Sweep(judge))
            _fates[(int)fate]++;
        else
        {
            _lingering.Add(old);
            _watched = false;
        }
    }

    /// <summary>How the raises that are not kept ended.</summary>
    public IReadOnlyList<(Fate Fate, long Count)> EarlierFates(IFateJudge judge)
    {
        var counts = (long[])_fates.Clone();
        foreach (Raise open in _lingering)
            counts[(int)judge.FateOf(open)]++;
        return [.. counts.Index().Where(pair => pair.Item > 0).Select(pair => ((Fate)pair.Index, pair.Item))];
    }

    /// <summary>How all raises ended that are not after the place in question.</summary>
    public IEnumerable<(Fate Fate, long Count)> Fates(IFateJudge judge) => EarlierFates(judge)
        .Concat(_kept.Select(raise => (judge.FateOf(raise), 1L)))
        .GroupBy(pair => pair.Item1, (fate, counts) => (fate, counts.Sum(pair => pair.Item2))).OrderBy(pair => pair.fate);

    /// <summary>The machine was reset: raises that have not ended are dropped.</summary>
    public void Drop(Mark at, IFateJudge judge)
    {
        foreach (Raise raise in _kept)
            Drop(raise, at, judge);
        foreach (Raise raise in _lingering)
            Drop(raise, at, judge);
        _droppedAt = at.Event;
    }

    private void Drop(Raise raise, Mark at, IFateJudge judge)
    {
        // An earlier reset had its say about the raises before it.
        if (raise.At.Event < _droppedAt)
            return;
        bool settled = judge.IsSettled(raise, out Fate fate);
        if (fate is Fate.Held or Fate.Pending or Fate.InService || !settled && raise.Last is null)
            raise.Drop(at, Gate.MachineReset);
        else
            raise.Fell ??= at;
    }

    /// <summary>Counts the raises that have ended.</summary>
    /// <returns>Whether there is room again.</returns>
    private bool Sweep(IFateJudge judge)
    {
        if (IsStill(judge))
            return false;
        _watched = true;
        _watch.Clear();
        Gate? at8259 = null;
        for (int i = _lingering.Count - 1; i >= 0; i--)
        {
            if (!judge.IsSettled(_lingering[i], ref at8259, out Awaited awaited))
            {
                _watched &= _watch.TryWatch(_lingering[i], awaited);
                continue;
            }
            _fates[(int)judge.FateOf(_lingering[i])]++;
            _lingering.RemoveAt(i);
        }
        return _lingering.Count < MostLingering;
    }
}

/// <summary>What a raise waits for, besides a reset of the machine.</summary>
/// <param name="Delivery">The delivery whose end alone can settle it; null where it is something else, or not known.</param>
/// <param name="Nothing">Whether nothing can settle it.</param>
internal readonly record struct Awaited(Delivery? Delivery = null, bool Nothing = false);

/// <summary>Decides how a raise ended.</summary>
internal interface IFateJudge
{
    /// <summary>How a raise ended, or what holds it.</summary>
    Fate Judge(Raise raise, out Held held);

    Fate FateOf(Raise raise);
    /// <summary>Whether no later event can change that.</summary>
    bool IsSettled(Raise raise, out Fate fate);
    /// <summary>As <see cref="IsSettled(Raise, out Fate)"/>, of many raises of one source, between which nothing happens.</summary>
    /// <param name="raise">The raise.</param>
    /// <param name="at8259">What holds the source at the 8259; null before the first look.</param>
    /// <param name="awaited">What alone can settle it, if that is known.</param>
    bool IsSettled(Raise raise, ref Gate? at8259, out Awaited awaited);
    /// <summary>Whether a request waits at the 8259, with all raises that joined it.</summary>
    bool Waits(Raise request);
}
