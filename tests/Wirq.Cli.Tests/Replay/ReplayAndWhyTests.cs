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
        Assert.Equal(["lines", "stimuli", "responses", "delivered", "laws"], json.RootElement.EnumerateObject().Select(key => key.Name));
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
