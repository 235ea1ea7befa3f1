namespace Wirq.Routing;

/// <summary>An event counter that a device writes and somebody reads: an eventfd of Linux, or its like in a simulated
/// kernel. This is its name only; whoever made it closes it.</summary>
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
