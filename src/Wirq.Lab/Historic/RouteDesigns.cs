using Wirq.Events;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Historic;

/// <summary>QEMU before 54ad31fb0a: an entry write first delivers a pending level again and then updates the kernel's
/// route, so the interrupt is sent to the previous destination.</summary>
internal class ServiceBeforeRoute : Design
{
    private LateRoutes _late;

    public override string Name => "service-before-route";

    public override string About => "QEMU before 8.0, crosvm: an entry write redelivers before it updates the route";

    internal override void Join(World world) => _late = new LateRoutes(world);

    internal override bool Intercept(World world, in Event next)
    {
        if (next.Kind != EventKind.RouteChanged || world.Routes is null)
            return false;
        if (!next.Entry.Masked)
            _late.Add(next);
        else
            Masked(world, next);
        return true;
    }

    /// <summary>Handles a change of the route of a masked pin. Here: does nothing until the pin is unmasked.</summary>
    private protected virtual void Masked(World world, in Event change) { }

    internal override void AtRest(World world)
    {
        if (world.Routes is not null)
            _late.Commit(world.Routes);
    }
}

/// <summary>A fix that was considered and rejected: it updates the route of a masked pin too, but at an unmask it still
/// delivers before the route is updated. It fails if one write changes the vector and unmasks.</summary>
internal sealed class RouteEvenWhileMasked : ServiceBeforeRoute
{
    public override string Name => "route-even-while-masked";

    public override string About => "the rejected mend of service-before-route: routes follow while masked, but still late at unmask";

    private protected override void Masked(World world, in Event change) => world.Routes!.Commit(change);
}

/// <summary>Cloud Hypervisor #795: masking removes the route, and interrupts before it is restored are lost.</summary>
internal sealed class RouteRemovedOnMask : Design
{
    private LateRoutes _late;
    private PinMarks _unrouted;

    public override string Name => "route-removed-on-mask";

    public override string About => "Cloud Hypervisor #795: a mask removes the route, and the kernel swallows what comes before it is back";

    internal override void Join(World world)
    {
        _late = new LateRoutes(world);
        _unrouted = new PinMarks(world);
    }

    internal override bool Intercept(World world, in Event next)
    {
        if (world.Routes is null)
            return false;
        // A kernel drops a message without a route, and no event reports it. No law may count it as a delivery.
        if (next.Kind == EventKind.Deliver)
            return _unrouted[next] != 0;
        if (next.Kind != EventKind.RouteChanged)
            return false;
        if (next.Entry.Masked)
        {
            _unrouted[next] = 1;
            world.Routes.Remove(next);
        }
        else if (next.OldEntry.Masked)
            _late.Add(next);
        else
            world.Routes.Commit(next);
        return true;
    }

    internal override void AtRest(World world)
    {
        if (world.Routes is not null)
            _late.Commit(world.Routes, _unrouted);
    }
}

/// <summary>An irqfd that is bound to a pin's route fires even if the pin is masked.</summary>
internal sealed class IrqfdIgnoresMask : Design
{
    public override string Name => "irqfd-ignores-mask";

    public override string About => "Cloud Hypervisor #7781: an irqfd bound to the route bypasses the mask";

    internal override void After(World world, in Event done)
    {
        if (done.Kind != EventKind.PinChanged || !PinChanged.Of(done).Asserted)
            return;
        RedirectionEntry entry = world.Fabric.IoApics[done.IoApic].Entry(done.Pin);
        if (entry.Masked)
            world.Fabric.Send(entry.Message, Origin.Pin(done.IoApic, done.Pin));
    }
}
