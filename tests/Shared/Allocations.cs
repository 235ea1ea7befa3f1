namespace Wirq.Tests.Shared;

/// <summary>What code allocates on the thread that runs it.</summary>
internal static class Allocations
{
    private const int Looks = 10;

    /// <summary>The least that <paramref name="rounds"/> rounds of an action allocate in a handful of looks, in
    /// bytes.</summary>
    /// <remarks>The runtime now and then allocates on a thread's behalf: when it compiles a method again, or when another
    /// test's collection ends the piece of the heap that this thread was given. A habit of the code shows in each look, and
    /// those do not.</remarks>
    internal static long Of(int rounds, Action round)
    {
        for (int i = 0; i < rounds; i++)
            round();
        long least = long.MaxValue;
        for (int look = 0; look < Looks && least != 0; look++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < rounds; i++)
                round();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        return least;
    }
}
