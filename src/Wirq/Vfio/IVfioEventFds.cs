namespace Wirq.Vfio;

/// <summary>The eventfds of the process that owns the devices. Signals are effects (<see cref="Events.VfioSignalled"/>); this
/// is the rest.</summary>
public interface IVfioEventFds
{
    /// <summary>Whether a descriptor is an eventfd.</summary>
    bool Exists(int fd);

    /// <summary>Whether its count is not 0.</summary>
    bool IsReadable(int fd);

    /// <summary>Sets its count to 0.</summary>
    void Drain(int fd);
}
