using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>An event as an identity has it: two that will be carried out alike are equal.</summary>
internal static class CanonicalEvent
{
    /// <summary>Time becomes a distance. A generation or an owner becomes whether it is the present one; of one that is not,
    /// nothing else matters. The slot of a source becomes its place (<see cref="LineTable.PlaceOf"/>).</summary>
    /// <param name="e">An event that waits, or whose call is in flight.</param>
    /// <param name="fabric">Whose.</param>
    /// <param name="now">Virtual time in ns.</param>
    internal static Event Of(in Event e, Fabric fabric, long now)
    {
        long time = e.Time - now;
        switch (e.Kind)
        {
            case EventKind.Ack:
                return fabric.Lines.IsCurrent(e.Source, (uint)e.A)
                    ? new Event(e.Kind, (ushort)fabric.Lines.PlaceOf(e.Source), e.Index, 1) { Time = time } : Stale(e, time);
            case EventKind.VirqRead:
                return IsCurrent(fabric, e.Unit, e.Index) ? new Event(e.Kind, e.Unit, 1, e.A) { Time = time } : Stale(e, time);
            case EventKind.VirqInjected:
                if (!IsCurrent(fabric, e.Unit, (uint)e.B))
                    return Stale(e, time);
                bool holds = fabric.RouteCache!.GenerationOf(e.Unit) == e.Index;
                return new Event(e.Kind, e.Unit, holds ? 1u : 0, holds ? e.A : 0, 1) { Time = time };
            case EventKind.VirqBound:
                var asked = new OwnedEventFd(e.A);
                return IsCurrent(fabric, e.Unit, asked.Owner)
                    ? new Event(e.Kind, e.Unit, e.Index, new OwnedEventFd(asked.EventFd, 1).Bits, e.B) { Time = time } : Stale(e, time);
            default:
                return new Event(e.Kind, e.Unit, e.Index, e.A, e.B) { Time = time };
        }
    }

    private static bool IsCurrent(Fabric fabric, int slot, uint owner) => fabric.RouteCache!.IsCurrent(new VirqHandle(slot, owner));

    private static Event Stale(in Event e, long time) => new(e.Kind) { Time = time };
}
