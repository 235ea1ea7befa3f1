using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Historic;

/// <summary>Sources are resampled at the EOI even if the pin is masked and the device was not served yet.</summary>
internal sealed class AckAtEoi : Design
{
    public override string Name => "ack-at-eoi";

    public override string About => "KVM before fef8f2b90edb: resampling at an EOI under mask latches a phantom";

    public override MachineSpec Alter(MachineSpec machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        FabricOptions fabric = machine.Fabric;
        return machine with
        {
            Fabric = fabric with
            {
                IoApics = [.. fabric.IoApics.Select(chip => chip with { Ack = AckPolicy.Eoi })],
                Pic = fabric.Pic is null ? null : fabric.Pic with { Ack = AckPolicy.Eoi },
            },
        };
    }
}

/// <summary>An EOI does not check the line again.</summary>
internal sealed class NoServiceAfterEoi : Design
{
    private PinMarks _ended;

    public override string Name => "no-service-after-eoi";

    public override string About => "Cloud Hypervisor #5260: the EOI does not look whether the line is still asserted";

    internal override void Join(World world) => _ended = new PinMarks(world);

    internal override bool Intercept(World world, in Event next)
    {
        if (next.Kind == EventKind.RemoteIrrCleared)
            _ended[next] = 1;
        return next.Kind == EventKind.Deliver && _ended[next] != 0;
    }

    internal override void AtRest(World world) => _ended.Clear();
}

/// <summary>An EOI ends only the first pin of its vector.</summary>
internal sealed class EoiFirstMatch : Design
{
    private PinMarks _kept;
    private Marks _matched;

    public override string Name => "eoi-first-match";

    public override string About => "Renode: an EOI stops at the first pin of the vector";

    internal override void Join(World world)
    {
        _kept = new PinMarks(world);
        _matched = new Marks(world, 1);
    }

    internal override bool Intercept(World world, in Event next)
    {
        switch (next.Kind)
        {
            case EventKind.RemoteIrrCleared when _matched[0] == 0:
                _matched[0] = 1;
                return false;
            case EventKind.RemoteIrrCleared:
                world.Fabric.IoApics[next.IoApic].KeepRemoteIrr(next.Pin);
                _kept[next] = 1;
                return true;
            case EventKind.Deliver or EventKind.PinAcked:
                return _kept[next] != 0;
            default:
                return false;
        }
    }

    internal override void AtRest(World world)
    {
        _matched[0] = 0;
        _kept.Clear();
    }
}

/// <summary>Suppression of EOI broadcasts is advertised and accepted, but EOIs are still broadcast.</summary>
internal sealed class BroadcastThoughSuppressed : Design
{
    public override string Name => "broadcast-though-suppressed";

    public override string About => "KVM before 2026, crosvm: EOI-broadcast suppression advertised but not honoured";

    internal override void After(World world, in Event done)
    {
        if (done.Kind == EventKind.CpuEoi && CpuEoi.Of(done) is { Level: true, Suppressed: true } eoi)
            world.Fabric.Events.Emit(new EoiBroadcast(eoi.Cpu, eoi.Vector, Edge: false).ToEvent());
    }
}

/// <summary>Reading the message of an ExtINT entry runs an INTA cycle.</summary>
internal sealed class ExtIntParseTakes : Design
{
    public override string Name => "extint-parse-takes";

    public override string About => "QEMU: parsing an ExtINT entry, to refresh a route for example, takes the request from the 8259";

    internal override void After(World world, in Event done)
    {
        if (done.Kind == EventKind.RouteChanged && done.Entry.Mode == DeliveryMode.ExtInt && world.Fabric.Pic is { } pic)
        {
            pic.Take(world.Fabric.Events, out _);
            pic.Update(world.Fabric.Events);
        }
    }
}
