using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>Starts threads on a host that may have none left, for example in a container with a process
/// limit.</summary>
internal static class HostThread
{
    /// <summary>Starts a thread, or an object of the runtime that needs one.</summary>
    /// <param name="start">Starts it.</param>
    /// <param name="purpose">Its purpose, for the message.</param>
    /// <exception cref="KernelException">The host has no thread left; the message names the limit, if it can be
    /// determined.</exception>
    internal static void Start(Action start, string purpose)
    {
        try
        {
            start();
        }
        // The runtime does not report the error number. pthread_create returns EAGAIN both for a lack of threads and
        // for a lack of memory for stacks.
        catch (Exception refused) when (refused is OutOfMemoryException or ThreadStartException)
        {
            throw HostError.Of("pthread_create", Errno.Again, advice: $"no thread is left for {purpose}: {new ThreadLimits().Explain()}");
        }
    }
}
