using System.Diagnostics;
using System.Globalization;

namespace Wirq.Tests.Shared.Substitution;

/// <summary>Runs many substituted files in a row, each within bounds of time and memory.</summary>
/// <remarks>By default there are a few, and ten thousand if WIRQ_LONG is set; WIRQ_CASE runs a single one. The limit on
/// the allocations of a case keeps its heap below 300 MB; the long form is also run with such a heap
/// (<c>DOTNET_GCHeapHardLimit=0x12C00000</c>).</remarks>
internal static class Cases
{
    private const int Long = 10_000;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);

    /// <summary>Runs them.</summary>
    /// <param name="output">Receives a report.</param>
    /// <param name="seed">The seed of the first case; further cases have the next numbers.</param>
    /// <param name="usual">The default number of cases.</param>
    /// <param name="most">The highest number of bytes that one case may allocate.</param>
    /// <param name="make">Makes a file.</param>
    /// <param name="play">Processes it, and returns whether the file was accepted, or refused as documented. An
    /// exception fails the test.</param>
    /// the test.</param>
    internal static void Run<T>(ITestOutputHelper output, int seed, int usual, long most, Func<Random, T> make,
        Func<T, Random, bool> play)
    {
        int count = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? Long : usual;
        bool single = int.TryParse(Environment.GetEnvironmentVariable("WIRQ_CASE"), CultureInfo.InvariantCulture, out int alone);
        if (single)
            (seed, count) = (alone, 1);
        long heap = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;
        output.WriteLine($"seed {seed}, {count} cases (WIRQ_LONG=1 makes it {Long}), heap of at most {heap} MB");
        int taken = 0;
        long largest = 0, slowestCase = 0;
        TimeSpan slowest = TimeSpan.Zero, all = TimeSpan.Zero;
        for (int i = 0; i < count; i++)
        {
            (bool wasTaken, TimeSpan took, long allocated) = Play(seed + i, make, play);
            Assert.True(allocated <= most, $"case {seed + i}: allocated {allocated >> 20} MB");
            Assert.True(took < s_longest, $"case {seed + i}: took {took}");
            taken += wasTaken ? 1 : 0;
            all += took;
            largest = Math.Max(largest, allocated);
            if (took > slowest)
                (slowest, slowestCase) = (took, seed + i);
        }
        output.WriteLine($"{taken} taken, {count - taken} refused, {all.TotalSeconds:f1} s; the slowest {slowest.TotalMilliseconds:f0} ms "
            + $"(case {slowestCase}), the largest {largest >> 20} MB allocated; peak of the process {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB");
        // Both must happen; otherwise the substitutions are too small or too large to test anything.
        if (!single)
            Assert.InRange(taken, count / 50, count - count / 50);
    }

    private static (bool Taken, TimeSpan Took, long Allocated) Play<T>(int number, Func<Random, T> make, Func<T, Random, bool> play)
    {
        var random = new Random(number);
        T made = make(random);
        long before = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
        TimeSpan used = Environment.CpuUsage.TotalTime;
        try
        {
            bool taken = play(made, random);
            // On a busy machine a case takes longer than its own work.
            TimeSpan passed = Stopwatch.GetElapsedTime(start), worked = Environment.CpuUsage.TotalTime - used;
            return (taken, worked < passed ? worked : passed, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        catch (Exception bad)
        {
            Assert.Fail($"case {number}: {bad}");
            throw;
        }
    }
}
