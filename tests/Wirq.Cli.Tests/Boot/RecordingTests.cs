using System.Diagnostics;
using System.Globalization;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Images;
using Wirq.Traces.Recordings;

namespace Wirq.Cli.Tests.Boot;

/// <summary>The state of a guest's recording after every kind of end.</summary>
public sealed class RecordingTests : IDisposable
{
    private const int Unwritten = 5, TimeUp = 3, HungUp = 129, Interrupted = 130, Terminated = 143;
    // A guest that is stopped ends in a fraction of it; a machine under load is given its time.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-boot-");

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Signals are sent without a pause, from the first until the process has ended: while the guest stops,
    /// while the machine is disposed of, and while the recording is completed.</summary>
    [Theory]
    [InlineData("TERM", Terminated)]
    [InlineData("INT", Interrupted)]
    [InlineData("HUP", HungUp)]
    public async Task However_many_signals_come_the_recording_has_its_end(string signal, int status)
    {
        KvmPresence.Require();
        using TemporaryImage image = BusyGuest.Write();
        using Process process = Start(image.Path, "--record", In("a.wirq"));
        Task<string> words = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(process.StandardOutput.ReadLine());
        Task<string> console = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        using (Process kill = Process.Start("/bin/sh", ["-c", $"while kill -{signal} {process.Id} 2>/dev/null; do :; done"]))
        {
            AssertEnds(process, status);
            Assert.True(kill.WaitForExit(s_patience));
        }
        string said = await words;
        await console;
        Assert.Contains($"stopped by SIG{signal}", said, StringComparison.Ordinal);
        Assert.Contains("laws held", said, StringComparison.Ordinal);
        AssertWhole(In("a.wirq"));
        Assert.False(File.Exists(In("a.wirq.part")));
    }

    /// <summary>As under nohup.</summary>
    [Fact]
    public async Task A_signal_that_whoever_started_it_ignores_does_not_stop_the_guest()
    {
        KvmPresence.Require();
        using TemporaryImage image = BusyGuest.Write();
        using Process process = Start(["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh"], image.Path, "--timeout", "60");
        Task<string> words = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(process.StandardOutput.ReadLine());
        Kill(process, "HUP");
        // It says something still.
        Assert.NotNull(process.StandardOutput.ReadLine());
        Kill(process, "TERM");
        process.StandardOutput.ReadToEnd();
        AssertEnds(process, Terminated);
        Assert.Contains("stopped by SIGTERM", await words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_that_is_killed_leaves_what_was_recorded_and_why_says_that_it_is_cut_off()
    {
        KvmPresence.Require();
        using TemporaryImage image = BusyGuest.Write();
        using (Process process = Start(image.Path, "--record", In("a.wirq")))
        {
            Assert.NotNull(process.StandardOutput.ReadLine());
            process.Kill();
            process.WaitForExit();
        }
        Assert.False(File.Exists(In("a.wirq")));
        CommandRun why = CommandRun.Of("why", In("a.wirq.part"));
        Assert.InRange(why.ExitCode, 1, 4);
        Assert.NotEqual(2, why.ExitCode);
        Assert.Contains("recording is incomplete", why.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, Unwritten)]
    [InlineData(5, 1)]
    public void A_full_disk_costs_the_recording_and_not_how_the_guest_ended(byte value, int status)
    {
        KvmPresence.Require();
        using TemporaryImage image = GuestImage.Write(guest =>
        {
            guest.Say("hello\n");
            guest.Exit(value);
        });
        CommandRun run = CommandRun.Of("boot", image.Path, "--timeout", "60", "--record", "/dev/full");
        Assert.Equal((status, "hello\n"), (run.ExitCode, run.Output));
        Assert.Contains($"the guest ended with code {value * 2 + 1}", run.Errors, StringComparison.Ordinal);
        Assert.Contains("laws held", run.Errors, StringComparison.Ordinal);
        Assert.Contains("/dev/full could not be written whole: No space left on device", run.Errors, StringComparison.Ordinal);
    }

    /// <summary>The guest waits for the reader, but its time limit and a signal do not.</summary>
    [Theory]
    [InlineData("2", "", TimeUp)]
    [InlineData("0", "TERM", Terminated)]
    public async Task A_pipe_that_nobody_reads_holds_up_neither_the_time_nor_a_signal(string timeout, string signal, int status)
    {
        KvmPresence.Require();
        using FileStream reader = NearlyFullPipe(pagesLeft: 1);
        using TemporaryImage image = GuestImage.Write(guest =>
        {
            guest.Say("begun\n");
            Iced.Intel.Label again = guest.Asm.CreateLabel();
            guest.Asm.Label(ref again);
            guest.Store(GuestImage.LocalApic + 0x80, 0);
            guest.Asm.jmp(again);
        });
        using Process process = Start(image.Path, "--record", reader.Name, "--timeout", timeout);
        Task<string> words = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Equal("begun", process.StandardOutput.ReadLine());
        if (signal != "")
            Kill(process, signal);
        AssertEnds(process, status);
        Assert.Contains("laws held", await words, StringComparison.Ordinal);
        Assert.Contains("could not be written whole: nobody reads it", await words, StringComparison.Ordinal);
    }

    /// <summary>Not even the header of the recording finds room.</summary>
    [Fact]
    public async Task A_pipe_that_nobody_reads_from_the_start_does_not_hold_up_the_time()
    {
        KvmPresence.Require();
        using FileStream reader = NearlyFullPipe(pagesLeft: 0);
        using TemporaryImage image = BusyGuest.Write();
        using Process process = Start(image.Path, "--record", reader.Name, "--timeout", "1");
        Task<string> words = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        process.StandardOutput.ReadToEnd();
        AssertEnds(process, TimeUp);
        Assert.Contains("could not be written whole: nobody reads it", await words, StringComparison.Ordinal);
    }

    private FileStream NearlyFullPipe(int pagesLeft)
    {
        // What a pipe of Linux has room for (pipe(7)).
        const int pages = 16, page = 4096;
        using (Process make = Process.Start("mkfifo", [In("pipe")]))
            make.WaitForExit();
        var pipe = new FileStream(In("pipe"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        pipe.Write(new byte[(pages - pagesLeft) * page]);
        return pipe;
    }

    private static void AssertEnds(Process process, int status)
    {
        bool ended = process.WaitForExit(s_patience);
        if (!ended)
            process.Kill();
        Assert.True(ended, "it does not end");
        Assert.Equal(status, process.ExitCode);
    }

    private static void Kill(Process process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static Process Start(string image, params string[] options) => Start([], image, options);

    private static Process Start(string[] before, string image, params string[] options) =>
        SignalDefaults.Start([.. before, .. WirqProgram.Words, "boot", image, .. options]);

    private static void AssertWhole(string recording)
    {
        using var reader = new RecordingReader(File.OpenRead(recording), recording);
        int count = 0;
        while (reader.TryRead(out _))
            count++;
        Assert.InRange(count, 1, int.MaxValue);
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);
}
