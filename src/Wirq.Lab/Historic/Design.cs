using Wirq.Events;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Historic;

/// <summary>A defect that some implementation had, switched on from outside: another policy, another order of effects,
/// or a mutation between two steps. The library itself has no switch for it.</summary>
public abstract class Design
{
    /// <summary>Its name in scenarios.</summary>
    public abstract string Name { get; }

    /// <summary>Who had it, and what it did.</summary>
    public abstract string About { get; }

    /// <summary>Another machine, where the defect is a choice that machines have.</summary>
    public virtual MachineSpec Alter(MachineSpec machine) => machine;

    /// <summary>Sees an event before anybody else.</summary>
    /// <returns>Whether it is swallowed: not observed, not carried out.</returns>
    internal virtual bool Intercept(World world, in Event next) => false;

    /// <summary>Sees an event after it was carried out.</summary>
    internal virtual void After(World world, in Event done) { }

    /// <summary>Whether the host writes the resample eventfd of one more holder of a line that is
    /// acknowledged.</summary>
    internal virtual bool Resamples(World world, int gsi) => true;

    /// <summary>The queue has run empty.</summary>
    internal virtual void AtRest(World world) { }
}
