using Wirq.Events;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>The first time that a law was broken.</summary>
/// <param name="Code">In which way; a number of the law's own, never 0.</param>
/// <param name="Event">The event at which it showed. What ought to have happened and did not shows at
/// <see cref="EventKind.Rest"/>.</param>
/// <param name="First">Datum of the law's own.</param>
/// <param name="Second">Datum of the law's own.</param>
public readonly record struct LawBreak(ulong Code, Event Event, ulong First, ulong Second) : IState
{
    /// <summary>Virtual time, in nanoseconds.</summary>
    public long Time => Event.Time;

    /// <summary>It as an identity has it. When it broke has no bearing on what the machine does from here on, and neither has
    /// which translation or owner it was.</summary>
    internal LawBreak Canonical => this with
    {
        Event = (Event.Kind == EventKind.VirqInjected
            ? (VirqInjected.Of(Event) with { Generation = 0, Owner = 0 }).ToEvent() : Event) with { Time = 0 },
    };
}
