using Wirq.Events;
using Wirq.Routing;

namespace Wirq;

/// <content>Virqs on lines, and the routes of pins in a kernel.</content>
public sealed partial class Fabric
{
    /// <summary>Connects a virq to a line. Its device writes an eventfd, or calls the trigger method. It only
    /// queues.</summary>
    /// <param name="gsi">The line.</param>
    /// <param name="label">The name of the virq, for reports.</param>
    /// <param name="kind"><see cref="VirqKind.Level"/>: it asserts until the line is acknowledged, and asserts again
    /// only if it is triggered again. <see cref="VirqKind.Edge"/>: it pulses.</param>
    /// <exception cref="InvalidOperationException">All slots are in use, or the machine has no virqs.</exception>
    public VirqHandle ConnectVirq(int gsi, string label, VirqKind kind)
    {
        if (kind is not (VirqKind.Level or VirqKind.Edge))
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "a virq on a line is a level or an edge");
        RouteCache virqs = RouteCache ?? throw new InvalidOperationException($"{nameof(FabricOptions.Routing)} is not set");
        Source source = Connect(gsi, label, kind == VirqKind.Level ? SourceKind.Sampled : SourceKind.Edge);
        VirqHandle handle = virqs.RegisterOnLine(label, source.Slot, kind, gsi);
        Lines.SetVirq(source.Slot, handle.Slot);
        return handle;
    }

    /// <summary>Frees a virq, and the source that it drives. It only queues: its eventfds may be closed after <see
    /// cref="Drain"/>.</summary>
    public void DisposeVirq(VirqHandle handle)
    {
        RouteCache virqs = RouteCache ?? throw new InvalidOperationException($"{nameof(FabricOptions.Routing)} is not set");
        int source = virqs.SourceOf(handle);
        virqs.Dispose(handle);
        if (source >= 0)
            RemoveSource(source);
    }

    ushort IRouteOwner.PlaceOf(int source) => (ushort)Lines.PlaceOf(source);

    void IRouteOwner.Drive(int source, VirqKind kind)
    {
        uint generation = Lines.GenerationOf(source);
        SetSource(source, generation, asserted: true);
        if (kind == VirqKind.Edge)
            SetSource(source, generation, asserted: false);
    }

    private PinRoutes? PinRoutesOf(RoutingOptions routing) =>
        routing.Kernel is { OwnsIoApic: false } && _ioApics.Length > 0 ? new PinRoutes(_ioApics, Arena) : null;

    /// <summary>A redirection entry changed. An unmasked level entry gets its route at once, so its next interrupt
    /// needs no commit. If it cannot be translated yet, it gets its route, or its fault, when an interrupt
    /// happens.</summary>
    internal void FollowRoute(int chip, int pin, RedirectionEntry entry)
    {
        if (RouteCache?.Pins is not { } pins || !_ioApics[chip].IsLevel(entry) || entry.Masked)
            return;
        RefusalReason reason = Translate(_ioApics[chip].MessageOf(entry), Options.IoApics[chip].Requester, delivering: false,
            out InterruptMessage translated, out _);
        if (reason == RefusalReason.None)
            RouteCache.CommitIf(pins.Set(chip, pin, translated));
    }
}
