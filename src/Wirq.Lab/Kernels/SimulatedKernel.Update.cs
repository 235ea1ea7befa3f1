namespace Wirq.Lab.Kernels;

// The state of virtual CPUs, which a live update carries from one machine to the next.
public sealed partial class SimulatedKernel
{
    /// <summary>Takes over the CPUs of another machine of the same options: KVM_GET_LAPIC and KVM_GET_VCPU_EVENTS there,
    /// KVM_SET_LAPIC and KVM_SET_VCPU_EVENTS here. Routes and irqfds are not taken over; an EOI exit that the other machine
    /// has not reported yet is.</summary>
    /// <exception cref="ArgumentException">The machines have different numbers of CPUs, or a kernel that owns the
    /// I/OAPIC.</exception>
    public void RestoreCpus(SimulatedKernel saved)
    {
        ArgumentNullException.ThrowIfNull(saved);
        if (saved.Options.Cpus != Options.Cpus || Options.Kind != KernelKind.Split || saved.Options.Kind != KernelKind.Split)
            throw new ArgumentException("CPUs go from a split irqchip to another with as many", nameof(saved));
        _apics!.CopyFrom(saved._apics!);
        saved._cpus.Span.CopyTo(_cpus.Span);
        _events.Now = Math.Max(_events.Now, saved._events.Now);
    }
}
