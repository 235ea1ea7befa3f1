namespace Wirq.Linux;

/// <summary>How an <see cref="EpollLoop"/> works.</summary>
public sealed record EpollOptions
{
    /// <summary>Whether an eventfd is reported once per write (EPOLLET) instead of for as long as it is readable.
    /// Needed if <see cref="Routing.KernelLimits.ConsumesFirst"/> lets a bound eventfd stay in the poll. Measured: a
    /// count that was pending when the kernel bound the eventfd stays in it until the next write, and a level-triggered
    /// poll would report it without end.</summary>
    public bool EdgeTriggered { get; init; }

    /// <summary>Called with the time, in nanoseconds as <see cref="EpollLoop.Now"/> counts, once the deadline of <see
    /// cref="EpollLoop.SetDeadline"/> has passed, on the loop's thread and under no lock. There is no deadline then
    /// until another is set, which the handler may do.</summary>
    public Action<long>? DeadlineReached { get; init; }

    /// <summary>Called with what a handler threw, on the loop's thread; the loop goes on. Where there is none, the loop
    /// ends, and <see cref="EpollLoop.Dispose"/> throws it again.</summary>
    public Action<Exception>? HandlerFailed { get; init; }

    /// <summary>Name of the thread.</summary>
    public string ThreadName { get; init; } = "wirq events";
}
