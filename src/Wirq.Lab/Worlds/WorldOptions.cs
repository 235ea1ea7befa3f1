using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>The options of a world, besides its scenario.</summary>
public sealed record WorldOptions
{
    /// <summary>Creates its CPUs, in their reset state, interrupts off, for a fabric in its reset state; null for
    /// simulated ones. If no chip answers an address, they access <see cref="Fabric.Memory"/>. If the scenario has a
    /// kernel that owns the local APICs, the CPUs are those of <see cref="Twin"/>.</summary>
    internal Func<Fabric, MachineSpec, IGuestCpus>? Cpus { get; init; }

    /// <summary>Creates the twin of a scenario's kernel, if it has one that owns the local APICs; null for none: then its CPUs are
    /// simulated.</summary>
    internal Func<Fabric, MachineSpec, VirqHost, IKernelTwin>? Twin { get; init; }

    /// <summary>Receives the label of each source when its slot gets it, before any event of it; null for none. Only a world
    /// with a recorder reports them.</summary>
    internal Action<int, string>? Named { get; init; }

    /// <summary>Whether it keeps a <see cref="World.Timeline"/>; true by default.</summary>
    public bool KeepsTimeline { get; init; } = true;
}
