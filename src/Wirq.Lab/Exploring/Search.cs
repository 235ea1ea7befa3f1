using System.Diagnostics;
using System.Globalization;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <summary>A breadth-first search of all states of a world.</summary>
/// <remarks>Level by level. Workers find what follows from runs of states (<see cref="Chunk"/>), and the runs are merged in the order
/// of their states. So states have the same numbers, parents and order as in a search by one worker: verdict, counts and story do not
/// depend on the workers.</remarks>
internal sealed partial class Search : IDisposable
{
    private const int MostOfChunk = 256, LeastOfChunk = 8, ChunksOfWorker = 4;
    // A chunk of large worlds is short, so that what waits to be merged stays small.
    private const int BytesOfChunk = 1 << 22;
    private readonly ExploreOptions _options;
    private readonly Scenario _scenario;
    private readonly string? _design;
    private readonly int _workers;
    private readonly object _gate = new();
    private const int LargeWorld = 1 << 17;
    private readonly long _mostBytes;
    private readonly Segments _memory;
    private readonly VisitedSet _visited;
    private readonly PackPool _pool = new();
    private readonly EdgeList? _edges;
    private readonly Expander[] _expanders;
    private readonly Chunk?[] _done;
    // What was covered before a search that was stopped and goes on.
    private readonly Coverage _before = new();
    private readonly Stack<Chunk> _spare = new();
    private readonly long[] _judged;
    private readonly long[] _kinds = new long[Enum.GetValues<TransitionKind>().Length];
    private Frontier _level, _nextLevel;
    private int _chunkSize, _chunks, _taken, _merged, _depth;
    private long _transitions, _ends, _frontierBytes, _expanded;
    private long _started;
    private bool _over;
    private Violation? _violation;
    private (long From, ActionCode Action) _violating;
    private string? _bound;
    private Exception? _failure;

    /// <summary>Prepares a search.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="design">The historic design; null for none.</param>
    /// <param name="options">How.</param>
    internal Search(Scenario scenario, string? design, ExploreOptions options)
    {
        (_scenario, _design, _options) = (scenario = Expander.Compact(scenario), design, options);
        _workers = options.Workers > 0 ? options.Workers : Environment.ProcessorCount;
        // Without a bound, half of what the process may have: the search ends with an answer, and not with the process.
        _mostBytes = options.MaxBytes > 0 ? options.MaxBytes : GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
        _memory = new Segments(options.DiskFolder, _mostBytes / 4 * 3);
        _visited = new VisitedSet(_memory);
        (_level, _nextLevel) = (new Frontier(_memory), new Frontier(_memory));
        _expanders = new Expander[_workers];
        for (int i = 0; i < _workers; i++)
            _expanders[i] = new Expander(scenario, design, options, _visited, _pool, i == 0 ? null : _expanders[0]);
        if (!_expanders[0].CanPack)
            throw new WorldException("the machine is too large to be explored: its state needs more than 32 MB");
        _judged = new long[_expanders[0].Root.Laws.Laws.Count];
        _done = new Chunk?[_workers * ChunksOfWorker];
        _edges = options.SearchesLivelocks ? new EdgeList(_memory) : null;
    }

    internal VisitedSet Visited => _visited;

    internal EdgeList? Edges => _edges;

    public void Dispose()
    {
        foreach (Expander expander in _expanders)
            expander.Dispose();
        _memory.Dispose();
    }

