namespace Wirq.Routing;

/// <summary>What a kernel that owns the local APICs of a machine is asked for. The fabric decides, this carries
/// out.</summary>
/// <remarks>A failure of the host throws <see cref="KernelException"/>. No call may call back into the fabric's host. The
/// kernel tells of EOIs by whatever runs its CPUs: see <see cref="KernelLimits.ReservedGsis"/>.</remarks>
public interface IKernelPort
{
    /// <summary>What it can do.</summary>
    KernelLimits Limits { get; }

    /// <summary>Replaces the whole route table (KVM_SET_GSI_ROUTING).</summary>
    /// <param name="routes">At most one route per GSI, ascending.</param>
    void Commit(ReadOnlySpan<KernelRoute> routes);

    /// <summary>From now on the kernel consumes what is written to an eventfd, a count that is pending included, and
    /// injects the route of the GSI (KVM_IRQFD).</summary>
    /// <param name="gsi">The GSI.</param>
    /// <param name="trigger">Its eventfd; one eventfd is bound to one GSI.</param>
    /// <param name="resample">Signalled at the EOI of a level interrupt; only where <see
    /// cref="KernelLimits.OwnsIoApic"/>.</param>
    void Bind(int gsi, EventFd trigger, EventFd resample);

    /// <summary>The kernel lets go of an eventfd. What was written to it before has been injected when this returns;
    /// what is written from now on stays in it. One that is not bound stays so: its binding may have been overtaken, or
    /// refused.</summary>
    void Unbind(int gsi, EventFd trigger);

    /// <summary>Injects a message at once, past the table (KVM_SIGNAL_MSI).</summary>
    /// <param name="message">The message, translated.</param>
    /// <returns>Whether a local APIC took it.</returns>
    bool Signal(InterruptMessage message);

    /// <summary>Drives a line of the kernel's own chips (KVM_IRQ_LINE); only where <see cref="KernelLimits.OwnsIoApic"/>.
    /// What irqfds assert stands beside it.</summary>
    /// <param name="gsi">The line, below <see cref="KernelLimits.LineGsis"/>.</param>
    /// <param name="asserted">Its level.</param>
    void SetLine(int gsi, bool asserted);

    /// <summary>Gives a CPU the vector of the 8259 pair, when its interrupt window is open (KVM_INTERRUPT).</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="vector">What its INTA cycle returned.</param>
    void RaiseExtInt(int cpu, byte vector);
}

/// <summary>What userspace does with eventfds: polls, reads and writes them.</summary>
/// <remarks>A failure of the host throws <see cref="KernelException"/>. No call may call back into the fabric's
/// host.</remarks>
public interface IEventPort
{
    /// <summary>Polls an eventfd from now on, and tells whenever it is readable.</summary>
    /// <param name="trigger">The eventfd.</param>
    /// <param name="token">Told back with it: the virq.</param>
    void Watch(EventFd trigger, int token);

    /// <summary>Ceases to poll an eventfd. What was fetched before may still be told.</summary>
    void Unwatch(EventFd trigger);

    /// <summary>Reads an eventfd, without waiting.</summary>
    /// <returns>Whether its count was not zero; it is now.</returns>
    bool Read(EventFd trigger);

    /// <summary>Whether an eventfd is readable; it stays as it is.</summary>
    bool IsReadable(EventFd trigger);

    /// <summary>Adds one to an eventfd.</summary>
    void Write(EventFd fd);
}
