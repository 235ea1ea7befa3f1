using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>Operations on the count of an eventfd, by its descriptor number (eventfd(2)).</summary>
internal static class EventCounter
{
    private const nuint Width = sizeof(ulong);

    /// <summary>Adds one.</summary>
    internal static void Add(int descriptor)
    {
        while (Libc.Write(descriptor, 1, Width) < 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.Interrupted:
                    continue;
                // The count is at its maximum, so the eventfd is readable, and a reader needs no more.
                case Errno.Again:
                    return;
                default:
                    throw HostError.Last("write");
            }
        }
    }

    /// <summary>Adds one to a non-blocking eventfd. Every interrupt of a hot virq uses this method.</summary>
    internal static void AddAtOnce(int descriptor)
    {
        // A failed write has added nothing. The other method finds the cause.
        if (Libc.WriteAtOnce(descriptor, 1, Width) < 0)
            Add(descriptor);
    }

    /// <summary>Whether a descriptor is an eventfd's. If /proc is not there to tell, it is none.</summary>
    internal static bool IsEventFd(int descriptor) => new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget == "anon_inode:[eventfd]";

    /// <summary>Adds one to an eventfd of another process, which may have made it blocking. If the count is at its maximum
    /// it stays: the eventfd is readable.</summary>
    internal static void AddWithoutWaiting(int descriptor)
    {
        if ((Readiness.Of(descriptor, PollFlags.Writable) & PollFlags.Writable) != 0)
            Add(descriptor);
    }

    /// <summary>Reads the count and sets it to zero.</summary>
    /// <returns>False if it was zero already.</returns>
    internal static bool TryTake(int descriptor, out ulong count)
    {
        while (Libc.Read(descriptor, out count, Width) < 0)
        {
            switch (Marshal.GetLastPInvokeError())
            {
                case Errno.Interrupted:
                    continue;
                case Errno.Again:
                    count = 0;
                    return false;
                default:
                    throw HostError.Last("read");
            }
        }
        return true;
    }

    /// <summary>Whether the count is not zero.</summary>
    internal static bool IsReadable(int descriptor)
    {
        short found = Readiness.Of(descriptor, PollFlags.Readable);
        // poll(2) reports a closed descriptor by a bit, not by failing.
        if ((found & PollFlags.NotOpen) != 0)
            throw new Routing.KernelException("poll", Errno.BadDescriptor, -1,
                "the descriptor is closed; keep it open for as long as it is used");
        return (found & PollFlags.Readable) != 0;
    }
}
