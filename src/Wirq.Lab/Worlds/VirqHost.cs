using Wirq.Events;
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
        // One for the trigger and one for the resample eventfd of each.
        EventFds = new SimulatedEventFds(2 * Math.Max(1, spec.Devices.Sum(device => device.Vectors)), arena)
        {
            Observer = world.Fabric.Events,
        };
        if (spec.Kernel == KernelModel.Split)
            Kernel = new SimulatedKernel(spec.KernelOptions, EventFds, arena) { Observer = world.Fabric.Events };
        _routes = new KernelRoute[Kernel?.Limits.Routes ?? 0];
    }

    internal SimulatedEventFds EventFds { get; }
    internal SimulatedKernel? Kernel { get; }

    private Fabric Fabric => _world.Fabric;

    /// <summary>Looks at what the kernel and the poll have to say: deferred injections, EOI exits, readable
    /// eventfds.</summary>
    /// <returns>Whether anything came of it.</returns>
    internal bool Poll()
    {
        if (Kernel is not null)
        {
            Kernel.Settle();
            while (Kernel.TryTakeExit(out int cpu, out byte vector))
                Fabric.Events.Emit(new Event(EventKind.EoiBroadcast, (ushort)cpu, 0, vector));
        }
        // A bound eventfd may stay readable, with a count that was pending as it was bound. A poll that is triggered by
        // edges, as the fabric asks for where bound eventfds stay in it, tells of that once.
        int first = -1;
        while (Fabric.Events.Count == 0 && EventFds.TryTakeReadable(out int virq) && virq != first)
        {
            first = first < 0 ? virq : first;
            Fabric.Virqs!.Readable(virq);
        }
        return Fabric.Events.Count > 0;
    }

    /// <summary>A historic design gives the kernel the table as it is to be, or less.</summary>
    /// <param name="without">The GSIs that are left out; null for none.</param>
    internal void Commit(Func<int, bool>? without = null)
    {
        int count = Fabric.Virqs!.CopyRoutes(_routes);
        Kernel!.Commit([.. _routes.Take(count).Where(route => without?.Invoke(route.Gsi) != true)]);
    }
}
