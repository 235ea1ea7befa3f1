using Wirq.Events;

namespace Wirq.Xen;

/// <content>What a vCPU finds when it enters its guest.</content>
public sealed partial class XenCallback
{
    /// <summary>Whether a vCPU whose interrupts are enabled would take an interrupt now: the global vector, or one of the
    /// machine.</summary>
    public bool HasInterrupt(int vcpu) => OffersGlobal(vcpu) || _fabric.HasInterrupt(vcpu);

    /// <summary>A vCPU takes an interrupt. The global vector comes before those of the 8259 pair and of the local APIC, and
    /// comes again at each entry until the guest has cleared its flag: taking it changes nothing.</summary>
    /// <returns>The vector, 0 to 255; -1 if there is none to take.</returns>
    public int Take(int vcpu) => OffersGlobal(vcpu) ? TakeGlobal(vcpu) : _fabric.Take(vcpu);

    /// <summary>Whether the global vector is offered to a vCPU now.</summary>
    internal bool OffersGlobal(int vcpu) =>
        Via.Kind == CallbackKind.Vector && vcpu < _vectors.Count && _channels.IsUpcallPending(_domain, vcpu);

    /// <summary>A vCPU takes the global vector.</summary>
    internal int TakeGlobal(int vcpu)
    {
        EventBuffer events = _fabric.Events;
        if (events.Observing)
            events.Observe(new VectorTaken(vcpu, Via.Vector, VectorGiver.XenCallback).ToEvent());
        return Via.Vector;
    }
}
