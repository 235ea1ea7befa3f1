using Wirq.Events;
using Wirq.Host;
using Wirq.Lab.Worlds;
using Wirq.Remapping;
using Wirq.Routing;

namespace Wirq.Lab.Historic;

/// <summary>A message is translated once, when the guest programs it. If it cannot be translated, a fault is recorded
/// at that time.</summary>
internal sealed class TranslateWhenProgrammed : Design
{
    public override string Name => "translate-when-programmed";

    public override string About => "QEMU: a route is translated as it is programmed, faults and all, and not when the interrupt happens";

    internal override void After(World world, in Event done)
    {
        if (done.Kind == EventKind.VirqMessageSet && done.Msi.IsInterrupt(world.Fabric.Options.Format))
            ((IRouteOwner)world.Fabric).Translate(done.Msi, (ushort)done.Index, delivering: true, out _, out _);
    }
}

/// <summary>Every invalidation, even of a few entries, drops all translations.</summary>
internal sealed class FlushAll : Design
{
    private Marks _flushed;

    public override string Name => "flush-all";

    public override string About => "QEMU, OpenVMM: an invalidation of one entry drops every route";

    internal override void Join(World world) => _flushed = new Marks(world, 1);

    // The effects of the invalidation itself are already in the queue. The rest is dropped before completion is
    // reported.
    internal override bool Intercept(World world, in Event next)
    {
        if (next.Kind != EventKind.RemapInvalidationDone)
            return false;
        if (_flushed[0] != 0)
        {
            _flushed[0] = 0;
            return false;
        }
        world.Fabric.RouteCache?.Invalidate(CookieRange.AllOf(next.Unit));
        _flushed[0] = 1;
        world.Fabric.Events.Observe(next);
        return true;
    }
}

/// <summary>An invalidation is reported as done before the eventfds that it ends are unbound.</summary>
internal sealed class StatusBeforeUnbind : Design
{
    private Marks _invalidates;

    public override string Name => "status-before-unbind";

    public override string About => "the wait of an invalidation completes before the host has taken the routes out of use";

    internal override void Join(World world) => _invalidates = new Marks(world, 1);

    // The unbinding moves to the end of the queue, behind the report.
    internal override bool Intercept(World world, in Event next)
    {
        if (next.Kind is EventKind.RemapInvalidated or EventKind.RemapInvalidationDone)
            _invalidates[0] = next.Kind == EventKind.RemapInvalidated ? 1u : 0;
        if (next.Kind != EventKind.VirqUnbound || _invalidates[0] == 0)
            return false;
        world.Fabric.Events.Emit(next);
        return true;
    }
}

/// <summary>The route cache does not get the invalidations of the queue.</summary>
internal sealed class NoInvalidationListener : Design
{
    private Marks _invalidates;

    public override string Name => "no-invalidation-listener";

    public override string About => "QEMU 3abfbb5711: invalidations are not reported, and the kernel keeps the old routes";

    internal override void Join(World world) => _invalidates = new Marks(world, 1);

    internal override bool Intercept(World world, in Event next)
    {
        if (next.Kind == EventKind.RemapInvalidated)
        {
            _invalidates[0] = 1;
            return false;
        }
        if (_invalidates[0] == 0)
            return false;
        _invalidates[0] = next.Kind != EventKind.RemapInvalidationDone ? 1u : 0;
        return true;
    }
}

/// <summary>A mask removes the route from the kernel's table and leaves the eventfd bound: the device's writes are
/// consumed and lost.</summary>
internal sealed class RemoveRouteOnMask : Design
{
    public override string Name => "remove-route-on-mask";

    public override string About => "Cloud Hypervisor #795: a mask removes the route of a vector, and what comes before it is back is lost";

    internal override bool Intercept(World world, in Event next)
    {
        if (world.Host?.Kernel is not { } kernel)
            return false;
        bool parked = next.Kind == EventKind.VirqUnbound
            && world.Fabric.RouteCache!.StateOf(world.Fabric.RouteCache.HandleAt(next.Unit)) == VirqState.Parked;
        if (parked)
        {
            int gsi = next.Gsi;
            world.Host.Commit(without: other => other == gsi);
        }
        bool back = next.Kind == EventKind.VirqBound && kernel.IsBound(next.EventFd);
        if (back)
            world.Host.Commit();
        return parked || back;
    }
}

/// <summary>Userspace reads an eventfd once more after it was bound, for example because of a poll event from before
/// the bind.</summary>
internal sealed class ReadAfterBind : Design
{
    public override string Name => "read-after-bind";

    public override string About => "userspace reads an eventfd that it has bound already, and injects what the kernel injects too";

    internal override void After(World world, in Event done)
    {
        if (done.Kind == EventKind.VirqBound && world.Host!.EventFds.Read(done.EventFd))
            world.Fabric.RouteCache!.Interrupt(done.Unit, byEventFd: true);
    }
}

/// <summary>An acknowledge writes only one resample eventfd of the line.</summary>
internal sealed class FirstSharerOnlyResample : Design
{
    private Marks _written;

    public override string Name => "first-sharer-only-resample";

    public override string About => "QEMU, split irqchip: kvm_resample_fd_notify writes the first eventfd of the GSI and returns";

    internal override void Join(World world) => _written = new Marks(world, world.Fabric.Lines.Count);

    internal override HostAnswer? Answers(World world, in HostCall call) =>
        call.IsResample && !_written.Add(call.Gsi) ? HostAnswer.No : null;

    internal override void AtRest(World world) => _written.Clear();
}

/// <summary>The old route of a level pin is dropped when the guest moves the pin, and not at the EOI.</summary>
internal sealed class OldRouteDropped : Design
{
    public override string Name => "old-route-dropped";

    public override string About => "split irqchips with one route a pin: the EOI of an interrupt whose pin was moved in the meantime is not reported";

    internal override void After(World world, in Event done)
    {
        if (done.Kind != EventKind.RoutesCommitted)
            return;
        // The second half of the reserved GSIs is for routes that are kept.
        int reserved = world.Spec.KernelOptions.ReservedGsis;
        world.Host!.Commit(without: gsi => gsi >= reserved / 2 && gsi < reserved);
    }
}
