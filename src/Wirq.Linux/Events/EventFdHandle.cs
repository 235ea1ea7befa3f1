using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>An eventfd that this process created, or got from another, and closes. It is non-blocking and closed on exec.</summary>
/// <remarks>It is not a semaphore. Measured: a kernel that consumes a semaphore takes one from its count and leaves the
/// rest. Its <see cref="EventFd"/> is only a name. Keep this object alive while the name is used.</remarks>
public sealed class EventFdHandle : FileDescriptor
{
    private EventFdHandle(int number) : base(number) { }

    /// <summary>Creates an eventfd with count zero.</summary>
    /// <exception cref="KernelException">The process, or the host, has no descriptor left.</exception>
    public static EventFdHandle Create()
    {
        int number = Libc.EventFd(0, EventFdFlags.CloseOnExec | EventFdFlags.NonBlocking);
        return number >= 0 ? new(number) : throw HostError.Last("eventfd");
    }

    /// <summary>Takes over an eventfd that came from another process.</summary>
    internal static EventFdHandle Adopt(int number) => new(number);

    /// <summary>Its name.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public EventFd EventFd
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return new EventFd((int)handle);
        }
    }

    /// <summary>Its name.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public static implicit operator EventFd(EventFdHandle handle)
    {
        ArgumentNullException.ThrowIfNull(handle);
        return handle.EventFd;
    }

    /// <summary>Its name.</summary>
    public EventFd ToEventFd() => EventFd;

    /// <summary>Adds one to the count. At the maximum the count does not change.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public void Write()
    {
        using Lease lease = Borrow(out int number);
        EventCounter.AddAtOnce(number);
    }

    /// <summary>Reads the count and sets it to zero, without waiting.</summary>
    /// <param name="count">The count before the call.</param>
    /// <returns>False if it was zero.</returns>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public bool TryRead(out ulong count)
    {
        using Lease lease = Borrow(out int number);
        return EventCounter.TryTake(number, out count);
    }

    /// <summary>Reads the count and sets it to zero, without waiting.</summary>
    /// <returns>False if it was zero.</returns>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public bool TryRead() => TryRead(out _);

    /// <summary>Whether the count is not zero. This does not change the count.</summary>
    /// <exception cref="ObjectDisposedException">It is closed.</exception>
    public bool IsReadable
    {
        get
        {
            using Lease lease = Borrow(out int number);
            return EventCounter.IsReadable(number);
        }
    }
}
