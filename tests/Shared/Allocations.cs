namespace Wirq.Tests.Shared;

/// <summary>Measures what code allocates on the thread that runs it.</summary>
internal static class Allocations
{
    private const int Looks = 10;

    /// <summary>The lowest number of bytes that <paramref name="rounds"/> rounds of an action allocate, in several
    /// measurements.</summary>
    /// <remarks>The runtime sometimes allocates on a thread for its own purposes: when it recompiles a method, or when
    /// the garbage collection of another test replaces the thread's allocation area. An allocation of the measured code
    /// occurs in every measurement; these do not.</remarks>
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
