using Wirq.Routing;

namespace Wirq.Lab.Kernels;

// The poll. It keeps a list of eventfds to check. Only a wake-up adds an eventfd to it, so an eventfd that an irqfd
// consumed first is never added.
public sealed partial class SimulatedEventFds
{
    /// <inheritdoc/>
    /// <exception cref="KernelException">EBADF; EEXIST: it is already polled.</exception>
    public void Watch(EventFd trigger, int token)
    {
        int file = FileOf(trigger, "epoll_ctl");
        ref DescriptorState descriptor = ref _descriptors[trigger.Number];
        if (descriptor.Watched != 0)
            throw new KernelException("epoll_ctl", Errno.Exists, -1, $"{trigger} is polled already");
        descriptor.Watched = 1;
        _files[file].Watchers++;
        descriptor.Token = token;
        descriptor.Ready = _files[file].Count != 0 ? 1 : 0;
    }

    /// <inheritdoc/>
    /// <exception cref="KernelException">EBADF; ENOENT: it is not polled.</exception>
    public void Unwatch(EventFd trigger)
    {
        int file = FileOf(trigger, "epoll_ctl");
        ref DescriptorState descriptor = ref _descriptors[trigger.Number];
        if (descriptor.Watched == 0)
            throw new KernelException("epoll_ctl", Errno.NoEntry, -1, $"{trigger} is not polled");
        _files[file].Watchers--;
        descriptor.Watched = descriptor.Token = descriptor.Ready = 0;
    }

    /// <summary>Polls for one readable eventfd (epoll_wait of one event, no timeout). Readable eventfds take
    /// turns.</summary>
    /// <param name="token">The token that it was watched with.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryTakeReadable(out int token)
    {
        bool any = TryFindReadable(static _ => true, out int descriptor);
        token = any ? Fetch(descriptor) : 0;
        return any;
    }

    /// <summary>The watched descriptor that the poll would report next.</summary>
    internal bool TryFindReadable(Func<int, bool> isWanted, out int descriptor)
    {
        int count = _descriptors.Count;
        for (int step = 0; step < count; step++)
        {
            descriptor = _poll.Value.Next + step;
            if (descriptor >= count)
                descriptor -= count;
            if (_descriptors[descriptor].Ready == 0)
                continue;
            if (_files[_descriptors[descriptor].FileAndOne - 1].Count == 0)
                _descriptors[descriptor].Ready = 0;
            else if (isWanted(descriptor))
                return true;
        }
        descriptor = -1;
        return false;
    }

    /// <summary>Whether the poll would report a descriptor.</summary>
    internal bool IsReady(int descriptor) =>
        _descriptors[descriptor].Ready != 0 && _files[_descriptors[descriptor].FileAndOne - 1].Count != 0;

    /// <summary>Whether an eventfd is polled.</summary>
    internal bool IsWatched(EventFd fd) => _descriptors[fd.Number].Watched != 0;

    /// <summary>The token of a descriptor's watch.</summary>
    internal int TokenOf(int descriptor) => _descriptors[descriptor].Token;

    /// <summary>The poll reports a descriptor that is ready.</summary>
    /// <returns>The token of its watch.</returns>
    internal int Fetch(int descriptor)
    {
        _poll.Value.Next = descriptor + 1 == _descriptors.Count ? 0 : descriptor + 1;
        Notifications++;
        return _descriptors[descriptor].Token;
    }

    /// <summary>The descriptor that the poll checks first. This order has no effect on behaviour, so it is not part of
    /// an identity.</summary>
    internal int Next => _poll.Value.Next;
}
