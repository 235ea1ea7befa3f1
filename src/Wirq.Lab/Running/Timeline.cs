using Wirq.Events;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Running;

/// <summary>One line of a timeline: a step of the scenario, or what followed from it.</summary>
/// <param name="Time">Virtual time in ns.</param>
/// <param name="Step">The step, or null.</param>
/// <param name="Event">The event, where there is no step.</param>
public readonly record struct TimelineEntry(long Time, Step? Step, Event Event)
{
    /// <summary>It in words.</summary>
    public string Text => Step?.Text ?? EventText.Describe(Event);
}

/// <summary>The latest steps and events of a world. Text is made only when somebody reads it.</summary>
public sealed class Timeline
{
    /// <summary>How many entries are kept.</summary>
    public const int Capacity = 512;

    private readonly Queue<TimelineEntry> _entries = new(Capacity);

    /// <summary>How many older entries were dropped.</summary>
    public long Dropped { get; private set; }

    /// <summary>What is kept, oldest first.</summary>
    public IReadOnlyCollection<TimelineEntry> Entries => _entries;

    internal void Add(in Event happened)
    {
        if (happened.Kind is not (EventKind.Rest or EventKind.SourceConnected))
            Add(new TimelineEntry(happened.Time, null, happened));
    }

    internal void Add(Step step, long now) => Add(new TimelineEntry(now, step, default));

    internal void Clear()
    {
        _entries.Clear();
        Dropped = 0;
    }

    private void Add(TimelineEntry entry)
    {
        if (_entries.Count == Capacity)
        {
            _entries.Dequeue();
            Dropped++;
        }
        _entries.Enqueue(entry);
    }
}
