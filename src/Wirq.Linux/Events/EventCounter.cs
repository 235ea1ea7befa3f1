using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>What userspace does with the count of an eventfd, by its number (eventfd(2)).</summary>
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
                // The count is as high as it goes, so it is readable, and that is all a reader learns from it.
                case Errno.Again:
                    return;
                default:
                    throw HostError.Last("write");
            }
        }
    }

    /// <summary>Adds one to an eventfd that does not block: the way of every interrupt of a hot virq.</summary>
    internal static void AddAtOnce(int descriptor)
    {
        // A write that failed has added nothing; the other way learns why.
        if (Libc.WriteAtOnce(descriptor, 1, Width) < 0)
            Add(descriptor);
    }

    /// <summary>Takes the count and leaves zero.</summary>
    /// <returns>False where it was zero already.</returns>
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
        var polled = new PollDescriptor { Number = descriptor, Wanted = PollFlags.Readable };
        while (Libc.Poll(ref polled, 1, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
                throw HostError.Last("poll");
        }
        // poll(2) reports a closed descriptor by a bit, not by failing.
        if ((polled.Found & PollFlags.NotOpen) != 0)
            throw new Routing.KernelException("poll", Errno.BadDescriptor, -1,
                "the descriptor is closed; keep it open for as long as it is used");
        return (polled.Found & PollFlags.Readable) != 0;
    }
}
