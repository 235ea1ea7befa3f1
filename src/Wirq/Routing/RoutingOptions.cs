namespace Wirq.Routing;

/// <summary>How the virqs of a machine are served.</summary>
public sealed record RoutingOptions
{
    /// <summary>The most virqs that a machine can have.</summary>
    public const int MaxVirqs = VirqSlot.None - 1;

    /// <summary>The most virqs at the same time, 1 to <see cref="MaxVirqs"/>.</summary>
    public int Virqs { get; init; } = 4096;
    /// <summary>The abilities of the kernel that owns the local APICs; null if they are the fabric's own and every
    /// interrupt is served in userspace.</summary>
    public KernelLimits? Kernel { get; init; }
    /// <summary>How many virqs have to wait before they get their routes together, 1 to <see cref="MaxVirqs"/>. A
    /// commit costs time in proportion to the length of its table, so a batch makes bringing up many virqs cheaper by
    /// the size of the batch.</summary>
    public int BatchCount { get; init; } = 64;
    /// <summary>How long the first of them waits at most, in nanoseconds of virtual time: up to 1000 s, 0 for not at
    /// all.</summary>
    public long BatchDelay { get; init; } = 1_000_000;

    /// <summary>Throws if virqs cannot be served with these options.</summary>
    /// <exception cref="OptionException">A field is out of its range.</exception>
    public void Validate() => Validate(OptionCheck.Whole);

    internal void Validate(OptionCheck check)
    {
        check.Range(Virqs, 1, MaxVirqs);
        check.Range(BatchCount, 1, MaxVirqs);
        check.Range(BatchDelay, 0, OptionCheck.MaxDelay);
        Kernel?.Validate(check.Of(nameof(Kernel)));
    }
}
