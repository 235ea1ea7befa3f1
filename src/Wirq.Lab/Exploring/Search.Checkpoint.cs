using System.Diagnostics;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Exploring;

/// <content>Stopping, and going on later.</content>
internal sealed partial class Search
{
    private static readonly TimeSpan s_saveEvery = TimeSpan.FromMinutes(1);
    private long _saved;
    private string? _unsaved;

    private Step[]? _stepsOfScenario;
    private Step[] StepsInOrder => _stepsOfScenario ??= [.. Vacuity.StepsOf(_scenario)];

    /// <summary>Writes the search, if that is wanted and a minute has gone since the last time.</summary>
    private void SaveNowAndThen()
    {
        if (Stopwatch.GetElapsedTime(_saved) >= s_saveEvery)
            Save();
    }

    /// <summary>Writes the search, if that is wanted. Where it cannot be written, it goes on: its answer is worth more.</summary>
    private void Save()
    {
        if (_options.Checkpoint is null)
            return;
        try
        {
            Write(_options.Checkpoint);
            _unsaved = null;
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            _unsaved = bad.Message;
        }
        _saved = Stopwatch.GetTimestamp();
    }

    private void Write(string path)
    {
        Coverage coverage = CoverageSoFar();
        new Checkpoint
        {
            Fingerprint = Checkpoint.FingerprintOf(_expanders[0].Root, _design, _options),
            Numbers = [_visited.Count, _expanded, _depth, _level.First, _level.Count, _transitions, _ends, 0, 0],
            Kinds = _kinds,
            Judgements = [.. _expanders[0].Root.Laws.Laws.Select(law => coverage.Laws.GetValueOrDefault(law.Name))],
            Ran = [.. StepsInOrder.Select(step => coverage.Steps.Contains(step) ? (byte)1 : (byte)0)],
        }.Write(path, _visited, _edges);
    }

    /// <summary>Takes up a search that was stopped.</summary>
    private void Resume(string path)
    {
        World root = _expanders[0].Root;
        var read = Checkpoint.Read(path, Checkpoint.FingerprintOf(root, _design, _options), _kinds.Length, root.Laws.Laws.Count, StepsInOrder.Length, _visited, _edges);
        (_expanded, _depth, _transitions, _ends) = (read.Numbers[1], (int)read.Numbers[2], read.Numbers[5], read.Numbers[6]);
        read.Kinds.CopyTo(_kinds, 0);
        for (int law = 0; law < read.Judgements.Length; law++)
            _before.Laws[root.Laws.Laws[law].Name] = read.Judgements[law];
        for (int step = 0; step < read.Ran.Length; step++)
        {
            if (read.Ran[step] != 0)
                _before.Steps.Add(StepsInOrder[step]);
        }
        long endOfLevel = read.Numbers[3] + read.Numbers[4];
        _level.First = _expanded;
        using var maker = new Replayer(_scenario, _design, _visited);
        byte[] packed = new byte[Math.Max(1 << 12, root.Arena.Length * 2 + (1 << 16))];
        for (long number = _expanded; number < _visited.Count; number++)
        {
            World world = maker.At(number);
            if (packed.Length < world.PackedMost)
                packed = new byte[world.PackedMost];
            (number < endOfLevel ? _level : _nextLevel).Add(packed.AsSpan(0, world.Pack(root, _pool, packed)));
        }
        if (_level.Count == 0 && _nextLevel.Count > 0)
            EndLevel();
        else
            Divide();
    }

    /// <summary>Makes worlds again from the transitions that led to them. Neighbours share their parent mostly.</summary>
    private sealed class Replayer : IDisposable
    {
        private readonly VisitedSet _visited;
        private readonly World _root, _parent, _world;
        private readonly Stack<Transition> _way = new();
        private long _parentNumber = -1;

        internal Replayer(Scenario scenario, string? design, VisitedSet visited)
        {
            _visited = visited;
            _root = Expander.Make(scenario, design);
            _parent = Expander.Make(scenario, design);
            _world = Expander.Make(scenario, design);
            _world.PreparePacking();
        }

        internal World At(long number)
        {
            if (number == 0)
            {
                _world.CopyFrom(_root);
                return _world;
            }
            Visited one = _visited[number];
            if (one.Parent != _parentNumber)
            {
                _parentNumber = one.Parent;
                for (long state = one.Parent; state != 0; state = _visited[state].Parent)
                    _way.Push(_visited[state].Action.Transition);
                _parent.CopyFrom(_root);
                while (_way.TryPop(out Transition transition))
                    _parent.Apply(transition);
            }
            _world.CopyFrom(_parent);
            _world.Apply(one.Action.Transition);
            return _world;
        }

        public void Dispose()
        {
            _root.Dispose();
            _parent.Dispose();
            _world.Dispose();
        }
    }
}
