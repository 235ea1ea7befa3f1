using Wirq.Routing;

namespace Wirq.Lab.Kernels;

/// <summary>Real eventfds beside simulated ones: whatever is done with a simulated one is done with the real one too. It throws
/// where the real one does something else.</summary>
internal interface IEventFdTwin
{
    /// <summary>An eventfd was created, with a count of zero.</summary>
    void Created(EventFd fd);

    /// <summary>The last descriptor of an eventfd is closed.</summary>
    void Closed(EventFd fd);

    /// <summary>An eventfd is written. Those who wait for it have not been woken yet.</summary>
    /// <param name="fd">The eventfd.</param>
    /// <param name="count">What is added.</param>
    void Written(EventFd fd, ulong count);

    /// <summary>Userspace has read an eventfd.</summary>
    /// <param name="fd">The eventfd.</param>
    /// <param name="count">What was read; 0 for nothing.</param>
    void Read(EventFd fd, ulong count);
}
