using Wirq.Events;
using Wirq.Host;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Xen;

namespace Wirq.Lab.Historic;

/// <summary>A defect of some implementation, enabled from outside: another policy, another order of effects, or a
/// mutation between two steps. The library itself has no switch for it.</summary>
internal abstract class Design
{
    /// <summary>Its name in scenarios.</summary>
    public abstract string Name { get; }

    /// <summary>The implementation that had it, and what it did.</summary>
    public abstract string About { get; }

    /// <summary>Changes the machine, if the defect is an option of machines.</summary>
    public virtual MachineSpec Alter(MachineSpec machine) => machine;

    /// <summary>Called when a world with this defect is built. State of the design is reserved in the world's
    /// arena.</summary>
    internal virtual void Join(World world) { }

    /// <summary>Called with an event before any other code.</summary>
    /// <returns>Whether to drop it: it is then neither observed nor carried out.</returns>
    internal virtual bool Intercept(World world, in Event next) => false;

    /// <summary>Called with an event after it was carried out.</summary>
    internal virtual void After(World world, in Event done) { }

    /// <summary>Answers a call instead of the host.</summary>
    /// <returns>The answer; null to make the call to the host.</returns>
    internal virtual HostAnswer? Answers(World world, in HostCall call) => null;

    /// <summary>Answers a hypercall of a domain's vCPU instead of the hypervisor.</summary>
    /// <returns>The answer; null to make the call.</returns>
    internal virtual XenError? Answers(World world, ushort domain, int vcpu, EventChannelOperation operation, Span<byte> argument) => null;

    /// <summary>Called with an event of the host below before any other code.</summary>
    /// <returns>Whether to drop it: it is then neither observed nor carried out.</returns>
    internal virtual bool InterceptsHost(World world, in Event next) => false;

    /// <summary>Called with an effect of the host below after it was carried out.</summary>
    internal virtual void AfterHost(World world, in Event done) { }

    /// <summary>Called when the machine has acknowledged the line of a passed device, whose VMM would unmask it now.</summary>
    /// <returns>Whether it does not.</returns>
    internal virtual bool KeepsMasked(World world, int device) => false;

    /// <summary>Called when the guest accesses a passed device.</summary>
    /// <returns>Whether the VMM does nothing else about it.</returns>
    internal virtual bool Accessed(World world, int device) => false;

    /// <summary>Called before the process, or the guest, does something with a passed device.</summary>
    /// <returns>Whether the host does nothing else about it.</returns>
    internal virtual bool Instead(World world, VfioStep step) => false;

    /// <summary>Called when the process, or the guest, has done something with a passed device.</summary>
    internal virtual void After(World world, VfioStep done) { }

    /// <summary>Called before a CPU goes on: its last call has returned.</summary>
    internal virtual void GoesOn(World world, int cpu) { }

    /// <summary>Whether a live update saves the CPUs before their kernel lets go of eventfds.</summary>
    internal virtual bool SavesBeforeUnbind => false;

    /// <summary>What every restore leaves out.</summary>
    internal virtual Omissions Omits => Omissions.None;

    /// <summary>Called when the machine has taken over the state of a snapshot.</summary>
    internal virtual void Restored(World world) { }

    /// <summary>Called when the queue is empty.</summary>
    internal virtual void AtRest(World world) { }
}
