using System.Diagnostics;
using System.Globalization;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Images;

namespace Wirq.Cli.Tests.Boot;

/// <summary>A guest is stopped from outside at any moment, and no process remains.</summary>
public sealed class SignalTests
{
    private const int Seed = 20261120, Interrupted = 130, Terminated = 143;
    /// <summary>How many guests are stopped; <c>WIRQ_LONG=1</c> makes them a hundred.</summary>
    private static readonly int s_rounds = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1" ? 100 : 32;
    private const int AtOnce = 4;
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1), s_last = TimeSpan.FromSeconds(30), s_birth = TimeSpan.FromSeconds(1.5), s_life = TimeSpan.FromSeconds(0.3);

    /// <summary>Half of the rounds by SIGINT, half by SIGKILL; half of each between the birth of the process and that of
    /// its guest, half while the guest runs.</summary>
    [Fact]
    public void Signals_at_random_moments_leave_no_process_after_a_second()
    {
        KvmPresence.Require();
        TestContext.Current.SendDiagnosticMessage($"seed {Seed}, {s_rounds} rounds");
        var random = new Random(Seed);
        double[] moments = [.. Enumerable.Range(0, s_rounds).Select(_ => random.NextDouble())];
        using TemporaryImage image = BusyGuest.Write();
        var results = new (bool Ended, int Status)[s_rounds];
        Parallel.For(0, s_rounds, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, round => results[round] =
            Stop(image.Path, round % 2 == 0 ? s_birth * moments[round] : s_life * moments[round], round % 2 == 1, SignalOf(round)));
        for (int round = 0; round < s_rounds; round++)
            Assert.True(results[round].Ended, $"round {round}: lives a second after SIG{SignalOf(round)}");
        Assert.Empty(ProcessesOf(image.Path));
        // A guest that runs is stopped in order.
        Assert.All(Enumerable.Range(0, s_rounds).Where(round => round % 2 == 1 && SignalOf(round) == "INT"),
            round => Assert.Equal(Interrupted, results[round].Status));
    }

    [Fact]
    public void SIGTERM_stops_a_guest_in_order_too()
    {
        KvmPresence.Require();
        using TemporaryImage image = BusyGuest.Write();
        Assert.Equal((true, Terminated), Stop(image.Path, TimeSpan.Zero, afterFirstWord: true, "TERM"));
    }

    private static string SignalOf(int round) => round / 2 % 2 == 0 ? "INT" : "KILL";

    private static (bool Ended, int Status) Stop(string image, TimeSpan moment, bool afterFirstWord, string signal)
    {
        using Process process = Start(image);
        // Standard error must be read: a full pipe would block the guest.
        Task<string> words = process.StandardError.ReadToEndAsync();
        string? first = afterFirstWord ? process.StandardOutput.ReadLine() : null;
        Task<string> console = process.StandardOutput.ReadToEndAsync();
        Thread.Sleep(moment);
        using (Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]))
            kill.WaitForExit();
        if (!EndsSoon(process) || afterFirstWord && first is null)
        {
            process.Kill();
            return default;
        }
        Task.WaitAll(words, console);
        return (true, process.ExitCode);
    }

    /// <summary>Whether a process ends within a second. The time for which its threads wait for a CPU does not count: another process has it
    /// then.</summary>
    private static bool EndsSoon(Process process)
    {
        var waits = new Dictionary<string, double>();
        TimeSpan waited = TimeSpan.Zero, step = TimeSpan.FromMilliseconds(50);
        Wait(process, waits);
        var since = Stopwatch.StartNew();
        while (!process.WaitForExit(step))
        {
            waited += Wait(process, waits);
            if (since.Elapsed - waited > s_soon || since.Elapsed > s_last)
                return false;
        }
        return true;
    }

    /// <summary>How long the threads of a process have waited for a CPU since the last look (<c>/proc/PID/task/TID/schedstat</c>, second
    /// number, in ns).</summary>
    private static TimeSpan Wait(Process process, Dictionary<string, double> before)
    {
        double waited = 0;
        try
        {
            foreach (string thread in Directory.EnumerateDirectories($"/proc/{process.Id}/task"))
            {
                double now = double.Parse(File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ')[1], CultureInfo.InvariantCulture);
                waited += now - before.GetValueOrDefault(thread);
                before[thread] = now;
            }
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It ends, or the kernel does not count this.
        }
        return TimeSpan.FromMicroseconds(waited / 1000);
    }

    /// <summary>The processes that have a file as an argument.</summary>
    private static string[] ProcessesOf(string file) => [.. Directory.EnumerateDirectories("/proc")
        .Where(directory => int.TryParse(Path.GetFileName(directory), out _) && CommandLineOf(directory).Contains(file, StringComparison.Ordinal))];

    private static string CommandLineOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static Process Start(string image) =>
        SignalDefaults.Start([.. WirqProgram.Words, "boot", image, "--cpus", "2", "--timeout", "60"]);
}
