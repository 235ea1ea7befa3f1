using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Historic;

/// <summary>The threaded handler of a ONESHOT line does not wait for the guest.</summary>
internal sealed class ThreadReturnsAtOnce : Design
{
    public override string Name => "thread-returns-at-once";

    public override string About => "vfio-platform, linux-arm-kernel 2021: a threaded handler that only returns IRQ_HANDLED opens the line before the guest has run";

    internal override void AfterHost(World world, in Event done)
    {
        if (done.Kind != EventKind.HostThreadWoken)
            return;
        HostThreadWoken its = HostThreadWoken.Of(done);
        if (world.Below!.Irqs.OwnerOf(its.Line, its.Action) != 0)
            world.Below.Irqs.ThreadEnded(its.Line, its.Action);
    }
}

/// <summary>Every access of the guest to its device unmasks it.</summary>
internal sealed class UnmaskAtEveryAccess : Design
{
    public override string Name => "unmask-at-every-access";

    public override string About => "a VMM without resample that does not ask whether an event waits: each access to the device is a call, and each before it drops an interrupt";

    internal override bool Accessed(World world, int device)
    {
        world.Below!.Unmask(device);
        return true;
    }
}

/// <summary>The line of a device that cannot mask itself is disabled lazily.</summary>
internal sealed class LazyExclusiveLine : Design
{
    public override string Name => "lazy-exclusive-line";

    public override string About => "vfio-pci before autumn 2025: a chip that ends no disabled line is never armed again, for nothing masked it; the device asserts for ever";

    public override MachineSpec Alter(MachineSpec machine)
    {
        ArgumentNullException.ThrowIfNull(machine);
        return machine with
        {
            Devices = [.. machine.Devices.Select(device => device.Vfio is not { } vfio ? device
                : device with { Vfio = vfio with { Options = vfio.Options with { DisablesUnlazily = false } } })],
        };
    }
}
