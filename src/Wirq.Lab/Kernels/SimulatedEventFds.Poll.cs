using Wirq.Routing;

namespace Wirq.Lab.Kernels;

// The poll. Its list of what to look at is kept, because only a wake-up puts an eventfd there: what an irqfd consumed
// first never gets on it.
public sealed partial class SimulatedEventFds
{
    /// <inheritdoc/>
    /// <exception cref="KernelException">EBADF; EEXIST: it is polled already.</exception>
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

    /// <summary>Asks the poll for one readable eventfd (epoll_wait of one event, no timeout). Those that are readable
    /// take turns.</summary>
    /// <param name="token">What it was watched with.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryTakeReadable(out int token)
    {
        int count = _descriptors.Count;
        ref PollState poll = ref _poll.Value;
        for (int step = 0; step < count; step++)
        {
            int number = poll.Next + step;
            if (number >= count)
                number -= count;
            ref DescriptorState descriptor = ref _descriptors[number];
            if (descriptor.Ready == 0)
                continue;
            if (_files[descriptor.FileAndOne - 1].Count == 0)
            {
                descriptor.Ready = 0;
                continue;
            }
            poll.Next = number + 1 == count ? 0 : number + 1;
            token = descriptor.Token;
            Notifications++;
            return true;
        }
        token = 0;
        return false;
    }
}
