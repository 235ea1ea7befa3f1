namespace Wirq.Routing;

/// <summary>The name of an event counter that a device writes: an eventfd of Linux, or its equivalent in a simulated
/// kernel. The code that created the eventfd closes it.</summary>
/// <param name="Number">The descriptor; negative for none.</param>
public readonly record struct EventFd(int Number)
{
    /// <summary>No eventfd.</summary>
    public static EventFd None => new(-1);

    /// <summary>Whether there is one.</summary>
    public bool Exists => Number >= 0;

    /// <inheritdoc/>
    public override string ToString() => Exists ? $"eventfd {Number}" : "no eventfd";
}

/// <summary>The eventfd of a virq, and the owner of the virq's slot that set it.</summary>
/// <remarks><code>
///  63     32 31      0
/// +---------+---------+
/// |  owner  | eventfd |
/// +---------+---------+
/// </code></remarks>
internal readonly record struct OwnedEventFd(ulong Bits)
{
    private const int OwnerShift = 32;

    internal OwnedEventFd(EventFd fd, uint owner) : this((uint)fd.Number | (ulong)owner << OwnerShift) { }

    internal EventFd EventFd => new((int)Bits);
    internal uint Owner => (uint)(Bits >> OwnerShift);
}
