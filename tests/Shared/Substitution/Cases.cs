using System.Diagnostics;
using System.Globalization;

namespace Wirq.Tests.Shared.Substitution;

/// <summary>Runs many substituted files in a row, each within bounds of time and memory.</summary>
/// <remarks>How many: a few by default, and ten thousand where WIRQ_LONG is set; WIRQ_CASE plays one alone.
/// The bound on what a case allocates holds its heap under 300 MB; the long form is also run under such a heap, which
/// <c>DOTNET_GCHeapHardLimit=0x12C00000</c> makes.</remarks>
internal static class Cases
{
    private const int Long = 10_000;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);

    /// <summary>Runs them.</summary>
    /// <param name="output">Where it is said what was done.</param>
    /// <param name="seed">Of the first case; the others count on from it.</param>
    /// <param name="usual">How many there are by default.</param>
    /// <param name="most">The most bytes that one case may allocate.</param>
    /// <param name="make">Makes a file.</param>
    /// <param name="play">Plays it: whether the file was taken, or refused as it is documented. What it throws fails
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
        // Both happen, or the substitutions are too tame or too wild to tell anything.
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
            // On a machine that is busy with other things a case takes longer than it needs.
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
