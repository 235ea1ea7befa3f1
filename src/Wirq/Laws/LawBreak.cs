using Wirq.Events;
using Wirq.State;

namespace Wirq.Laws;

/// <summary>The first time that a law was broken.</summary>
/// <param name="Code">The way in which it was broken; a number of the law's own, never 0.</param>
/// <param name="Event">The event at which it showed. If something should have happened and did not, that is
/// <see cref="EventKind.Rest"/>.</param>
/// <param name="First">Datum of the law's own.</param>
/// <param name="Second">Datum of the law's own.</param>
public readonly record struct LawBreak(ulong Code, Event Event, ulong First, ulong Second) : IState
{
    /// <summary>Virtual time, in nanoseconds.</summary>
    public long Time => Event.Time;

    /// <summary>Its canonical form in an identity. The time of the break does not affect what the machine will do, and
    /// neither does which translation or owner it was.</summary>
    internal LawBreak Canonical => this with
    {
        Event = (Event.Kind == EventKind.VirqInjected
            ? (VirqInjected.Of(Event) with { Generation = 0, Owner = 0 }).ToEvent() : Event) with { Time = 0 },
    };
}
