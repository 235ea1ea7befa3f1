using System.Text.Json;

namespace Wirq.Cli.Tests.Replay;

/// <summary><c>wirq replay</c> of logs of KVM hosts, as a user types it.</summary>
public class ReplayKvmTests
{
    private const string Logs = "tests/Wirq.Traces.Tests/Kvm/logs/";

    [Theory]
    [InlineData("amd-ok.trace.txt.gz", 0, "no mismatch; all laws held")]
    [InlineData("guest-2cpu-split-nodest.v7.trace.dat", 0, "no mismatch; all laws held")]
    [InlineData("perf-script-options.txt", 4, "nothing could be checked")]
    public void The_exit_code_is_about_the_comparison(string log, int code, string words)
    {
        CommandRun run = CommandRun.Of("replay", Logs + log);
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(words, run.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_something_is_owed_it_names_the_command_that_tells_why()
    {
        CommandRun run = CommandRun.Of("replay", Logs + "guest-2cpu-full-cli.trace.txt.gz");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("wirq why", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void JSON_has_the_counts_of_each_VM()
    {
        CommandRun run = CommandRun.Of("replay", Logs + "amd-ok.trace.txt.gz", "--json");
        Assert.Equal(0, run.ExitCode);
        using JsonDocument json = JsonDocument.Parse(run.Output);
        Assert.Equal(("kvm", "nothing-owed"), (json.RootElement.GetProperty("kind").GetString(), json.RootElement.GetProperty("why").GetString()));
        JsonElement responses = Assert.Single(json.RootElement.GetProperty("vms").EnumerateArray()).GetProperty("responses");
        Assert.Equal((574, 0), (responses.GetProperty("matched").GetProperty("kvm_ioapic_set_irq").GetInt32(), responses.GetProperty("mismatched").GetProperty("total").GetInt32()));
    }

    [Fact]
    public void A_recording_that_would_tell_what_the_log_does_not_is_refused()
    {
        string file = Path.Combine(Path.GetTempPath(), "wirq-none.wirq");
        CommandRun run = CommandRun.Of("replay", Logs + "amd-ok.trace.txt.gz", "--record", file);
        Assert.Equal(2, run.ExitCode);
        run.AssertOneLine($"--record {file}: {Logs}amd-ok.trace.txt.gz is a log of a KVM host; a recording has no place for what such a log does not tell");
        run.AssertOneLine("ask the log itself with wirq why, or draw the chips with --timeline FILE");
        Assert.False(File.Exists(file) || File.Exists($"{file}.part"));
    }
}
