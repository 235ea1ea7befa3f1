using Wirq.Lab.Scenarios;

namespace Wirq.Lab.Worlds;

/// <summary>What a world is made with, apart from its scenario.</summary>
public sealed record WorldOptions
{
    /// <summary>Makes its CPUs, in their reset state, interrupts off, of a fabric in its reset state; null for
    /// simulated ones. <see cref="Fabric.Memory"/> is what they find where no chip answers. Where the scenario has a
    /// simulated split kernel, that has the local APICs, and its CPUs are simulated.</summary>
    internal Func<Fabric, MachineSpec, IGuestCpus>? Cpus { get; init; }

    /// <summary>Whether it keeps a <see cref="World.Timeline"/>; true by default.</summary>
    public bool KeepsTimeline { get; init; } = true;
}
