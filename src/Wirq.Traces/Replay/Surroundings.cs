using Wirq.Events;
using Wirq.Traces.Qemu;

namespace Wirq.Traces.Replay;

/// <summary>The last lines and events, for reports of a difference.</summary>
internal sealed class Surroundings
{
    private const int Lines = 8, Events = 24, LinesAfter = 4;

    private readonly TraceLine[] _lines = new TraceLine[Lines];
    private readonly (long Line, Event Happened)[] _events = new (long, Event)[Events];
    private readonly List<string> _after = [];
    private long _lineCount, _eventCount;
    private Mismatch? _watched;
    private bool _done;

    /// <summary>Whether they are kept at all. If not, nobody need note any.</summary>
    internal bool Kept { get; init; } = true;

    private long Current => _lineCount == 0 ? 0 : _lines[(_lineCount - 1) % Lines].Number;

    internal void Note(in TraceLine line)
    {
        if (_done)
            return;
        _lines[_lineCount++ % Lines] = line;
        if (_watched is null)
            return;
        _after.Add(Show(line));
        if (_after.Count == LinesAfter)
            Finish();
    }

    internal void Note(in Event happened)
    {
        if (!_done)
            _events[_eventCount++ % Events] = (Current, happened);
    }

    /// <summary>Adds the lines and events before a mismatch to it; later lines are added when they come.</summary>
    internal void Attach(Mismatch mismatch)
    {
        if (!Kept)
            return;
        _watched = mismatch;
        mismatch.LogAround = [.. Recent(_lines, _lineCount).Select(line => Show(line))];
        mismatch.EventsAround = [.. Recent(_events, _eventCount)
            .Select(pair => $"{pair.Line}: {EventText.Describe(pair.Happened)}")];
    }

    /// <summary>The log has ended, so no more lines are added.</summary>
    internal void Finish()
    {
        if (_watched is not null)
            _watched.LogAround = [.. _watched.LogAround, .. _after];
        // Only the first difference has them.
        _done = _watched is not null;
        _watched = null;
    }

    private static string Show(in TraceLine line) => $"{line.Number}: {LineText.Of(line)}";

    private static IEnumerable<T> Recent<T>(T[] ring, long count)
    {
        for (long at = Math.Max(0, count - ring.Length); at < count; at++)
            yield return ring[at % ring.Length];
    }
}
