using Wirq.Events;
using Wirq.Routing;

namespace Wirq.Host;

/// <summary>The canonical form of an event in an identity. Two events that will be carried out in the same way have
/// equal forms.</summary>
/// <remarks>An event that waits is checked again when it is taken, and a stale one has no effect. A call in flight has
/// passed that check: its port receives the call as it was begun.</remarks>
internal static class CanonicalEvent
{
    /// <summary>A time becomes a distance. A generation or an owner becomes whether it is the current one; if it is
    /// not, nothing else matters. The slot of a source becomes its place (<see cref="LineTable.PlaceOf"/>).</summary>
    /// <param name="e">An event that waits.</param>
    /// <param name="fabric">The machine of the event.</param>
    /// <param name="now">Virtual time in ns.</param>
    internal static Event Of(in Event e, Fabric fabric, long now)
    {
        long time = e.Time - now;
        switch (e.Kind)
        {
            case EventKind.Ack:
                Ack ack = Ack.Of(e);
                return fabric.Lines.IsCurrent(ack.Source, ack.Generation)
                    ? (ack with { Source = fabric.Lines.PlaceOf(ack.Source), Generation = 1 }).ToEvent() with { Time = time } : Stale(e, time);
            case EventKind.VirqRead:
                VirqRead read = VirqRead.Of(e);
                return IsCurrent(fabric, read.Virq, read.Owner) ? (read with { Owner = 1 }).ToEvent() with { Time = time } : Stale(e, time);
            case EventKind.VirqInjected:
                VirqInjected injected = VirqInjected.Of(e);
                if (!IsCurrent(fabric, injected.Virq, injected.Owner))
                    return Stale(e, time);
                bool holds = fabric.RouteCache!.GenerationOf(injected.Virq) == injected.Generation;
                return new VirqInjected(injected.Virq, holds ? 1u : 0, holds ? injected.Message : default, 1).ToEvent() with { Time = time };
            case EventKind.VirqBound:
                VirqBound bound = VirqBound.Of(e);
                return IsCurrent(fabric, bound.Virq, bound.Trigger.Owner)
                    ? (bound with { Trigger = new OwnedEventFd(bound.Trigger.EventFd, 1) }).ToEvent() with { Time = time } : Stale(e, time);
            // A law identifies a source by its slot in these events.
            case EventKind.SourceConnected or EventKind.SourceRemoved or EventKind.SourceRaised or EventKind.SourceLowered
                or EventKind.SourceWithdrawn or EventKind.SourceWanted:
                return e.Of(unit: (ushort)fabric.Lines.PlaceOf(e.Source), time);
            case EventKind.VirqResampleSet:
                VirqResampleSet set = VirqResampleSet.Of(e);
                return (set with { Source = (uint)fabric.Lines.PlaceOf((int)set.Source) }).ToEvent() with { Time = time };
            case EventKind.XenCallbackMoved:
                XenCallbackMoved moved = XenCallbackMoved.Of(e);
                (int line, int link) = (PlaceOf(fabric, moved.Line), PlaceOf(fabric, moved.Link));
                return (moved with { Line = line, Link = link }).ToEvent() with { Time = time };
            case EventKind.VirqResampled:
                VirqResampled resampled = VirqResampled.Of(e);
                return (resampled with { Source = (uint)fabric.Lines.PlaceOf((int)resampled.Source) }).ToEvent() with { Time = time };
            default:
                return e with { Time = time };
        }
    }

    private static int PlaceOf(Fabric fabric, int slot) => slot < 0 ? slot : fabric.Lines.PlaceOf(slot);

    /// <summary>As <see cref="Of"/>, for the effect of the call in flight. Everything that the port receives counts,
    /// even if its virq or source has left. Generation and owner only decide which owner receives the answer.</summary>
    /// <param name="e">The effect.</param>
    /// <param name="fabric">The machine of the effect.</param>
    /// <param name="now">Virtual time in ns.</param>
    internal static Event OfCall(in Event e, Fabric fabric, long now)
    {
        long time = e.Time - now;
        switch (e.Kind)
        {
            case EventKind.Ack:
                Ack ack = Ack.Of(e);
                uint holds = fabric.Lines.IsCurrent(ack.Source, ack.Generation) ? 1u : 0;
                return (ack with { Source = fabric.Lines.PlaceOf(ack.Source), Generation = holds }).ToEvent() with { Time = time };
            case EventKind.VirqRead:
                VirqRead read = VirqRead.Of(e);
                return (read with { Owner = Present(fabric, read.Virq, read.Owner) }).ToEvent() with { Time = time };
            case EventKind.VirqInjected:
                // It was claimed when the call began, so the generation is not compared any more.
                VirqInjected injected = VirqInjected.Of(e);
                uint present = Present(fabric, injected.Virq, injected.Owner);
                return (injected with { Generation = 0, Owner = present }).ToEvent() with { Time = time };
            case EventKind.VirqBound:
                VirqBound bound = VirqBound.Of(e);
                var trigger = new OwnedEventFd(bound.Trigger.EventFd, Present(fabric, bound.Virq, bound.Trigger.Owner));
                return (bound with { Trigger = trigger }).ToEvent() with { Time = time };
            default:
                return e with { Time = time };
        }
    }

    private static uint Present(Fabric fabric, int slot, uint owner) => IsCurrent(fabric, slot, owner) ? 1u : 0;

    private static bool IsCurrent(Fabric fabric, int slot, uint owner) => fabric.RouteCache!.IsCurrent(new VirqHandle(slot, owner));

    private static Event Stale(in Event e, long time) => new(e.Kind) { Time = time };
}
