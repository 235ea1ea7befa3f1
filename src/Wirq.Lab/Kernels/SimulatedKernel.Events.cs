using Wirq.Routing;

namespace Wirq.Lab.Kernels;

// The eventfd port: the host's port, with its calls counted.
public sealed partial class SimulatedKernel
{
    /// <inheritdoc/>
    public void Watch(EventFd trigger, int token)
    {
        Figures.PortCalls++;
        EventFds.Watch(trigger, token);
    }

    /// <inheritdoc/>
    public void Unwatch(EventFd trigger)
    {
        Figures.PortCalls++;
        EventFds.Unwatch(trigger);
    }

    /// <inheritdoc/>
    public bool Read(EventFd trigger)
    {
        Figures.PortCalls++;
        return EventFds.Read(trigger);
    }

    /// <inheritdoc/>
    public bool IsReadable(EventFd trigger)
    {
        Figures.PortCalls++;
        return EventFds.IsReadable(trigger);
    }

    /// <inheritdoc/>
    public void Write(EventFd fd)
    {
        Figures.PortCalls++;
        EventFds.Write(fd);
    }
}
