using System.Globalization;

namespace Wirq.Tests.Shared;

/// <summary>What the current thread has computed. A limit of it holds on a busy machine too, where a thread waits for its
/// turn.</summary>
internal static class ThreadTime
{
    // proc(5), /proc/PID/stat: fields 14 and 15, in ticks of 10 ms.
    private const int UserField = 14, SystemField = 15, TicksPerSecond = 100;

    /// <summary>The time of a CPU that it has taken, to 10 ms.</summary>
    internal static TimeSpan Now
    {
        get
        {
            string stat = File.ReadAllText("/proc/thread-self/stat");
            // The name, field 2, may have blanks.
            string[] after = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds((Field(UserField) + Field(SystemField)) / (double)TicksPerSecond);

            long Field(int number) => long.Parse(after[number - 3], CultureInfo.InvariantCulture);
        }
    }
}
