namespace Wirq.Linux;

/// <summary>How an <see cref="EpollLoop"/> works.</summary>
public sealed record EpollOptions
{
    /// <summary>Whether an eventfd is reported once per write (EPOLLET) instead of for as long as it is readable.
    /// Needed if <see cref="Routing.KernelLimits.ConsumesFirst"/> lets a bound eventfd stay in the poll. Measured: a
    /// count that was pending when the kernel bound the eventfd stays in it until the next write, and a level-triggered
    /// poll would report it without end.</summary>
    public bool EdgeTriggered { get; init; }

    /// <summary>Called with the time, in nanoseconds of the clock <see cref="EpollLoop.Now"/>, after the deadline of
    /// <see cref="EpollLoop.SetDeadline"/> has passed. It is called on the loop's thread and under no lock. Then there
    /// is no deadline until another is set; the handler may set it.</summary>
    public Action<long>? DeadlineReached { get; init; }

    /// <summary>Called with an exception that a handler threw, on the loop's thread; the loop continues. If this is
    /// null, the loop ends, and <see cref="EpollLoop.Dispose"/> throws the exception.</summary>
    public Action<Exception>? HandlerFailed { get; init; }

    /// <summary>Name of the thread.</summary>
    public string ThreadName { get; init; } = "wirq events";
}
