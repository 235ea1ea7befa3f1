using Wirq.Lab.Kernels;
using Wirq.Lab.Scenarios;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>The host of a world's virqs: its eventfds, the poll over them and, with a split kernel, the kernel that owns
/// the local APICs.</summary>
internal sealed class VirqHost
{
    private readonly World _world;
    private readonly KernelRoute[] _routes;

    internal VirqHost(World world, StateArena arena)
    {
        _world = world;
        MachineSpec spec = world.Spec;
        // Each virq has one for the trigger and one for the resample eventfd.
        EventFds = new SimulatedEventFds(2 * Math.Max(1, spec.Devices.Sum(device => device.Vectors)) + (spec.Host?.EventFds.Count ?? 0), arena)
        {
            Observer = world.Fabric.Events,
        };
        if (spec.OwnsLocalApics)
        {
            Kernel = new SimulatedKernel(spec.KernelOptions, EventFds, arena) { Observer = world.Fabric.Events };
            Port = spec.Kernel == KernelModel.Full ? new PinRows(Kernel, world.Fabric.Gsis) : Kernel;
        }
        _routes = new KernelRoute[Kernel?.Limits.Routes ?? 0];
    }

    internal SimulatedEventFds EventFds { get; }
    internal SimulatedKernel? Kernel { get; }
    /// <summary>What the fabric calls: the kernel, or the kernel and its twin.</summary>
    internal IKernelPort? Port { get; set; }

    private Fabric Fabric => _world.Fabric;

    /// <summary>A historic design gives the kernel the intended table, or a part of it.</summary>
    /// <param name="without">The GSIs that are left out; null for none.</param>
    internal void Commit(Func<int, bool>? without = null)
    {
        int count = Fabric.RouteCache!.CopyRoutes(_routes);
        Port!.Commit([.. _routes.Take(count).Where(route => without?.Invoke(route.Gsi) != true)]);
    }
}
