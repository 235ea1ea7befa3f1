using Wirq.Lab.Kernels;
using Wirq.Routing;
using Wirq.State;

namespace Wirq.Lab.Tests.Kernels;

/// <summary>A simulated host with one or two machines in one arena, so that it can be forked.</summary>
internal sealed class Host
{
    internal Host(SimulatedKernelOptions options, int eventFds = 16, int machines = 1)
    {
        EventFds = new SimulatedEventFds(eventFds, Arena);
        Machines = [.. Enumerable.Range(0, machines).Select(_ => new SimulatedKernel(options, EventFds, Arena))];
        Options = options;
    }

    internal StateArena Arena { get; } = new();
    internal SimulatedEventFds EventFds { get; }
    internal SimulatedKernel[] Machines { get; }
    internal SimulatedKernelOptions Options { get; }
    internal SimulatedKernel Kernel => Machines[0];

    internal Host Fork()
    {
        var fork = new Host(Options, EventFds.Capacity, Machines.Length);
        fork.EventFds.CopyFrom(EventFds);
        for (int i = 0; i < Machines.Length; i++)
            fork.Machines[i].CopyFrom(Machines[i]);
        return fork;
    }

    internal UInt128 Identity() => Arena.Identity(Kernel.Now);

    /// <summary>A split machine with enabled local APICs, of few routes.</summary>
    internal static Host Split(int cpus = 1)
    {
        var host = new Host(new SimulatedKernelOptions { Cpus = cpus, Routes = 64 });
        for (int cpu = 0; cpu < cpus; cpu++)
            host.Kernel.EnableApic(cpu);
        return host;
    }

    internal static InterruptMessage Message(byte vector, bool level = false) =>
        InterruptMessage.Create(vector, DeliveryMode.Fixed, 0, level: level);

    internal static KernelRoute Route(int gsi, byte vector, bool level = false) => new(gsi, Message(vector, level));
}
