using Wirq.Events;
using Wirq.Laws;
using Wirq.State;
using Wirq.Traces.Recordings;

namespace Wirq.Board.Machine;

/// <summary>Watches a board while it runs: checks the laws, records, and keeps what led to the first law that
/// broke.</summary>
/// <remarks>Hand <see cref="Begin"/> to <see cref="BoardOptions.Observe"/>. Events come one at a time; read the rest once the
/// board is disposed.</remarks>
public sealed class BoardWatch : IDisposable
{
    /// <summary>How many events of a story are kept.</summary>
    public const int StoryEvents = 64;

    private readonly string _subject;
    private readonly Func<Stream>? _record;
    private readonly Event[] _latest = new Event[StoryEvents];
    private RecordingWriter? _writer;
    private LawSet? _laws;
    private Event[] _story = [];

    /// <summary>Makes a watch.</summary>
    /// <param name="subject">What is watched, for the recording's header.</param>
    /// <param name="record">Opens the file to record to; null for none.</param>
    public BoardWatch(string subject, Func<Stream>? record = null) => (_subject, _record) = (subject, record);

    /// <summary>The laws; empty before the board is built.</summary>
    public IReadOnlyList<Law> Laws => _laws?.Laws ?? [];

    /// <summary>How many events came.</summary>
    public long Count { get; private set; }

    /// <summary>The latest events up to the first break of a law, oldest first; empty where none broke.</summary>
    public IReadOnlyList<Event> Story => _story;

    /// <summary>Called as the board is built.</summary>
    /// <exception cref="IOException">The recording cannot be written.</exception>
    public Action<Event> Begin(Fabric fabric)
    {
        ArgumentNullException.ThrowIfNull(fabric);
        if (_record is not null)
            _writer = new RecordingWriter(_record(), new RecordingHeader { Subject = _subject, Machine = fabric.Options });
        _laws = new LawSet(fabric.Options, fabric.Gsis, new StateArena());
        return Observe;
    }

    /// <summary>Ends the recording, once the board is disposed: nothing was left out. Without it the recording is one of a run
    /// that was cut off.</summary>
    public void Complete() => _writer?.Complete();

    /// <summary>Closes the recording.</summary>
    public void Dispose() => _writer?.Dispose();

    private void Observe(Event happened)
    {
        // At each rest there is nothing to tell, and nothing to a reader.
        if (happened.Kind is not (EventKind.Rest or EventKind.TimeAdvanced))
            _latest[(int)(Count++ % StoryEvents)] = happened;
        _writer?.Write(happened);
        _laws!.Observe(happened);
        if (_story.Length == 0 && happened.Kind is not EventKind.TimeAdvanced && Broken())
            _story = Latest();
    }

    private bool Broken()
    {
        foreach (Law law in _laws!.Laws)
        {
            if (law.Break is not null)
                return true;
        }
        return false;
    }

    private Event[] Latest()
    {
        int count = (int)Math.Min(Count, StoryEvents);
        var latest = new Event[count];
        for (int i = 0; i < count; i++)
            latest[i] = _latest[(int)((Count - count + i) % StoryEvents)];
        return latest;
    }
}