    /// <summary>Runs it.</summary>
    internal Exploration Run()
    {
        _started = Stopwatch.GetTimestamp();
        if (Begin())
        {
            var threads = new Thread[_workers - 1];
            for (int i = 0; i < threads.Length; i++)
            {
                Expander expander = _expanders[i + 1];
                threads[i] = new Thread(() => Work(expander)) { IsBackground = true, Name = "explore" };
                threads[i].Start();
            }
            Work(_expanders[0]);
            foreach (Thread thread in threads)
                thread.Join();
        }
        if (_failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
        return Result();
    }

    private Exploration Result()
    {
        if (_violation is null)
            Save();
        Coverage coverage = CoverageSoFar();
        var result = new Exploration
        {
            End = _violation is not null ? SearchEnd.Violated : _bound is not null ? SearchEnd.Bound : SearchEnd.Complete,
            Violation = _violation,
            Way = _violation is null ? [] : WayTo(_violating.From, _violating.Action),
            Bound = _bound,
            States = _visited.Count,
            Transitions = _transitions,
            Depth = _depth,
            Ends = _ends,
            VisitedBytes = _visited.Bytes,
            FrontierBytes = _frontierBytes,
            DiskBytes = _memory.OnDisk,
            EdgeBytes = _edges?.Bytes ?? 0,
            Coverage = coverage,
            Unsaved = _unsaved,
        };
        if (_edges is not null && result.End == SearchEnd.Complete && _options.Target is null)
        {
            result = result with { SearchedLivelocks = true };
            if (Livelock.Find(_edges, _visited.Count) is { } livelock)
            {
                Transition[] way = [.. WayTo(livelock.State, default).SkipLast(1), .. livelock.Cycle.Select(action => action.Transition)];
                result = result with { End = SearchEnd.Violated, Violation = livelock.Violation, Way = way, Repeats = livelock.Cycle.Count };
            }
        }
        return result with { Elapsed = Stopwatch.GetElapsedTime(_started) };
    }

    private Coverage CoverageSoFar()
    {
        var coverage = new Coverage { Kinds = _kinds };
        coverage.Add(_before);
        for (int law = 0; law < _judged.Length; law++)
            coverage.Laws[_expanders[0].Root.Laws.Laws[law].Name] = coverage.Laws.GetValueOrDefault(_expanders[0].Root.Laws.Laws[law].Name) + _judged[law];
        foreach (Expander expander in _expanders)
            coverage.Steps.UnionWith(expander.Steps);
        return coverage;
    }

    /// <summary>The transitions to a state, and one more.</summary>
    private Transition[] WayTo(long state, ActionCode last)
    {
        var way = new Stack<Transition>();
        way.Push(last.Transition);
        for (; state != 0; state = _visited[state].Parent)
            way.Push(_visited[state].Action.Transition);
        return [.. way];
    }

    /// <summary>Adds the first state.</summary>
    /// <returns>Whether there is more to do.</returns>
    private bool Begin()
    {
        World root = _expanders[0].Root;
        _saved = Stopwatch.GetTimestamp();
        if (_options.Checkpoint is { } file && File.Exists(file))
        {
            Resume(file);
            return !_over && _level.Count > 0;
        }
        _violation = _expanders[0].ViolationIn(root);
        _visited.Add(root.Identity(), 0, default, out _);
        if (_violation is not null)
            return false;
        byte[] packed = new byte[Math.Max(1 << 12, root.Arena.Length * 2 + (1 << 16))];
        _level.Add(packed.AsSpan(0, root.Pack(root, _pool, packed)));
        Divide();
        return true;
    }

    private void Divide()
    {
        _chunkSize = Math.Clamp(_level.Count / (_workers * ChunksOfWorker), 1, Math.Clamp(BytesOfChunk / _expanders[0].Root.Arena.Length, LeastOfChunk, MostOfChunk));
        (_chunks, _taken, _merged) = ((_level.Count + _chunkSize - 1) / _chunkSize, 0, 0);
    }

    private void Work(Expander expander)
    {
        try
        {
            while (TryTake(out Chunk? chunk, out int number))
            {
                expander.Expand(_level, chunk);
                lock (_gate)
                {
                    _done[number % _done.Length] = chunk;
                    MergeDone();
                    Monitor.PulseAll(_gate);
                }
            }
        }
        catch (Exception failed)
        {
            lock (_gate)
            {
                (_failure, _over) = (failed, true);
                Monitor.PulseAll(_gate);
            }
        }
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Chunk? chunk, out int number)
    {
        (chunk, number) = (null, 0);
        lock (_gate)
        {
            while (!_over && (_taken == _chunks || _taken - _merged >= _done.Length))
                Monitor.Wait(_gate);
            if (_over)
                return false;
            number = _taken++;
            chunk = _spare.Count > 0 ? _spare.Pop() : new Chunk();
            int first = number * _chunkSize;
            chunk.Begin(first, Math.Min(_chunkSize, _level.Count - first));
            return true;
        }
    }

    private void MergeDone()
    {
        while (!_over && _merged < _chunks && _done[_merged % _done.Length] is { } chunk)
        {
            _done[_merged % _done.Length] = null;
            Merge(chunk);
            _spare.Push(chunk);
            _merged++;
        }
        if (!_over && _merged == _chunks)
            EndLevel();
    }

    private void Merge(Chunk chunk)
    {
        int outcome = 0, merged = -1;
        for (int i = 0; i < chunk.Count; i++)
        {
            if (_bound is null && ReachedBound() is { } bound)
            {
                (_bound, _over) = (bound, true);
                break;
            }
            long from = _level.First + chunk.First + i;
            int end = chunk.Ends[i];
            for (; outcome < end; outcome++)
            {
                if (Merge(chunk, chunk.Outcomes[outcome], from))
                    continue;
                // The violation was judged too.
                CountJudgements(chunk, i);
                return;
            }
            _edges?.EndState();
            _expanded++;
            merged = i;
        }
        CountJudgements(chunk, merged);
    }

    private void CountJudgements(Chunk chunk, int last)
    {
        for (int law = 0; last >= 0 && law < _judged.Length; law++)
            _judged[law] += chunk.Judged[last * _judged.Length + law];
    }

    private bool Merge(Chunk chunk, Outcome outcome, long from)
    {
        _transitions++;
        _kinds[(int)outcome.Action.Kind]++;
        switch (outcome.Candidate)
        {
            case Outcome.Violating:
                (_violation, _violating, _over) = (chunk.Violation, (from, outcome.Action), true);
                _depth++;
                return false;
            case Outcome.Nowhere:
                return true;
            case < 0:
                _edges?.Add(new Edge(outcome.Number, outcome.Action));
                return true;
        }
        ref Candidate candidate = ref chunk.Candidates[outcome.Candidate];
        if (candidate.Number < 0 && _visited.Add(candidate.Identity, (uint)from, outcome.Action, out candidate.Number))
        {
            _nextLevel.Add(chunk.Packed.AsSpan(candidate.At, candidate.Length));
            if (candidate.IsEnd)
                _ends++;
        }
        _edges?.Add(new Edge((uint)candidate.Number, outcome.Action));
        return true;
    }

    private void EndLevel()
    {
        NoteFrontier();
        if (_nextLevel.Count == 0)
        {
            _over = true;
            return;
        }
        if (++_depth >= _options.MaxDepth)
        {
            (_bound, _over) = (string.Create(CultureInfo.InvariantCulture, $"a depth of {_options.MaxDepth:#,0}"), true);
            return;
        }
        long first = _level.First + _level.Count;
        (_level, _nextLevel) = (_nextLevel, _level);
        _level.First = first;
        _nextLevel.Clear();
        Divide();
        SaveNowAndThen();
    }

    private void NoteFrontier() => _frontierBytes = Math.Max(_frontierBytes, _level.Bytes + _nextLevel.Bytes + _pool.Bytes);

    private long Bytes => _memory.Held + _visited.TableBytes + _pool.Bytes;

    private string? ReachedBound()
    {
        if (_visited.Count >= _options.MaxStates)
            return string.Create(CultureInfo.InvariantCulture, $"{_options.MaxStates:#,0} states");
        // Time and memory are looked at now and then.
        if ((_expanded & 255) != 0 && _expanders[0].Root.Arena.Length < LargeWorld)
            return null;
        if (_memory.Refusal is { } refusal)
            return $"what {_options.DiskFolder} can hold: {refusal}";
        if (Bytes >= _mostBytes)
            return string.Create(CultureInfo.InvariantCulture, $"{_mostBytes:#,0} bytes of memory");
        if (_options.MaxTime is { } time && Stopwatch.GetElapsedTime(_started) >= time)
            return string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
        if (_options.CalledOff?.Invoke() == true)
            return "a stop that was requested";
        _options.Progress?.Invoke(new ExploreProgress(_visited.Count, _transitions, _depth, _level.Count - (_expanded - _level.First) + _nextLevel.Count, Bytes, Stopwatch.GetElapsedTime(_started)));
        return null;
    }
}
