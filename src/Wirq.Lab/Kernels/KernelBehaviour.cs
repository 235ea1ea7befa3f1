namespace Wirq.Lab.Kernels;

/// <summary>A version of Linux. The behaviour of KVM changed between versions.</summary>
/// <param name="Major">Major number.</param>
/// <param name="Minor">Minor number.</param>
public readonly record struct KernelVersion(int Major, int Minor) : IComparable<KernelVersion>
{
    /// <summary>The newest version whose behaviour is known here.</summary>
    public static KernelVersion Newest => new(6, 18);

    /// <inheritdoc/>
    public int CompareTo(KernelVersion other) =>
        Major != other.Major ? Major.CompareTo(other.Major) : Minor.CompareTo(other.Minor);

    /// <summary>Whether this is that version or a later one.</summary>
    public bool IsAtLeast(int major, int minor) => CompareTo(new(major, minor)) >= 0;

    /// <summary>Whether one is earlier.</summary>
    public static bool operator <(KernelVersion left, KernelVersion right) => left.CompareTo(right) < 0;
    /// <summary>Whether one is later.</summary>
    public static bool operator >(KernelVersion left, KernelVersion right) => left.CompareTo(right) > 0;
    /// <summary>Whether one is earlier or the same.</summary>
    public static bool operator <=(KernelVersion left, KernelVersion right) => left.CompareTo(right) <= 0;
    /// <summary>Whether one is later or the same.</summary>
    public static bool operator >=(KernelVersion left, KernelVersion right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => $"Linux {Major}.{Minor}";
}

/// <summary>What happens to the EOI of a level vector that is in service while its route moves to another CPU with the
/// same vector. If the vector itself is no longer in the routes, no version reports that EOI.</summary>
public enum MovedRouteEoi : byte
{
    /// <summary>It is not reported (before fceb3a36c29a, Linux 6.2).</summary>
    Lost,
    /// <summary>It is reported, and so is every later one of that vector on that CPU, until routes change
    /// again.</summary>
    ToldForever,
    /// <summary>It is reported, and later ones are not (87e4951e250b, Linux 6.16).</summary>
    ToldOnce,
}

/// <summary>What happens if two machines bind one eventfd.</summary>
public enum SharedEventFd : byte
{
    /// <summary>Both get every signal (before e8dbf19508a1, Linux 5.11).</summary>
    EverybodyServed,
    /// <summary>The machine that bound first gets all events; the other waits until the first unbinds (Linux
    /// 5.11).</summary>
    FirstServed,
    /// <summary>The second one is refused with EBUSY (2cdd64cbf990, Linux 6.17).</summary>
    Refused,
}

/// <summary>The behaviours that changed between versions of Linux, each under its name.</summary>
public sealed record KernelBehaviour
{
    /// <summary>Whether an irqfd drains its eventfd within the write, before any poller is woken (b59e00dd8cda and
    /// e8dbf19508a1, Linux 5.11). In earlier versions the count stayed, and pollers were woken too.</summary>
    public bool ConsumesFirst { get; init; } = true;
    /// <summary>See <see cref="Kernels.MovedRouteEoi"/>.</summary>
    public MovedRouteEoi MovedRouteEoi { get; init; } = MovedRouteEoi.ToldOnce;
    /// <summary>Whether an unmask of an I/OAPIC pin that has a resampler and a pending level signals the resampler
    /// instead of injecting (fef8f2b90edb, Linux 6.4).</summary>
    public bool ResamplesAtUnmask { get; init; } = true;
    /// <summary>See <see cref="Kernels.SharedEventFd"/>.</summary>
    public SharedEventFd SharedEventFd { get; init; } = SharedEventFd.Refused;

    /// <summary>The behaviour of a version.</summary>
    public static KernelBehaviour Of(KernelVersion version) => new()
    {
        ConsumesFirst = version.IsAtLeast(5, 11),
        ResamplesAtUnmask = version.IsAtLeast(6, 4),
        MovedRouteEoi = version.IsAtLeast(6, 16) ? MovedRouteEoi.ToldOnce
            : version.IsAtLeast(6, 2) ? MovedRouteEoi.ToldForever : MovedRouteEoi.Lost,
        SharedEventFd = version.IsAtLeast(6, 17) ? SharedEventFd.Refused
            : version.IsAtLeast(5, 11) ? SharedEventFd.FirstServed : SharedEventFd.EverybodyServed,
    };
}
