using Wirq.Vfio;

namespace Wirq.Linux.VfioUser;

/// <summary>The eventfds that a client has given, by their descriptors in this process. They are closed when nothing uses them
/// any more.</summary>
internal sealed class ClientEventFds : IVfioEventFds, IDisposable
{
    private readonly Dictionary<int, EventFdHandle> _all = [];
    private readonly HashSet<int> _used = [];

    public void Dispose()
    {
        foreach (EventFdHandle eventFd in _all.Values)
            eventFd.Dispose();
        _all.Clear();
    }

    /// <summary>Takes over a descriptor, which is an eventfd's.</summary>
    internal void Adopt(int descriptor) => _all[descriptor] = EventFdHandle.Adopt(descriptor);

    /// <summary>Adds one, without waiting.</summary>
    /// <returns>False if there is no such eventfd.</returns>
    internal bool TrySignal(int fd)
    {
        if (!_all.TryGetValue(fd, out EventFdHandle? eventFd))
            return false;
        EventCounter.AddWithoutWaiting(eventFd.EventFd.Number);
        return true;
    }

    /// <summary>Closes those that a device does not use.</summary>
    internal void CloseUnused(VfioHost host, int device)
    {
        _used.Clear();
        host.AddEventFds(device, _used);
        if (_used.Count == _all.Count)
            return;
        foreach ((int number, EventFdHandle eventFd) in _all.ToArray())
        {
            if (!_used.Contains(number) && _all.Remove(number))
                eventFd.Dispose();
        }
    }

    public bool Exists(int fd) => _all.ContainsKey(fd);

    public bool IsReadable(int fd) => Exists(fd) && EventCounter.IsReadable(fd);

    public void Drain(int fd)
    {
        if (IsReadable(fd))
            EventCounter.TryTake(fd, out _);
    }
}
