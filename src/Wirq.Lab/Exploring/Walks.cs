using System.Diagnostics;
using System.Globalization;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>Random walks through a world that is too large for a search: each begins at the start, prefers states that were not
/// visited, and ends where nothing can happen, or at a length.</summary>
/// <remarks>It proves nothing: its best verdict is that a bound was reached. Walks of different seeds share nothing, so any number of
/// them can run at the same time.</remarks>
internal sealed class Walks : IDisposable
{
    private const int LongestWalk = 2000;
    // So many are remembered, to prefer the others; about so many bytes each.
    private const long MostRemembered = 50_000_000, BytesOfOne = 48;
    private static readonly TimeSpan s_usualTime = TimeSpan.FromSeconds(10);

    private readonly ExploreOptions _options;
    private readonly Random _random;
    private readonly Segments _memory = new(null, long.MaxValue);
    private readonly VisitedSet _visited;
    private readonly Expander _worlds;
    private readonly Scenario _scenario;
    private readonly string? _design;
    private readonly Coverage _coverage = new();
    private long _transitions, _ends;
    private readonly long _mostRemembered;
    private int _depth;

    internal Walks(Scenario scenario, string? design, ExploreOptions options)
    {
        (_scenario, _design, _options) = (scenario = Expander.Compact(scenario), design, options);
        _mostRemembered = options.MaxBytes > 0 ? Math.Min(MostRemembered, options.MaxBytes / BytesOfOne) : MostRemembered;
        _random = new Random(HashCode.Of(options.Seed, options.Member));
        _visited = new VisitedSet(_memory);
        _worlds = new Expander(scenario, design, options, _visited, new PackPool(), null);
    }

    public void Dispose()
    {
        _worlds.Dispose();
        _memory.Dispose();
    }

    internal Exploration Run()
    {
        long started = Stopwatch.GetTimestamp();
        using World world = Expander.Make(_scenario, _design), next = Expander.Make(_scenario, _design);
        world.StepWatcher = next.StepWatcher = step => _coverage.Steps.Add(step);
        long[] before = [.. world.Laws.Laws.Select((law, i) => law.Judgements + next.Laws.Laws[i].Judgements)];
        TimeSpan time = _options.MaxTime ?? s_usualTime;
        var way = new List<Transition>();
        Violation? violation = null;
        string? bound = null;
        _visited.Add(world.Identity(), 0, default, out _);
        while (violation is null && bound is null)
        {
            way.Clear();
            _weights.Clear();
            world.CopyFrom(_worlds.Root);
            while (violation is null && way.Count < Math.Min(_options.MaxDepth, LongestWalk) && Step(world, next, way, out violation)) { }
            _depth = Math.Max(_depth, way.Count);
            bound = Stopwatch.GetElapsedTime(started) >= time ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s")
                : _transitions >= _options.MaxStates ? string.Create(CultureInfo.InvariantCulture, $"{_options.MaxStates:#,0} steps of walks")
                : _options.CalledOff?.Invoke() == true ? "a stop that was requested" : null;
            _options.Progress?.Invoke(new ExploreProgress(_visited.Count, _transitions, _depth, 0, _memory.Held + _visited.TableBytes, Stopwatch.GetElapsedTime(started)));
        }
        for (int law = 0; law < before.Length; law++)
            _coverage.Laws[world.Laws.Laws[law].Name] = world.Laws.Laws[law].Judgements + next.Laws.Laws[law].Judgements - before[law];
        return new Exploration
        {
            End = violation is not null ? SearchEnd.Violated : SearchEnd.Bound,
            Violation = violation,
            Way = violation is null ? [] : [.. way],
            Bound = violation is null ? bound : null,
            IsShortest = false,
            States = _visited.Count,
            Transitions = _transitions,
            Depth = _depth,
            Ends = _ends,
            VisitedBytes = _visited.Bytes,
            Coverage = _coverage,
            Elapsed = Stopwatch.GetElapsedTime(started),
        };
    }

    private readonly List<Transition> _enabled = [], _after = [];

    /// <summary>Makes one transition of a walk.</summary>
    /// <returns>Whether the walk goes on.</returns>
    private bool Step(World world, World next, List<Transition> way, out Violation? violation)
    {
        violation = null;
        world.Possible(_enabled);
        if (_enabled.Count == 0)
        {
            _ends++;
            violation = _options.Target is null ? Deadlock.In(world) : null;
            return false;
        }
        // The last that is tried is made, whether it leads to a known state or not.
        for (int tried = 0; ; tried++)
        {
            int choice = Choose(tried);
            (_enabled[tried], _enabled[choice]) = (_enabled[choice], _enabled[tried]);
            next.CopyFrom(world);
            try
            {
                next.Apply(_enabled[tried]);
                violation = _worlds.ViolationIn(next);
            }
            catch (Exception thrown) when (thrown is not OutOfMemoryException)
            {
                violation = _options.Target is null or HistoricSpec.Expectations ? Violation.Of(thrown) : null;
                if (violation is null)
                    return false;
            }
            bool isNew = violation is null && (_visited.Count >= _mostRemembered || _visited.Add(next.Identity(), 0, default, out _));
            if (violation is null && !isNew && tried < _enabled.Count - 1)
                continue;
            _transitions++;
            _coverage.Kinds[(int)_enabled[tried].Kind]++;
            way.Add(_enabled[tried]);
            world.CopyFrom(next);
            return violation is null;
        }
    }

    // By transition, drawn anew for each walk.
    private readonly Dictionary<Transition, double> _weights = [];

    /// <summary>Chooses among the transitions that were not tried. Each walk gives each transition a weight of its own, between 1 and
    /// 1/1024: with equal weights, nobody would ever be late by more than a few steps.</summary>
    private int Choose(int tried)
    {
        double all = 0;
        for (int i = tried; i < _enabled.Count; i++)
            all += WeightOf(_enabled[i]);
        double drawn = _random.NextDouble() * all;
        for (int i = tried; i < _enabled.Count - 1; i++)
        {
            drawn -= WeightOf(_enabled[i]);
            if (drawn < 0)
                return i;
        }
        return _enabled.Count - 1;
    }

    private double WeightOf(Transition transition)
    {
        if (!_weights.TryGetValue(transition, out double weight))
            _weights[transition] = weight = Math.Pow(2, -10 * _random.NextDouble());
        return weight;
    }

    private static class HashCode
    {
        // The same on every machine.
        internal static int Of(int seed, int member) => unchecked((seed * 7919 + member) * 104729 + 12345) & int.MaxValue;
    }
}
