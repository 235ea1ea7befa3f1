using System.Text.Json;
using Wirq.Tests.Shared.Images;
using static Iced.Intel.AssemblerRegisters;

namespace Wirq.Cli.Tests.Boot;

/// <summary><c>wirq boot</c>, as a user runs it.</summary>
public sealed class BootTests
{
    private const int Width = 80;

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 1)]
    public void The_guests_console_is_all_of_stdout_and_its_code_is_mapped(byte value, int status)
    {
        KvmPresence.Require();
        using TemporaryImage image = Hello(value);
        CommandRun run = CommandRun.Of("boot", image.Path, "--timeout", "20");
        Assert.Equal((status, "hello\nworld"), (run.ExitCode, run.Output));
        Assert.Contains($"the guest ended with code {value * 2 + 1}", run.Errors, StringComparison.Ordinal);
        Assert.Contains("laws held", run.Errors, StringComparison.Ordinal);
        AssertReadable(run.Errors);
    }

    [Fact]
    public void The_JSON_holds_the_console_the_laws_and_the_end()
    {
        KvmPresence.Require();
        using TemporaryImage image = Hello(0);
        CommandRun run = CommandRun.Of("boot", image.Path, "--json", "--cpus", "2", "--x2apic", "--timeout", "20");
        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        JsonElement root = json.RootElement;
        Assert.Equal(("hello\nworld", "Exit", 1, 2), (root.GetProperty("console").GetString(), root.GetProperty("end").GetString(),
            root.GetProperty("code").GetInt32(), root.GetProperty("cpus").GetInt32()));
        Assert.All(root.GetProperty("laws").EnumerateArray(), law => Assert.True(law.GetProperty("held").GetBoolean()));
    }

    [Fact]
    public void A_guest_that_goes_on_is_stopped_when_its_time_is_up()
    {
        KvmPresence.Require();
        using TemporaryImage image = GuestImage.Write(guest => guest.Halt());
        CommandRun run = CommandRun.Of("boot", image.Path, "--timeout", "0.2");
        Assert.Equal((3, ""), (run.ExitCode, run.Output));
        Assert.Contains("the time was up", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_typed_reaches_the_guest_line_by_line_until_it_writes_a_text()
    {
        KvmPresence.Require();
        using TemporaryImage image = Echo();
        using var lines = new TemporaryImage("one\ntwo\nthree\n"u8.ToArray());
        CommandRun run = CommandRun.Of("boot", image.Path, "--input", lines.Path, "--prompt", "? ", "--until", "two\n", "--timeout", "20");
        Assert.Equal(0, run.ExitCode);
        // The guest goes on until its CPU is stopped.
        Assert.StartsWith("? one\n? two\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("the guest wrote \"two", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--prompt says what each line of the input waits for", "--prompt", "? ")]
    [InlineData("/nowhere/lines cannot be read", "--input", "/nowhere/lines")]
    public void An_input_that_is_not_there_is_refused(string says, params string[] options)
    {
        KvmPresence.Require();
        using TemporaryImage image = Hello(0);
        CommandRun run = CommandRun.Of(["boot", image.Path, .. options]);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(says, run.Errors, StringComparison.Ordinal);
    }

    /// <summary>A guest that prompts, and writes each line that it reads.</summary>
    private static TemporaryImage Echo() => GuestImage.Write(guest =>
    {
        Iced.Intel.Label prompt = guest.Asm.CreateLabel(), next = guest.Asm.CreateLabel();
        guest.Asm.Label(ref prompt);
        guest.Say("? ");
        guest.Asm.Label(ref next);
        guest.Asm.mov(dx, GuestImage.Com1 + 5);
        guest.Asm.@in(al, dx);
        guest.Asm.test(al, 1);
        guest.Asm.je(next);
        guest.Asm.mov(dx, GuestImage.Com1);
        guest.Asm.@in(al, dx);
        guest.Asm.@out(dx, al);
        guest.Asm.cmp(al, 0xA);
        guest.Asm.jne(next);
        guest.Asm.jmp(prompt);
    });

    [Fact]
    public void The_image_is_told_its_name_and_its_arguments()
    {
        KvmPresence.Require();
        using TemporaryImage image = GuestImage.Write(guest =>
        {
            // The Multiboot information, whose word 16 is the command line.
            guest.Asm.mov(esi, __dword_ptr[rbx + 16]);
            guest.Asm.mov(dx, GuestImage.Com1);
            Iced.Intel.Label next = guest.Asm.CreateLabel(), end = guest.Asm.CreateLabel();
            guest.Asm.Label(ref next);
            guest.Asm.lodsb();
            guest.Asm.test(al, al);
            guest.Asm.je(end);
            guest.Asm.@out(dx, al);
            guest.Asm.jmp(next);
            guest.Asm.Label(ref end);
            guest.Exit(0);
        });
        CommandRun run = CommandRun.Of("boot", image.Path, "--append", "one two", "--timeout", "20");
        Assert.Equal((0, $"{Path.GetFileName(image.Path)} one two"), (run.ExitCode, run.Output));
    }

    [Fact]
    public void What_it_records_can_be_asked_why()
    {
        KvmPresence.Require();
        using TemporaryImage image = GuestImage.Write(guest =>
        {
            guest.EnableLocalApic();
            // A level line that is never unmasked, and its device waits.
            guest.StoreIoApic(0x10 + 20 * 2, 0x18052);
            guest.Out(0x2000 + 20, 1);
            guest.Exit(0);
        });
        string recording = image.Path + ".wirq";
        try
        {
            Assert.Equal(0, CommandRun.Of("boot", image.Path, "--record", recording, "--timeout", "20").ExitCode);
            CommandRun why = CommandRun.Of("why", recording);
            Assert.Contains("masked", why.Output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(recording);
        }
    }

    [Fact]
    public void Where_the_host_deviates_it_says_so_before_the_guest_starts()
    {
        KvmPresence.Require();
        using var host = JsonDocument.Parse(CommandRun.Of("host", "--json").Output);
        JsonElement split = host.RootElement.GetProperty("configurations").EnumerateArray()
            .Single(each => each.GetProperty("name").GetString() == "split");
        Assert.SkipUnless(split.GetProperty("verdict").GetString() == "deviates", "this host's split irqchip does what the manuals say");
        using TemporaryImage image = Hello(0);
        CommandRun run = CommandRun.Of("boot", image.Path, "--irqchip", "split", "--timeout", "20");
        Assert.Equal(0, run.ExitCode);
        int said = run.Errors.IndexOf("deviates in irqchip split", StringComparison.Ordinal);
        Assert.InRange(said, 0, run.Errors.IndexOf("the guest ended", StringComparison.Ordinal));
        string words = run.Errors.ReplaceLineEndings(" ");
        Assert.All(split.GetProperty("because").EnumerateArray(),
            probe => Assert.Contains(probe.GetString()!, words, StringComparison.Ordinal));
        AssertReadable(run.Errors);
    }

    [Fact]
    public void Without_KVM_it_says_why_and_what_works_without()
    {
        using TemporaryImage image = Hello(0);
        CommandRun run = CommandRun.Of("boot", image.Path, "--device", "/dev/no-such-kvm");
        Assert.Equal((3, ""), (run.ExitCode, run.Output));
        Assert.Contains("needs KVM", run.Errors, StringComparison.Ordinal);
        AssertReadable(run.Errors);
    }

    [Fact]
    public void A_call_that_fails_is_named_with_its_errno_and_what_to_do()
    {
        KvmPresence.Require();
        using TemporaryImage image = Hello(0);
        CommandRun run = CommandRun.Of("boot", image.Path, "--device", "/dev/null");
        Assert.Equal(3, run.ExitCode);
        string words = run.Errors.ReplaceLineEndings(" ");
        Assert.Contains("KVM_GET_API_VERSION", words, StringComparison.Ordinal);
        Assert.Contains("ENOTTY", words, StringComparison.Ordinal);
    }

    /// <summary>Nothing would bring such a process out of a guest.</summary>
    [Fact]
    public void Where_no_signal_can_be_sent_it_says_what_to_raise()
    {
        KvmPresence.Require();
        Assert.SkipUnless(File.Exists("/bin/bash"), "needs bash, whose ulimit has -i");
        using TemporaryImage image = Hello(0);
        CommandRun run = CommandRun.Through(["/bin/bash", "-c", "ulimit -i 0 && exec \"$@\"", "bash"], "boot", image.Path, "--timeout", "20");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("RLIMIT_SIGPENDING", run.Errors, StringComparison.Ordinal);
        AssertReadable(run.Errors);
    }

    [Fact]
    public void A_file_that_is_no_image_is_named_with_the_place_and_what_was_expected()
    {
        using var image = new TemporaryImage([1, 2, 3, 4, 5]);
        CommandRun run = CommandRun.Of("boot", image.Path);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(Path.GetFileName(image.Path), run.Errors, StringComparison.Ordinal);
        Assert.Contains("ELF", run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--cpus", "0")]
    [InlineData("--cpus", "256")]
    [InlineData("--memory", "1")]
    [InlineData("--irqchip", "half")]
    [InlineData("--timeout", "-1")]
    [InlineData("--design", "eoi-first-match")]
    [InlineData("--design", "service-before-route")]
    [InlineData("--level-device", "edge")]
    public void A_bad_option_is_bad_usage(string option, string value)
    {
        using TemporaryImage image = Hello(0);
        CommandRun run = CommandRun.Of("boot", image.Path, option, value);
        Assert.Equal((2, true), (run.ExitCode, run.Errors.Contains(option, StringComparison.Ordinal) || run.Errors.Contains(value, StringComparison.Ordinal)));
    }

    private static TemporaryImage Hello(byte value) => GuestImage.Write(guest =>
    {
        guest.Say("hello\nworld");
        guest.Exit(value);
    });

    private static void AssertReadable(string text) =>
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 0, Width));
}
