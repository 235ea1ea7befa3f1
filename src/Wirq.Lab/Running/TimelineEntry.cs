using Wirq.Events;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Running;

/// <summary>One line of a timeline: a step of the scenario, one of its consequences, or a failed expectation.</summary>
/// <param name="Step">The step, or null.</param>
/// <param name="Event">The event. For a step or a note, it has only the time, and the outcome of the step.</param>
/// <param name="Note">The failed expectation, or null.</param>
internal readonly record struct TimelineEntry(Step? Step, Event Event, string? Note = null)
{
    /// <summary>Virtual time in ns.</summary>
    public long Time => Event.Time;

    /// <summary>The outcome of the step.</summary>
    internal StepOutcome Outcome => new((StepOutcomeKind)Event.Index, Event.A);

    /// <summary>The entry as text.</summary>
    public string Text => Note ?? (Step is null ? EventText.Describe(Event) : Step.Text + Outcome.Text);

    internal TimelineEntry With(StepOutcome outcome) =>
        this with { Event = new Event(EventKind.None, 0, (uint)outcome.Kind, outcome.Value) { Time = Time } };

    /// <summary>Whether another entry is equal, except for its time.</summary>
    internal bool SaysWhat(in TimelineEntry other) => ReferenceEquals(Step, other.Step) && Event.Kind == other.Event.Kind
        && Event.Unit == other.Event.Unit && Event.Index == other.Event.Index && Event.A == other.Event.A && Event.B == other.Event.B
        && Note == other.Note;
}
