using Wirq.Events;
using Wirq.Laws;
using Wirq.State;
using Wirq.Traces.Recordings;

namespace Wirq.Board.Machine;

/// <summary>Observes a board while it runs: it checks the laws, records, and keeps the events that led to the first
/// break of a law.</summary>
/// <remarks>Pass <see cref="Begin"/> to <see cref="BoardOptions.Observe"/>. Events come one at a time. Read the other
/// members after the board is disposed.</remarks>
public sealed class BoardWatch : IDisposable
{
    /// <summary>The number of events of a story that are kept.</summary>
    public const int StoryEvents = 64;

    private readonly string _subject;
    private readonly Func<Stream>? _record;
    private readonly TakenVectors _taken = new();
    private readonly BoardCounter _counter = new();
    private readonly Event[] _latest = new Event[StoryEvents];
    private RecordingWriter? _writer;
    private LawSet? _laws;
    private Fabric? _fabric;
    private Event[] _story = [];

    /// <summary>Makes a watch.</summary>
    /// <param name="subject">The name of what is observed, for the header of the recording.</param>
    /// <param name="record">Opens the file to record to; null for none.</param>
    public BoardWatch(string subject, Func<Stream>? record = null) => (_subject, _record) = (subject, record);

    /// <summary>The laws; empty before the board is built.</summary>
    public IReadOnlyList<Law> Laws => _laws?.Laws ?? [];

    /// <summary>The number of events.</summary>
    public long Count { get; private set; }

    /// <summary>The latest events up to the first break of a law, oldest first; empty if no law broke.</summary>
    public IReadOnlyList<Event> Story => _story;

    /// <summary>The vectors that CPUs took until the latest <see cref="Mark"/>; without a mark, until now. None if the local
    /// APICs are a kernel's.</summary>
    public IReadOnlyList<TakenVector> Taken => _taken.Counts;

    /// <summary>Whether there was a mark.</summary>
    public bool IsMarked => _taken.IsMarked;

    /// <summary>The counts at the latest mark of each number, and last those until now.</summary>
    public IReadOnlyList<BoardCounts> Counts => _counter.All;

    /// <summary>Keeps the counts of <see cref="Taken"/> as they are now, and those of <see cref="Counts"/> under a number. It may be
    /// called from any thread.</summary>
    /// <param name="number">The number; its low four bits count.</param>
    public void Mark(byte number)
    {
        _taken.Mark();
        _counter.Mark(number);
    }

    /// <summary>A device is about to write the eventfd of a vector; see <see cref="PcOptions.Sending"/>. It may be called from any
    /// thread.</summary>
    /// <param name="requester">Bus, device and function.</param>
    /// <param name="vector">The vector of the device.</param>
    public void Sending(ushort requester, int vector) => _counter.Sending(requester, vector);

    /// <summary>Called when the board is built.</summary>
    /// <exception cref="IOException">The recording cannot be written.</exception>
    public Action<Event> Begin(Fabric fabric)
    {
        ArgumentNullException.ThrowIfNull(fabric);
        if (_record is not null)
            _writer = new RecordingWriter(_record(), new RecordingHeader { Subject = _subject, Machine = fabric.Options });
        for (int slot = 0; slot < fabric.Options.Sources; slot++)
            _writer?.Name(slot, fabric.Lines.Label(slot));
        _taken.Begin(fabric.Options.LocalApics.Count);
        _counter.Begin(fabric.Lines.Label);
        _fabric = fabric;
        _laws = new LawSet(fabric.Options, fabric.Gsis, new StateArena());
        return Observe;
    }

    /// <summary>Marks the recording as complete; call it after the board is disposed. Without it the recording counts
    /// as cut off.</summary>
    public void Complete() => _writer?.Complete();

    /// <summary>Closes the recording.</summary>
    public void Dispose() => _writer?.Dispose();

    private void Observe(Event happened)
    {
        // These events occur at each rest, and add nothing to a story.
        if (happened.Kind is not (EventKind.Rest or EventKind.TimeAdvanced))
            _latest[(int)(Count++ % StoryEvents)] = happened;
        if (happened.Kind == EventKind.SourceConnected)
            _writer?.Name(happened.Source, _fabric!.Lines.Label(happened.Source));
        _taken.Observe(happened);
        _counter.Observe(happened);
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
