using System.Text.Json;

namespace Wirq.Cli.Tests.Replay;

public class ReplayAndWhyTests
{
    private const string Log = "tests/Wirq.Traces.Tests/Replay/logs/ioapic-2cpu.log.gz";

    [Fact]
    public void A_log_that_the_chips_agree_with_exits_0_and_its_JSON_has_the_promised_keys()
    {
        CommandRun run = CommandRun.Of("replay", "--json", Log);
        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        Assert.Equal(["lines", "stimuli", "responses", "notJudged", "notes", "delivered", "laws", "why"], json.RootElement.EnumerateObject().Select(key => key.Name));
        JsonElement responses = json.RootElement.GetProperty("responses");
        Assert.Equal(["matched", "mismatched", "waived", "unchecked"], responses.EnumerateObject().Select(key => key.Name));
        Assert.Equal(0, responses.GetProperty("mismatched").GetProperty("total").GetInt64());
        Assert.NotEqual(0, responses.GetProperty("matched").GetProperty("ioapic_set_remote_irr").GetInt64());
    }

    [Fact]
    public void A_log_with_remapping_says_what_invalidations_touched_in_text_and_in_JSON()
    {
        const string log = "tests/Wirq.Traces.Tests/Replay/logs/vtd-msix.log.gz";
        using var json = JsonDocument.Parse(CommandRun.Of("replay", "--json", log).Output);
        JsonElement remapping = json.RootElement.GetProperty("remapping");
        Assert.Equal(["translated", "unremapped", "blocked", "globalInvalidations", "selectiveInvalidations", "routesTouched",
            "mostRoutesTouched", "usedRewritten", "invalidations"], remapping.EnumerateObject().Select(key => key.Name));
        Assert.Equal((248, 79, 4), (remapping.GetProperty("translated").GetInt32(), remapping.GetProperty("invalidations").GetArrayLength(),
            remapping.GetProperty("routesTouched").GetInt32()));
        CommandRun text = CommandRun.Of("replay", log);
        Assert.Contains("1 of all entries, 78 of some", text.Output, StringComparison.Ordinal);
        Assert.Contains("4 in all, 1 at most", text.Output, StringComparison.Ordinal);
        Assert.All(text.Output.Split('\n'), line => Assert.True(line.TrimEnd('\r').Length <= 80, line));
    }

    [Theory]
    [InlineData("tests/Wirq.Traces.Tests/Replay/logs/ioapic-1cpu-acks.log.gz", 0, "nothing-owed")]
    [InlineData("tests/Wirq.Traces.Tests/Replay/logs/hung-no-eoi.log.gz", 1, "owed")]
    [InlineData("tests/reports/why/kvm3.log.gz", 4, "not-told")]
    [InlineData("tests/reports/why/fragment-min.log", 4, "not-told")]
    public void The_exit_code_of_why_is_its_verdict_of_a_log_and_of_the_recording_of_its_replay(string log, int exit, string verdict)
    {
        string recording = Path.GetTempFileName();
        try
        {
            CommandRun.Of("replay", log, "--record", recording);
            foreach (string file in new[] { log, recording })
            {
                CommandRun run = CommandRun.Of("why", file, "--json");
                Assert.Equal(exit, run.ExitCode);
                Assert.Equal(verdict, JsonDocument.Parse(run.Output).RootElement.GetProperty("verdict").GetString());
            }
        }
        finally
        {
            File.Delete(recording);
        }
    }

    /// <summary>Who asks for a source that is owed an interrupt gets no all-clear; a place asks only what became of one
    /// raise.</summary>
    [Theory]
    [InlineData("ioapic:4", 1)]
    [InlineData("gsi:4", 1)]
    [InlineData("ioapic:4@L506", 0)]
    [InlineData("pic:4", 0)]
    public void A_source_to_which_something_is_owed_is_a_failure(string source, int exitCode) =>
        Assert.Equal(exitCode, CommandRun.Of("why", "examples/hang.log.gz", source).ExitCode);

    [Fact]
    public void A_question_of_which_nothing_is_known_exits_4_and_a_line_is_no_place_in_a_recording()
    {
        Assert.Equal(4, CommandRun.Of("why", "tests/reports/why/fragment-pic.log", "pic:8").ExitCode);
        Assert.Equal(0, CommandRun.Of("why", "tests/reports/why/fragment-pic.log", "pic:0").ExitCode);
        string recording = Path.GetTempFileName();
        try
        {
            CommandRun.Of("replay", Log, "--record", recording);
            Assert.Equal(0, CommandRun.Of("why", recording, "ioapic:14@event2000").ExitCode);
            CommandRun line = CommandRun.Of("why", recording, "ioapic:14@L400");
            Assert.Equal(2, line.ExitCode);
            Assert.Contains("a recording has no lines; expected an event, such as event1234", line.Errors, StringComparison.Ordinal);
            CommandRun happened = CommandRun.Of("why", Log, "ioapic:14@event400");
            Assert.Equal(2, happened.ExitCode);
            Assert.Contains("expected a line, such as L1234", happened.Errors, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(recording);
        }
    }

    [Theory]
    [InlineData("replay")]
    [InlineData("why")]
    [InlineData("replay", "no-such.log")]
    [InlineData("replay", "README.md")]
    [InlineData("why", "README.md")]
    [InlineData("why", Log, "ioapic:99")]
    [InlineData("why", Log, "a pin")]
    public void What_cannot_be_read_or_answered_exits_2_without_a_stack_trace(params string[] arguments)
    {
        CommandRun run = CommandRun.Of(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.NotEqual("", run.Errors);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }
}
