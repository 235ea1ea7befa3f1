using System.Diagnostics;
using System.Globalization;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Images;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Cli.Tests.Boot;

/// <summary>Outputs that are not read, full, or closed: the guest may wait, but its end is always reported.</summary>
public sealed class BootOutputTests
{
    private const int PipeBytes = 65536;
    // Far longer than any of these tests takes.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void A_console_that_nobody_reads_does_not_keep_a_guest_beyond_its_time()
    {
        KvmPresence.Require();
        using TemporaryImage image = Chatty(forEver: true);
        using var run = new Unread("", image.Path, "--timeout", "1");
        Assert.Equal(3, run.Ended());
        AssertReport(run.Errors, "the time was up");
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("INT", 130)]
    public void A_console_that_nobody_reads_does_not_keep_a_guest_from_a_signal(string signal, int status)
    {
        KvmPresence.Require();
        using TemporaryImage image = Chatty(forEver: true);
        using var run = new Unread("", image.Path);
        run.AwaitStart();
        run.Send(signal);
        Assert.Equal(status, run.Ended());
        AssertReport(run.Errors, $"stopped by SIG{signal}");
    }

    /// <summary>The guest has ended; what waits for the reader is its console.</summary>
    [Fact]
    public void A_console_that_nobody_reads_is_waited_for_until_a_signal_comes()
    {
        KvmPresence.Require();
        using TemporaryImage image = Chatty(forEver: false);
        using var run = new Unread("", image.Path);
        run.AwaitStart();
        run.Send("TERM");
        Assert.Equal(143, run.Ended());
        Assert.Contains("laws held", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_that_did_well_and_was_not_heard_in_its_time_is_a_failure_to_write()
    {
        KvmPresence.Require();
        using TemporaryImage image = Hello(0);
        using var run = new Unread("", image.Path, "--timeout", "10");
        Assert.Equal(5, run.Ended());
        AssertReport(run.Errors, "the guest ended with code 1");
        Assert.Contains("nobody reads stdout", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_that_is_slow_to_begin_gets_all_of_it()
    {
        KvmPresence.Require();
        using TemporaryImage image = Chatty(forEver: false);
        CommandRun run = CommandRun.Through(["/bin/sh", "-c", "(\"$@\"; echo \" $?\") | (sleep 1; cat)", "sh"], "boot", image.Path);
        Assert.Equal(new string('x', PipeBytes / 2) + " 0\n", run.Output);
    }

    /// <summary>Messages cannot be written there; the exit code has the answer.</summary>
    [Fact]
    public void Words_that_nobody_reads_keep_nobody_either()
    {
        KvmPresence.Require();
        using TemporaryImage image = Chatty(forEver: true);
        using var run = new Unread("2>&1", image.Path, "--timeout", "1");
        Assert.Equal(3, run.Ended());
        Assert.Equal("", run.Errors);
    }

    [Theory]
    [InlineData(">/dev/full", 0, "No space left on device")]
    [InlineData(">&-", 0, "stdout")]
    [InlineData(">/dev/full --json", 0, "No space left on device")]
    [InlineData(">/dev/full", 3, null)]
    public void A_console_that_cannot_be_written_is_told_and_does_not_hide_how_the_guest_ended(string redirection, byte code, string? failure)
    {
        KvmPresence.Require();
        using TemporaryImage image = Hello(code);
        string[] json = redirection.EndsWith("--json", StringComparison.Ordinal) ? ["--json"] : [];
        CommandRun run = Redirected(redirection.Split(' ')[0], ["boot", image.Path, "--timeout", "20", .. json]);
        Assert.Equal(code == 0 ? 5 : 1, run.ExitCode);
        AssertReport(run.Errors, $"the guest ended with code {code * 2 + 1}");
        Assert.Contains($"stdout cannot be written: {(failure is null or "stdout" ? "" : failure)}", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    public void Words_that_cannot_be_written_change_nothing(string redirection)
    {
        KvmPresence.Require();
        using TemporaryImage image = Hello(0);
        Assert.Equal(new CommandRun(0, "hello\nworld", ""), Redirected(redirection, "boot", image.Path, "--timeout", "20"));
        using TemporaryImage bad = Hello(3);
        Assert.Equal(new CommandRun(1, "hello\nworld", ""), Redirected(redirection, "boot", bad.Path, "--timeout", "20"));
    }

    [Theory]
    [InlineData("2>/dev/full")]
    [InlineData("2>&-")]
    [InlineData(">&- 2>&-")]
    public void Bad_usage_is_bad_usage_whatever_becomes_of_its_words(string redirection)
    {
        Assert.Equal(new CommandRun(2, "", ""), Redirected(redirection, "boot", "/no/such/image"));
        Assert.Equal(2, Redirected(redirection, "boot", "/no/such/image", "--irqchip", "half").ExitCode);
    }

    private static CommandRun Redirected(string redirection, params string[] arguments) =>
        CommandRun.Through(["/bin/sh", "-c", $"exec \"$@\" {redirection}", "sh"], arguments);

    private static void AssertReport(string errors, string end)
    {
        Assert.Contains(end, errors, StringComparison.Ordinal);
        Assert.Contains("laws held", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    private static TemporaryImage Hello(byte value) => GuestImage.Write(guest =>
    {
        guest.Say("hello\nworld");
        guest.Exit(value);
    });

    /// <summary>Says half as much as a pipe holds at once, or that again and again.</summary>
    private static TemporaryImage Chatty(bool forEver) => GuestImage.Write(guest =>
    {
        Iced.Intel.Label again = guest.Asm.CreateLabel();
        guest.Asm.mov(edi, 0x200000);
        guest.Asm.mov(ecx, PipeBytes / 2);
        guest.Asm.mov(al, (byte)'x');
        guest.Asm.rep.stosb();
        guest.Asm.Label(ref again);
        guest.Asm.mov(esi, 0x200000);
        guest.Asm.mov(ecx, PipeBytes / 2);
        guest.Asm.mov(dx, (short)GuestImage.Com1);
        guest.Asm.rep.outsb();
        if (forEver)
            guest.Asm.jmp(again);
        guest.Exit(0);
    });

    /// <summary>The command, with a full pipe that is not read as its console.</summary>
    private sealed class Unread : IDisposable
    {
        private readonly Process _process;
        private readonly Task<string> _errors;
        private readonly TaskCompletionSource _started = new();

        internal Unread(string redirection, string image, params string[] options)
        {
            _process = SignalDefaults.Start(
            [
                "/bin/sh", "-c", $"head -c {PipeBytes} /dev/zero; exec \"$@\" {redirection}", "sh", .. WirqProgram.Words, "boot",
                image, .. options,
            ]);
            _errors = ReadErrors();
        }

        internal string Errors => _errors.Result;

        /// <summary>Waits until it has said what it is about to start, and then a little: signals are not taken before.</summary>
        internal void AwaitStart()
        {
            Assert.True(_started.Task.Wait(s_patience));
            Thread.Sleep(TimeSpan.FromSeconds(2));
        }

        internal void Send(string signal)
        {
            using Process kill = Process.Start("kill", [$"-{signal}", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
        }

        internal int Ended()
        {
            Assert.True(_process.WaitForExit(s_patience), "it does not end");
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
        }

        private async Task<string> ReadErrors()
        {
            string all = "";
            while (await _process.StandardError.ReadLineAsync() is { } line)
            {
                all += line + "\n";
                _started.TrySetResult();
            }
            return all;
        }
    }
}
