using Wirq.Events;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Running;

/// <summary>The steps and events of a world: the beginning and the end, with repeated parts kept once. Text is only
/// made when it is read.</summary>
/// <remarks>The timeline is split into parts: a part begins when a CPU takes an interrupt, and when a step of the
/// scenario begins. At the end of a part, the last few parts are compared with those before them, without their times.
/// So a storm is kept as one repetition and a count, and memory is bounded.</remarks>
internal sealed class Timeline
{
    /// <summary>The approximate number of entries that are kept of the beginning, and the same number of the
    /// end.</summary>
    public const int Capacity = 2048;

    private const int LongestPart = 1024, MostParts = 32, HashFactor = 31;

    private readonly List<TimelinePart> _beginning = [], _end = [];
    private readonly List<TimelineEntry> _current = [];
    private int _hash, _lastStep = -1;
    private int _keptOfBeginning, _keptOfEnd;

    /// <summary>Whether entries are kept.</summary>
    internal bool IsKept { get; init; } = true;

    /// <summary>The number of entries between <see cref="Beginning"/> and <see cref="End"/> that were
    /// dropped.</summary>
    public long Dropped { get; private set; }

    /// <summary>The first entries, oldest first.</summary>
    public IReadOnlyList<TimelinePart> Beginning
    {
        get
        {
            Cut();
            return _beginning;
        }
    }

    /// <summary>The last entries, oldest first; empty if the beginning contains all.</summary>
    public IReadOnlyList<TimelinePart> End
    {
        get
        {
            Cut();
            return _end;
        }
    }

    internal void Add(in Event happened)
    {
        if (!IsKept || happened.Kind is EventKind.Rest or EventKind.SourceConnected)
            return;
        Add(new TimelineEntry(null, happened), (int)happened.Kind, begins: happened.Kind == EventKind.VectorTaken);
    }

    internal void Add(Step step, long now, bool ofScenario)
    {
        Add(new TimelineEntry(step, At(now)), step.At.Line, begins: ofScenario);
        _lastStep = _current.Count - 1;
    }

    /// <summary>Adds the outcome of the last step.</summary>
    internal void Add(StepOutcome outcome)
    {
        if (_lastStep < 0)
            return;
        _current[_lastStep] = _current[_lastStep].With(outcome);
    }

    internal void Add(string note, long now) => Add(new TimelineEntry(null, At(now), note), note.Length, begins: false);

    private static Event At(long now) => new(EventKind.None) { Time = now };

    internal void Clear()
    {
        _beginning.Clear();
        _end.Clear();
        _current.Clear();
        (_hash, _lastStep, _keptOfBeginning, _keptOfEnd, Dropped) = (0, -1, 0, 0, 0);
    }

    private void Add(in TimelineEntry entry, int hash, bool begins)
    {
        if (!IsKept)
            return;
        if (begins || _current.Count == LongestPart)
            Cut();
        _current.Add(entry);
        _hash = _hash * HashFactor + hash;
    }

    private void Cut()
    {
        if (_current.Count == 0)
            return;
        bool begins = _keptOfBeginning < Capacity;
        List<TimelinePart> parts = begins ? _beginning : _end;
        // A part that repeats the previous one is only counted.
        if (parts is [.., { Parts: [var alone] } group] && alone.SaysWhat(_current, _hash))
        {
            group.Repeat();
            _current.Clear();
            (_hash, _lastStep) = (0, -1);
            return;
        }
        parts.Add(new TimelinePart([.. _current], _hash));
        _current.Clear();
        (_hash, _lastStep) = (0, -1);
        int kept = parts[^1].Kept - Fold(parts);
        if (begins)
            _keptOfBeginning += kept;
        else
            DropOldest(kept);
    }

    private void DropOldest(int kept)
    {
        _keptOfEnd += kept;
        if (_keptOfEnd < 2 * Capacity)
            return;
        int first = 0;
        while (_keptOfEnd > Capacity && first < _end.Count - 1)
        {
            Dropped += _end[first].Length;
            _keptOfEnd -= _end[first++].Kept;
        }
        _end.RemoveRange(0, first);
    }

    /// <summary>Folds the last parts if they repeat earlier ones.</summary>
    /// <returns>The number of entries that are not needed any more.</returns>
    private static int Fold(List<TimelinePart> parts)
    {
        int saved = 0;
        for (int count = 1; count <= MostParts && count < parts.Count; count++)
        {
            if (!Continues(parts, count) && !Repeats(parts, count))
                continue;
            saved += parts.TakeLast(count).Sum(part => part.Kept);
            parts.RemoveRange(parts.Count - count, count);
            // A group that is new or has grown may itself be a repetition.
            count = 0;
        }
        return saved;
    }

    /// <summary>Counts the last parts if they are one more repetition of the group before them.</summary>
    private static bool Continues(List<TimelinePart> parts, int count)
    {
        TimelinePart group = parts[^(count + 1)];
        if (group.Parts.Count != count)
            return false;
        for (int i = 0; i < count; i++)
        {
            if (!group.Parts[i].SaysWhat(parts[parts.Count - count + i]))
                return false;
        }
        group.Repeat();
        return true;
    }

    /// <summary>Makes a group of the parts before the last ones, if the last ones repeat them.</summary>
    private static bool Repeats(List<TimelinePart> parts, int count)
    {
        int first = parts.Count - 2 * count;
        if (first < 0)
            return false;
        for (int i = count - 1; i >= 0; i--)
        {
            if (!parts[first + i].SaysWhat(parts[first + count + i]))
                return false;
        }
        parts[first] = new TimelinePart([.. parts.Skip(first).Take(count)], times: 2);
        parts.RemoveRange(first + 1, count - 1);
        return true;
    }
}
