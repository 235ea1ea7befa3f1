using Wirq.State;

namespace Wirq.Routing;

/// <summary>One row of a kernel's route table: a GSI and its message.</summary>
public readonly record struct KernelRoute : IState
{
    // Gsi and this are 8 bytes together, so there is no padding; padding bytes would be undefined.
    private readonly uint _reserved;

    /// <summary>Makes a row.</summary>
    /// <param name="gsi">The GSI, 0 up to <see cref="KernelLimits.Routes"/> - 1.</param>
    /// <param name="message">The message that is sent.</param>
    public KernelRoute(int gsi, InterruptMessage message) => (Gsi, Message, _reserved) = (gsi, message, 0);

    /// <summary>The GSI, 0 up to <see cref="KernelLimits.Routes"/> - 1.</summary>
    public int Gsi { get; init; }

    /// <summary>The message that is sent, already translated. With trigger mode level, the kernel reports its EOI if
    /// <see cref="Gsi"/> is one of the reserved ones.</summary>
    public InterruptMessage Message { get; init; }
}

/// <summary>What a kernel can do for its machine.</summary>
public sealed record KernelLimits
{
    /// <summary>The most routes that a kernel can have.</summary>
    public const int MaxRoutes = 65536;

    /// <summary>How many routes its table holds, up to <see cref="MaxRoutes"/>; Linux has 4096
    /// (KVM_CAP_IRQ_ROUTING).</summary>
    public int Routes { get; init; } = 4096;
    /// <summary>The number of first GSIs for which EOIs of level vectors are reported: the number given to
    /// KVM_CAP_SPLIT_IRQCHIP, up to <see cref="MaxRoutes"/>.</summary>
    public int ReservedGsis { get; init; } = 24;
    /// <summary>Whether it serves eventfds by itself (KVM_CAP_IRQFD).</summary>
    public bool HasIrqfd { get; init; } = true;
    /// <summary>Whether it owns the I/OAPIC, so that level irqfds with a resample eventfd exist.</summary>
    public bool OwnsIoApic { get; init; }
    /// <summary>How many GSIs are lines of its own I/OAPIC, if it has one; up to <see cref="MaxRoutes"/>.</summary>
    public int LineGsis { get; init; } = 24;
    /// <summary>Whether userspace may continue to poll an eventfd that is bound, because the kernel consumes first. If
    /// false, userspace removes the eventfd from the poll before it binds.</summary>
    public bool ConsumesFirst { get; init; }

    /// <summary>The first GSI that a virq's route may have.</summary>
    internal int FirstFree => OwnsIoApic ? Math.Max(ReservedGsis, LineGsis) : ReservedGsis;

    /// <summary>Throws if there can be no such kernel.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    public void Validate() => Validate(OptionCheck.Whole);

    internal void Validate(OptionCheck check)
    {
        check.Range(Routes, 0, MaxRoutes);
        check.Range(ReservedGsis, 0, MaxRoutes);
        check.Range(LineGsis, 0, MaxRoutes);
    }
}
