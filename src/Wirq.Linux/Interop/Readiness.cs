using System.Runtime.InteropServices;

namespace Wirq.Linux.Interop;

/// <summary>Whether one descriptor can be read or written (poll(2)).</summary>
internal static class Readiness
{
    /// <summary>What is so now. It does not wait.</summary>
    /// <param name="descriptor">The descriptor.</param>
    /// <param name="wanted">What is asked; see <see cref="PollFlags"/>.</param>
    /// <returns>What was found, also what is always told.</returns>
    /// <exception cref="Routing.KernelException">The call failed.</exception>
    internal static short Of(int descriptor, short wanted)
    {
        var polled = new PollDescriptor { Number = descriptor, Wanted = wanted };
        while (Libc.Poll(ref polled, 1, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Errno.Interrupted)
                throw HostError.Last("poll");
        }
        return polled.Found;
    }

    /// <summary>Waits until something is so, or the time is over, or a signal comes. The call that follows finds out what is the
    /// matter.</summary>
    internal static void Await(int descriptor, short wanted, TimeSpan most)
    {
        var polled = new PollDescriptor { Number = descriptor, Wanted = wanted };
        Libc.Poll(ref polled, 1, Milliseconds(most));
    }

    /// <summary>A time as poll(2) takes it: not shorter, so that what is due then is due.</summary>
    internal static int Milliseconds(TimeSpan time) => (int)Math.Min(Math.Ceiling(Math.Max(0, time.TotalMilliseconds)), int.MaxValue);
}
