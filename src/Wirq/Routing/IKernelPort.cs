namespace Wirq.Routing;

/// <summary>The calls to a kernel that owns the local APICs of a machine. The fabric decides; the implementation
/// carries out.</summary>
/// <remarks>A failure of the host throws <see cref="KernelException"/>. No call may call back into the fabric's host.
/// The kernel reports EOIs through the code that runs its CPUs: see <see cref="KernelLimits.ReservedGsis"/>.</remarks>
public interface IKernelPort
{
    /// <summary>What it can do.</summary>
    KernelLimits Limits { get; }

    /// <summary>Replaces the whole route table (KVM_SET_GSI_ROUTING).</summary>
    /// <param name="routes">At most one route per GSI, ascending.</param>
    void Commit(ReadOnlySpan<KernelRoute> routes);

    /// <summary>From now on the kernel consumes what is written to an eventfd, including a pending count, and injects
    /// the route of the GSI (KVM_IRQFD).</summary>
    /// <param name="gsi">The GSI.</param>
    /// <param name="trigger">Its eventfd; one eventfd is bound to one GSI.</param>
    /// <param name="resample">Signalled at the EOI of a level interrupt; only if
    /// <see cref="KernelLimits.OwnsIoApic"/>.</param>
    void Bind(int gsi, EventFd trigger, EventFd resample);

    /// <summary>Unbinds an eventfd. Everything that was written to it before has been injected when this returns; what
    /// is written later stays in it. If it is not bound, nothing happens: its binding may have been overtaken, or
    /// refused.</summary>
    void Unbind(int gsi, EventFd trigger);

    /// <summary>Injects a message at once, without a route (KVM_SIGNAL_MSI).</summary>
    /// <param name="message">The message, translated.</param>
    /// <returns>Whether a local APIC accepted it.</returns>
    bool Signal(InterruptMessage message);

    /// <summary>Drives a line of the kernel's own chips (KVM_IRQ_LINE); only if <see cref="KernelLimits.OwnsIoApic"/>.
    /// The assertions of irqfds are separate sources of the line.</summary>
    /// <param name="gsi">The line, below <see cref="KernelLimits.LineGsis"/>.</param>
    /// <param name="asserted">Its level.</param>
    void SetLine(int gsi, bool asserted);

    /// <summary>Gives a CPU the vector of the 8259 pair, when its interrupt window is open (KVM_INTERRUPT).</summary>
    /// <param name="cpu">The CPU.</param>
    /// <param name="vector">The vector that its INTA cycle returned.</param>
    void RaiseExtInt(int cpu, byte vector);
}

/// <summary>What userspace does with eventfds: polls, reads and writes them.</summary>
/// <remarks>A failure of the host throws <see cref="KernelException"/>. No call may call back into the fabric's
/// host.</remarks>
public interface IEventPort
{
    /// <summary>Adds an eventfd to the poll, which then reports whenever it is readable.</summary>
    /// <param name="trigger">The eventfd.</param>
    /// <param name="token">Reported with it: the virq.</param>
    void Watch(EventFd trigger, int token);

    /// <summary>Removes an eventfd from the poll. An event that was fetched before may still be reported.</summary>
    void Unwatch(EventFd trigger);

    /// <summary>Reads an eventfd, without waiting.</summary>
    /// <returns>Whether its count was not zero. The count is zero now.</returns>
    bool Read(EventFd trigger);

    /// <summary>Whether an eventfd is readable; its count does not change.</summary>
    bool IsReadable(EventFd trigger);

    /// <summary>Adds one to an eventfd.</summary>
    void Write(EventFd fd);
}
