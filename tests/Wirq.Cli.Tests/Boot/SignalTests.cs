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
    private static readonly TimeSpan s_life = TimeSpan.FromSeconds(0.3);

    /// <summary>Half of the rounds by SIGINT, half by SIGKILL; half of each between the birth of the process and that of
    /// its guest, half while the guest runs.</summary>
    [Fact]
    public void Signals_at_random_moments_leave_no_process()
    {
        KvmPresence.Require();
        TestContext.Current.SendDiagnosticMessage($"seed {Seed}, {s_rounds} rounds");
        var random = new Random(Seed);
        double[] moments = [.. Enumerable.Range(0, s_rounds).Select(_ => random.NextDouble())];
        using TemporaryImage image = BusyGuest.Write();
        // The native command and the one on the runtime, on a machine that does nothing else and on one that does, differ in it by far.
        TimeSpan birth = TimeToFirstWord(image.Path);
        var results = new (string? Lives, int Status)[s_rounds];
        Parallel.For(0, s_rounds, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, round => results[round] =
            Stop(image.Path, (round % 2 == 0 ? birth : s_life) * moments[round], round % 2 == 1, SignalOf(round)));
        for (int round = 0; round < s_rounds; round++)
            Assert.True(results[round].Lives is null, $"round {round}, SIG{SignalOf(round)}: {results[round].Lives}");
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
        Assert.Equal((null, Terminated), Stop(image.Path, TimeSpan.Zero, afterFirstWord: true, "TERM"));
    }

    private static string SignalOf(int round) => round / 2 % 2 == 0 ? "INT" : "KILL";

    private static TimeSpan TimeToFirstWord(string image)
    {
        var born = Stopwatch.StartNew();
        using Process process = Start(image);
        Task<string> words = process.StandardError.ReadToEndAsync();
        string? first = process.StandardOutput.ReadLine();
        TimeSpan time = born.Elapsed;
        process.Kill();
        process.WaitForExit();
        Assert.True(first is not null, words.Result);
        return time;
    }

    private static (string? Lives, int Status) Stop(string image, TimeSpan moment, bool afterFirstWord, string signal)
    {
        using Process process = Start(image);
        // Standard error must be read: a full pipe would block the guest.
        Task<string> words = process.StandardError.ReadToEndAsync();
        string? first = afterFirstWord ? process.StandardOutput.ReadLine() : null;
        Task<string> console = process.StandardOutput.ReadToEndAsync();
        Thread.Sleep(moment);
        using (Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]))
            kill.WaitForExit();
        string? lives = afterFirstWord && first is null ? "it ends before its guest says anything" : LastMoments.WhyItLives(process);
        if (lives is not null)
        {
            process.Kill();
            return (lives, 0);
        }
        Task.WaitAll(words, console);
        return (null, process.ExitCode);
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

    /// <summary>Nothing but a signal ends it, unless the test hangs.</summary>
    private static Process Start(string image) =>
        SignalDefaults.Start([.. WirqProgram.Words, "boot", image, "--cpus", "2", "--timeout", "600"]);
}
