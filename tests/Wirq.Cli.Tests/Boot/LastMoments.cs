using System.Diagnostics;
using System.Globalization;

namespace Wirq.Cli.Tests.Boot;

/// <summary>What a process does from a signal to its end. It must neither go on nor wait for something.</summary>
/// <remarks>No clock says so: on a busy machine a process waits for its turn, and the kernel for that of the threads that take its
/// machine apart. What counts is the processor time that it takes, and the looks at which all its threads sleep.</remarks>
internal static class LastMoments
{
    private const int MostLooks = 20;
    private static readonly TimeSpan s_look = TimeSpan.FromMilliseconds(50), s_mostWork = TimeSpan.FromSeconds(1), s_last = TimeSpan.FromMinutes(2);

    /// <summary>Waits until a process ends.</summary>
    /// <returns>Null where it does so at once: it takes at most a second of a processor, and all its threads sleep for no longer than a second, in
    /// looks of 50 ms. Else what it does instead.</returns>
    internal static string? WhyItLives(Process process)
    {
        TimeSpan? begun = Work(process);
        int asleep = 0;
        for (var since = Stopwatch.StartNew(); !process.WaitForExit(s_look);)
        {
            TimeSpan? work = Work(process) - begun;
            asleep += Sleeps(process) ? 1 : 0;
            if (work > s_mostWork)
                return $"it goes on: it has taken {work.Value.TotalSeconds} s of a processor";
            if (asleep > MostLooks)
                return "it waits for something: all its threads sleep";
            if (since.Elapsed > s_last)
                return $"it does not end in {s_last.TotalSeconds} s";
        }
        return null;
    }

    /// <summary>The processor time of all its threads; null where it is gone.</summary>
    private static TimeSpan? Work(Process process)
    {
        try
        {
            return process.TotalProcessorTime;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Whether each thread waits for something other than a processor or the kernel (proc(5), <c>/proc/PID/task/TID/stat</c>: state S).</summary>
    private static bool Sleeps(Process process)
    {
        try
        {
            return Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/task")).All(thread =>
            {
                string stat = File.ReadAllText(Path.Combine(thread, "stat"));
                // The name, in parentheses, may have blanks.
                return stat[stat.LastIndexOf(')') + 2] == 'S';
            });
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
