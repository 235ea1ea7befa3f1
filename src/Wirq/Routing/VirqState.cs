namespace Wirq.Routing;

/// <summary>The state of a virq. It determines the reader of its eventfd: see <see cref="VirqReader"/> and
/// docs/virq-states.md.</summary>
public enum VirqState : byte
{
    /// <summary>The slot has no owner.</summary>
    Free,
    /// <summary>Unmasked, with no translation: the next interrupt is a miss, which userspace translates.</summary>
    Cold,
    /// <summary>Unmasked, with a translation that userspace uses: no route, or none wanted.</summary>
    Warm,
    /// <summary>As <see cref="Warm"/>, and waiting for a route.</summary>
    Waiting,
    /// <summary>Unmasked, bound: the kernel serves it alone.</summary>
    Hot,
    /// <summary>Unmasked, unbound, with a route in the table that something invalidated: the next interrupt is a
    /// miss.</summary>
    Stale,
    /// <summary>Unmasked; its last interrupt could not be translated. The next interrupt tries again.</summary>
    Faulted,
    /// <summary>Masked. A pending interrupt stays in its eventfd.</summary>
    Masked,
    /// <summary>Masked, its route kept: unmasking binds it again.</summary>
    Parked,
}

/// <summary>The reader of a virq's eventfd.</summary>
public enum VirqReader : byte
{
    /// <summary>No reader: what is written stays pending.</summary>
    Nobody,
    /// <summary>Userspace polls and reads it.</summary>
    Userspace,
    /// <summary>The kernel consumes it.</summary>
    Kernel,
}
