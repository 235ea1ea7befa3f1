using System.Globalization;
using Wirq.Tests.Shared.Images;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Cli.Tests.Boot;

/// <summary>A host that lacks a resource, and errors of a guest or a user: the message says which of them caused
/// it.</summary>
public sealed class BootHostTests
{
    private const int FirstUser = 100_000, Users = 1 << 22;
    private const string SetPrivileges = "/usr/bin/setpriv", Bash = "/bin/bash";

    /// <summary>The limit does not apply to root, so the test runs as another user who may open everything.</summary>
    [Fact]
    public void Where_a_thread_cannot_start_the_limits_are_told()
    {
        KvmPresence.Require();
        Assert.SkipUnless(Environment.UserName == "root" && File.Exists(SetPrivileges) && File.Exists("/usr/bin/prlimit"),
            "needs root, setpriv and prlimit, to run as a user whose processes are limited");
        using TemporaryImage image = Spinning();
        // A limit counts all threads of a user, those of another run of this test included: each run is a user of its own.
        string user = string.Create(CultureInfo.InvariantCulture, $"{FirstUser + Environment.ProcessId % Users}");
        CommandRun run = CommandRun.Through(["prlimit", "--nproc=60", SetPrivileges, "--reuid", user, "--inh-caps", "+dac_override",
            "--ambient-caps", "+dac_override"], "boot", image.Path, "--cpus", "200", "--timeout", "20");
        string words = run.Errors.ReplaceLineEndings(" ");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("no thread is left for vCPU", words, StringComparison.Ordinal);
        Assert.Contains("RLIMIT_NPROC (60)", words, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", words, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_a_descriptor_is_lacking_the_limit_is_told_and_no_file_is_blamed()
    {
        KvmPresence.Require();
        Assert.SkipUnless(File.Exists(Bash), "needs bash, whose ulimit sets the hard limit too");
        using TemporaryImage image = Spinning();
        string recording = image.Path + ".wirq";
        CommandRun run = CommandRun.Through([Bash, "-c", "ulimit -n 200 && exec \"$@\"", "bash"],
            "boot", image.Path, "--cpus", "250", "--record", recording, "--timeout", "20");
        string words = run.Errors.ReplaceLineEndings(" ");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("KVM_CREATE_VCPU failed with EMFILE", words, StringComparison.Ordinal);
        Assert.Contains("RLIMIT_NOFILE", words, StringComparison.Ordinal);
        Assert.DoesNotContain("KVM_CAP_MAX_VCPU", words, StringComparison.Ordinal);
        Assert.DoesNotContain(recording, words, StringComparison.Ordinal);
    }

    /// <summary>Every CPU spins as soon as it is started, on a host that has fewer.</summary>
    [Fact]
    public void The_time_counts_from_before_the_first_CPU_starts()
    {
        KvmPresence.Require();
        using TemporaryImage image = Spinning();
        CommandRun run = CommandRun.Of("boot", image.Path, "--cpus", "255", "--timeout", "1", "--json");
        Assert.Equal(3, run.ExitCode);
        using var json = System.Text.Json.JsonDocument.Parse(run.Output);
        // It was 41 s where nothing else ran, and is longer where something does. What is left is how long a thread waits for its
        // turn: 23 s have been seen beside other tests. A timed wait counts in the ticks of a coarser clock than the one that
        // measures it, and may end some milliseconds early.
        Assert.InRange(json.RootElement.GetProperty("seconds").GetDouble(), 0.95, 35);
    }

    [Theory]
    [InlineData("--module")]
    [InlineData("IMAGE")]
    public void A_file_without_end_is_read_up_to_the_limit(string which)
    {
        using TemporaryImage image = Spinning();
        string[] arguments = which == "IMAGE" ? ["boot", "/dev/zero"] : ["boot", image.Path, "--module", "/dev/zero"];
        CommandRun run = CommandRun.Of(arguments);
        Assert.Equal(new CommandRun(2, "", "/dev/zero: expected a file of at most 268435456 bytes; it goes on\n"), run);
    }

    [Fact]
    public void An_image_may_come_through_a_pipe()
    {
        KvmPresence.Require();
        using TemporaryImage image = GuestImage.Write(guest => guest.Exit(0));
        CommandRun run = CommandRun.Through(["/bin/sh", "-c", $"cat {image.Path} | \"$@\"", "sh"], "boot", "/dev/stdin", "--timeout", "20");
        Assert.Equal(0, run.ExitCode);
    }

    [Theory]
    [InlineData(0x80000000u, "code 4294967297")]
    [InlineData(0xFFFFFFFFu, "code 8589934591")]
    [InlineData(0x80u, "code 257")]
    public void Only_a_zero_is_success(uint value, string code)
    {
        KvmPresence.Require();
        using TemporaryImage image = GuestImage.Write(guest =>
        {
            guest.OutWord(GuestImage.ExitPort, value);
            guest.Halt();
        });
        CommandRun run = CommandRun.Of("boot", image.Path, "--timeout", "20");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains(code, run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user")]
    [InlineData("split")]
    [InlineData("kernel")]
    public void An_INIT_of_CPU_0_is_called_what_it_is(string irqchip)
    {
        KvmPresence.Require();
        using TemporaryImage image = GuestImage.Write(guest =>
        {
            guest.EnableLocalApic();
            guest.Store(GuestImage.LocalApic + 0x310, 0);
            guest.Store(GuestImage.LocalApic + 0x300, 0x4500);
            guest.Halt();
        });
        CommandRun run = CommandRun.Of("boot", image.Path, "--irqchip", irqchip, "--timeout", "20");
        string words = run.Errors.ReplaceLineEndings(" ");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("the guest requested a reset (cpu0 was sent INIT", words, StringComparison.Ordinal);
        Assert.DoesNotContain("KVM cannot go on", words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_that_runs_where_no_memory_is_is_not_the_hosts_fault()
    {
        KvmPresence.Require();
        using TemporaryImage image = GuestImage.Write(guest =>
        {
            guest.Asm.mov(eax, 0xD0000000);
            guest.Asm.jmp(rax);
        });
        CommandRun run = CommandRun.Of("boot", image.Path, "--timeout", "20");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("the guest runs where there is no memory (cpu0: it stands at 8:d0000000)", run.Errors.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    /// <summary>All other CPUs are sent to a page with a jump to itself, and so is the first.</summary>
    private static TemporaryImage Spinning() => GuestImage.Write(guest =>
    {
        const uint page = 0x8000, jumpToItself = 0xFEEB;
        guest.EnableLocalApic();
        guest.Store(page, jumpToItself);
        guest.Store(GuestImage.LocalApic + 0x300, 0xC4500);
        guest.Store(GuestImage.LocalApic + 0x300, 0xC4600 | page >> 12);
        Iced.Intel.Label here = guest.Asm.CreateLabel();
        guest.Asm.Label(ref here);
        guest.Asm.jmp(here);
    });
}
