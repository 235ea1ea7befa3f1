using Wirq.Events;

namespace Wirq.Board.Machine;

/// <summary>Counts what <see cref="BoardCounts"/> has, and keeps it at each mark. The newest mark of a number replaces the one
/// before.</summary>
/// <remarks>Events come one at a time; devices and marks on any thread. A device counts before it writes its eventfd, so no guest
/// can have handled more than was counted.</remarks>
internal sealed class BoardCounter
{
    // A guest writes the marks, so there are few.
    internal const int Marks = 16;

    private readonly Lock _lock = new();
    private readonly BoardCounts?[] _marks = new BoardCounts?[Marks];
    private readonly Dictionary<(int Unit, ulong First, ulong Last), (long Count, long Touched)> _ranges = [];
    private readonly Dictionary<(int Unit, ushort Requester, byte Reason, ushort Entry, bool Recorded), long> _faults = [];
    private readonly Dictionary<(int Source, int Gsi), long> _lines = [];
    private readonly Dictionary<(ushort Requester, int Vector), long> _messages = [];
    private Func<int, string> _label = _ => "";
    private long _commits, _misses, _invalidations, _touched;

    /// <summary>The counts at each mark by its number, and last those until now.</summary>
    internal IReadOnlyList<BoardCounts> All
    {
        get
        {
            lock (_lock)
                return [.. _marks.OfType<BoardCounts>(), Now(null)];
        }
    }

    internal void Begin(Func<int, string> label) => _label = label;

    /// <summary>Keeps the counts as they are now.</summary>
    internal void Mark(byte number)
    {
        lock (_lock)
            _marks[number % Marks] = Now((byte)(number % Marks));
    }

    /// <summary>A device is about to write the eventfd of a vector.</summary>
    internal void Sending(ushort requester, int vector)
    {
        lock (_lock)
            Add(_messages, (requester, vector));
    }

    internal void Observe(in Event happened)
    {
        switch (happened.Kind)
        {
            case EventKind.SourceRaised:
                SourceChanged raised = SourceChanged.Of(happened);
                lock (_lock)
                    Add(_lines, (raised.Source, raised.Gsi));
                break;
            case EventKind.VirqTriggered:
                lock (_lock)
                    _misses++;
                break;
            case EventKind.RoutesCommitted:
                lock (_lock)
                    _commits++;
                break;
            case EventKind.RemapInvalidationDone:
                lock (_lock)
                    Invalidated(RemapInvalidation.Of(happened));
                break;
            case EventKind.RemapFaulted:
                RemapFaulted fault = RemapFaulted.Of(happened);
                lock (_lock)
                    Add(_faults, (fault.Unit, fault.Requester, (byte)fault.Reason, fault.Entry, !fault.Suppressed && !fault.Lost));
                break;
        }
    }

    private void Invalidated(RemapInvalidation done)
    {
        _invalidations++;
        _touched += done.Touched;
        (int, ulong, ulong) key = (done.Unit, done.First, done.Last);
        if (_ranges.TryGetValue(key, out (long Count, long Touched) known) || _ranges.Count < BoardCounts.MostRows)
            _ranges[key] = (known.Count + 1, known.Touched + done.Touched);
    }

    private static void Add<TKey>(Dictionary<TKey, long> counts, TKey key) where TKey : notnull
    {
        // A guest chooses the entries of its faults.
        if (counts.TryGetValue(key, out long known) || counts.Count < BoardCounts.MostRows)
            counts[key] = known + 1;
    }

    private BoardCounts Now(byte? mark) => new(mark, _commits, _misses, _invalidations, _touched,
        [.. _ranges.OrderBy(each => each.Key).Select(each => new InvalidatedRange(each.Key.Unit, each.Key.First, each.Key.Last, each.Value.Count, each.Value.Touched))],
        [.. _faults.OrderBy(each => each.Key).Select(each => new BlockedMessage(each.Key.Unit, each.Key.Requester, each.Key.Reason, each.Key.Entry, each.Key.Recorded, each.Value))],
        [.. _lines.OrderBy(each => each.Key).Select(each => new RaisedLine(_label(each.Key.Source), each.Key.Gsi, each.Value))],
        [.. _messages.OrderBy(each => each.Key).Select(each => new SentMessages(each.Key.Requester, each.Key.Vector, each.Value))]);
}
