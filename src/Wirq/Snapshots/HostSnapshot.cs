using Wirq.Events;
using Wirq.State;

namespace Wirq.Snapshots;

/// <summary>What the snapshots of a fabric and of a host have in common.</summary>
internal static class HostSnapshot
{
    /// <summary>The latest virtual time of a snapshot, in ns.</summary>
    internal const long MaxTime = 1L << 61;

    /// <summary>Moves virtual time. Who reads goes on at the saved time, or at its own if that is later.</summary>
    internal static void MoveTime(Fields f, EventBuffer events)
    {
        f.Saved = f.Number("now", f.Saved ?? events.Now, 0, MaxTime);
        f.Now = events.Now = f.IsReading ? Math.Max(f.Saved.Value, f.NotBefore) : events.Now;
    }

    /// <summary>Throws if effects wait: one under way is in nobody's state.</summary>
    internal static void DemandRest(EventBuffer events)
    {
        if (!events.IsEmpty)
            throw new InvalidOperationException($"{events.Count} events wait: take them first; a snapshot holds a host at rest");
    }
}
