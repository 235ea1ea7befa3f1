namespace Wirq.Routing;

/// <summary>How the virqs of a machine are served.</summary>
public sealed record RoutingOptions
{
    /// <summary>The most virqs at the same time, 1 to 65534.</summary>
    public int Virqs { get; init; } = 4096;
    /// <summary>What the kernel that owns the local APICs can do; null where they are the fabric's own, and every
    /// interrupt is served in userspace.</summary>
    public KernelLimits? Kernel { get; init; }
    /// <summary>How many virqs have to wait before they get their routes together, at least 1. A commit costs as much as
    /// its table is long, so bringing up many costs a batch's share of what one commit each would.</summary>
    public int BatchCount { get; init; } = 64;
    /// <summary>How long the first of them waits at most, in nanoseconds of virtual time; 0 for not at all.</summary>
    public long BatchDelay { get; init; } = 1_000_000;

    internal RoutingOptions Validated()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Virqs, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Virqs, VirqSlot.None - 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchCount, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(BatchDelay);
        return this;
    }
}
