using Wirq.Linux.Interop;
using Wirq.Routing;

namespace Wirq.Linux;

/// <summary>Starting threads on a host that may have none left, as in a container with a limit of processes.</summary>
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
        // The runtime keeps the error number to itself; pthread_create has EAGAIN for a lack of threads, and of memory for
        // their stacks.
        catch (Exception refused) when (refused is OutOfMemoryException or ThreadStartException)
        {
            throw HostError.Of("pthread_create", Errno.Again, advice: $"no thread is left for {purpose}: {new ThreadLimits().Explain()}");
        }
    }
}
