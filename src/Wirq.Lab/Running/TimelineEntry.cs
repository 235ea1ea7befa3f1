using System.Runtime.CompilerServices;
using Wirq.Events;
using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Running;

/// <summary>One line of a timeline: a step of the scenario, what followed from it, or what was not as the scenario
/// expects.</summary>
/// <param name="Time">Virtual time in ns.</param>
/// <param name="Step">The step, or null.</param>
/// <param name="Event">The event, where there is neither a step nor a note.</param>
/// <param name="Note">What was not as expected, or null.</param>
public readonly record struct TimelineEntry(long Time, Step? Step, Event Event, string? Note = null)
{
    /// <summary>What came of the step.</summary>
    internal StepOutcome Outcome { get; init; }

    /// <summary>It in words.</summary>
    public string Text => Note ?? (Step is null ? EventText.Describe(Event) : Step.Text + Outcome.Text);

    /// <summary>Whether another entry says the same, at whatever time.</summary>
    internal bool SaysWhat(in TimelineEntry other) => ReferenceEquals(Step, other.Step) && Outcome == other.Outcome && Note == other.Note
        && (Event with { Time = 0 }) == (other.Event with { Time = 0 });

    /// <summary>A hash of what it says, apart from the outcome.</summary>
    internal int Hash() => Step is not null ? RuntimeHelpers.GetHashCode(Step) : Note is not null ? Note.GetHashCode(StringComparison.Ordinal)
        : HashCode.Combine((int)Event.Kind | Event.Unit << 16, Event.Index, Event.A, Event.B);
}
