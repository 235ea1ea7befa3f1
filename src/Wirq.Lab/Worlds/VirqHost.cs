using Wirq.Events;
using Wirq.Lab.Kernels;
using Wirq.Lab.Scenarios;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Lab.Worlds;

/// <summary>The host of a world's virqs: its eventfds, the poll over them and, with a split kernel, the kernel that owns
/// the local APICs. It carries out what the fabric asks of a host, in the order in which it asks.</summary>
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

    /// <summary>Carries out an effect that leaves the fabric.</summary>
    internal void Carry(in Event effect)
    {
        RouteCache virqs = Fabric.Virqs!;
        switch (effect.Kind)
        {
            case EventKind.RoutesCommitted:
                Commit();
                Fabric.CommitDone();
                break;
            case EventKind.VirqBound when virqs.MayBind(effect):
                Bind(effect);
                break;
            case EventKind.VirqUnbound:
                Kernel!.Unbind((int)effect.Index, FdOf(effect));
                break;
            case EventKind.VirqWatched:
                EventFds.Watch(FdOf(effect), effect.Unit);
                break;
            case EventKind.VirqUnwatched:
                EventFds.Unwatch(FdOf(effect));
                break;
            case EventKind.VirqRead:
                if (EventFds.Read(FdOf(effect)))
                    virqs.ReadDone(effect);
                break;
            case EventKind.VirqWritten:
                EventFds.Write(FdOf(effect));
                break;
            case EventKind.VirqInjected:
                virqs.Answer(effect, Kernel!.Signal(effect.Message));
                break;
            case EventKind.PinInjected:
                Fabric.PinAnswered(effect.IoApic, effect.Pin, Kernel!.Signal(effect.Message));
                break;
            case EventKind.MessageInjected:
                Fabric.MessageAnswered(effect, Kernel!.Signal(effect.Message));
                break;
        }
    }

    private static EventFd FdOf(in Event effect) => new((int)effect.A);

    private void Bind(in Event effect)
    {
        try
        {
            Kernel!.Bind((int)effect.Index, FdOf(effect), EventFd.None);
        }
        catch (KernelException)
        {
            Fabric.Virqs!.BindFailed(effect);
        }
    }

    /// <summary>Gives the kernel the table as it is to be.</summary>
    /// <param name="without">The GSIs that are left out; null for none.</param>
    internal void Commit(Func<int, bool>? without = null)
    {
        int count = Fabric.Virqs!.CopyRoutes(_routes);
        Kernel!.Commit(without is null ? _routes.AsSpan(0, count)
            : [.. _routes.Take(count).Where(route => !without(route.Gsi))]);
    }
}
