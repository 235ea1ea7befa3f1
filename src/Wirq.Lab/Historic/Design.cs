using Wirq.Events;
using Wirq.Host;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Lab.Historic;

/// <summary>A defect that some implementation had, switched on from outside: another policy, another order of effects,
/// or a mutation between two steps. The library itself has no switch for it.</summary>
internal abstract class Design
{
    /// <summary>Its name in scenarios.</summary>
    public abstract string Name { get; }

    /// <summary>Who had it, and what it did.</summary>
    public abstract string About { get; }

    /// <summary>Another machine, where the defect is a choice that machines have.</summary>
    public virtual MachineSpec Alter(MachineSpec machine) => machine;

    /// <summary>A world is built that suffers from it: what it remembers goes into the world's arena.</summary>
    internal virtual void Join(World world) { }

    /// <summary>Sees an event before any other code.</summary>
    /// <returns>Whether to swallow it: it is then neither observed nor carried out.</returns>
    internal virtual bool Intercept(World world, in Event next) => false;

    /// <summary>Sees an event after it was carried out.</summary>
    internal virtual void After(World world, in Event done) { }

    /// <summary>Answers a call in place of the host.</summary>
    /// <returns>The answer; null to make the call to the host.</returns>
    internal virtual HostAnswer? Answers(World world, in HostCall call) => null;

    /// <summary>The queue has run empty.</summary>
    internal virtual void AtRest(World world) { }
}
