using System.Text.Json;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Run;

/// <summary>What <c>wirq run</c> prints of scenarios that fail.</summary>
public sealed class RunStoryTests : IDisposable
{
    private const string Reports = "tests/reports/run/", LeftOut = "left out; --verbose shows them, --record FILE keeps every event";
    private const int Screen = 40, Columns = 80;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-story-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("12b-uros-222-storm", "cpu0 writes pic.slave.elcr 0x08", "cpu0 takes 0x2b from the 8259", "… repeated 15 times …",
        "it comes from IRQ 11 of the 8259s (GSI 11), which ahci holds, and the handler at line 7 does not serve ahci")]
    [InlineData("livelock-15s", "cpu0 writes pic.master.elcr 0x20", "cpu0 takes 0x2b from the 8259", "… repeated 15 times …",
        "it comes from IRQ 11 of the 8259s (GSI 11), which nic holds, and the handler at line 20 does not serve nic")]
    [InlineData("lost", "cpu0 writes rte.20 vector 0x51 to 0 level", "cpu0 takes 0x51", "… repeated 9,998 times …",
        "cpu0 took 0x51 10,000 times in all, until the storm brake held the pin")]
    [InlineData("long-story", "cpu0 writes rte.14.low vector 0x83 level", "cpu0 takes 0x83", "… repeated 9,998 times …",
        "rte.14 has masked clear, and should have masked set (it is 0xc083) (20,000 times)")]
    [InlineData("one", "cpu0 writes rte.11 vector 0x31 level", "cpu0 takes 0x31", "… repeated 9,997 times …",
        "and has no handler for it; give it one, or say \"unhandled: ignore\"")]
    public void A_story_fits_a_screen_with_its_beginning_the_first_turn_and_how_often_it_came_again(
        string report, string first, string turn, string repeated, string reason)
    {
        CommandRun run = CommandRun.Of("run", $"{Reports}{report}.yaml");
        Assert.Equal((1, ""), (run.ExitCode, run.Errors));
        string[][] stories = [.. StoriesOf(run.Output)];
        Assert.NotEmpty(stories);
        // Of further variants that failed, only the reason is told.
        Assert.All(stories.Skip(1), story => Assert.InRange(story.Length, 2, 8));
        foreach (string[] story in stories.Take(1))
        {
            Assert.InRange(story.Length, 10, Screen);
            Assert.All(story, line => Assert.InRange(line.Length, 0, Columns));
            int begins = Array.FindIndex(story, line => line.Contains("timeline:", StringComparison.Ordinal));
            Assert.EndsWith(first, story[begins + 1], StringComparison.Ordinal);
            int takes = Array.FindIndex(story, line => line.EndsWith(turn, StringComparison.Ordinal));
            int again = Array.FindIndex(story, line => line.EndsWith(repeated, StringComparison.Ordinal));
            Assert.True(begins < takes && takes < again, string.Join('\n', story));
            Assert.Contains(reason, Joined(story[..begins]), StringComparison.Ordinal);
            Assert.Contains(LeftOut, story[^1], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_design_that_does_not_finish_is_neither_caught_nor_missed()
    {
        string file = Path.Combine(_folder.FullName, "long.yaml");
        File.WriteAllText(file, """
            name: long
            historic: [{design: edge-ack-of-level, breaks: expectations}]
            handlers: {cpus: {0x40: [{repeat: {times: 9998, steps: [{write: {apic.tpr: 0}}]}}, eoi]}}
            steps:
              - repeat: {times: 26, steps: [cpu0: {ipi: {to: 0, vector: 0x40}}]}
            """.Replace("edge-ack-of-level", Wirq.Lab.Historic.Designs.Names.First(), StringComparison.Ordinal));
        CommandRun run = CommandRun.Of("run", file);
        Assert.Equal((1, ""), (run.ExitCode, run.Errors));
        Assert.EndsWith("1 historic design: 0 caught, 0 missed, 1 did not finish\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("it did not finish, so whether it breaks expectations is not known", Joined(StoriesOf(run.Output).Single()), StringComparison.Ordinal);
        using JsonDocument json = JsonDocument.Parse(CommandRun.Of("run", file, "--json").Output);
        JsonElement design = json.RootElement.GetProperty("scenarios")[0].GetProperty("historic")[0];
        Assert.Equal((false, false), (design.GetProperty("failed").GetBoolean(), design.GetProperty("finished").GetBoolean()));
    }

    [Fact]
    public void Verbose_leaves_nothing_of_a_story_out()
    {
        string[] whole = StoriesOf(CommandRun.Of("run", "--verbose", Reports + "lost.yaml").Output).Single();
        Assert.DoesNotContain(whole, line => line.Contains("left out", StringComparison.Ordinal));
        Assert.Contains(whole, line => line.EndsWith("source 2 raises GSI 20", StringComparison.Ordinal));
        // The number of lines that the short one speaks of.
        string[] brief = StoriesOf(CommandRun.Of("run", Reports + "lost.yaml").Output).Single();
        int gaps = brief.Count(line => line.StartsWith("  … ", StringComparison.Ordinal));
        int whatIsWhole = whole.TakeWhile(line => !string.IsNullOrWhiteSpace(line)).Count();
        Assert.Contains($"  {whatIsWhole - (brief.Length - gaps - 1)} lines are left out", brief[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_story_of_many_different_failures_is_short_too()
    {
        string file = Path.Combine(_folder.FullName, "many.yaml");
        File.WriteAllText(file, "name: x\nsteps:\n" + string.Concat(Enumerable.Range(0, 200).Select(value => $"  - cpu0: {{ read: {{ apic.tpr: {value + 1} }} }}\n")));
        string[] story = StoriesOf(CommandRun.Of("run", file).Output).Single();
        Assert.InRange(story.Length, 10, Screen);
        Assert.Matches("^  … and 1[0-9][0-9] more$", story.Single(line => line.EndsWith(" more", StringComparison.Ordinal)));
        Assert.EndsWith(LeftOut, story[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_read_is_told_and_the_expectation_apart()
    {
        string[] story = StoriesOf(CommandRun.Of("run", Reports + "read-msg.yaml").Output).Single();
        Assert.Equal(["           0 us  cpu0 reads pic.master.data and finds 0xfb", "           0 us    cpu0 reads 0xfb from port 0x21, 1 byte",
            "           0 us  not as expected: pic.master.data is 0xfb, and should be 0x11"], story[^3..]);
    }

    [Fact]
    public void The_JSON_of_a_storm_has_what_its_sentence_says()
    {
        CommandRun run = CommandRun.Of("run", "--json", Reports + "lost.yaml", Reports + "12b-uros-222-storm.yaml");
        Assert.Equal(1, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        JsonElement[] storms = [.. json.RootElement.GetProperty("scenarios").EnumerateArray()
            .Select(scenario => Assert.Single(scenario.GetProperty("storms").EnumerateArray()))];
        JsonElement lost = storms.Single(storm => storm.GetProperty("vector").GetInt32() == 0x51), uros = storms.Single(storm => storm.GetProperty("vector").GetInt32() == 0x2b);
        Assert.Equal((false, 10_000, 20, "nic", "nic"), (lost.GetProperty("endless").GetBoolean(), lost.GetProperty("times").GetInt32(),
            lost.GetProperty("gsi").GetInt32(), Assert.Single(lost.GetProperty("holders").EnumerateArray()).GetString(),
            Assert.Single(lost.GetProperty("notServed").EnumerateArray()).GetString()));
        Assert.Equal((true, $"{Reports}12b-uros-222-storm.yaml:7:5"), (uros.GetProperty("endless").GetBoolean(), uros.GetProperty("handler").GetString()));
        Assert.All(json.RootElement.GetProperty("scenarios").EnumerateArray(), scenario =>
            Assert.Equal([1], scenario.GetProperty("failureTimes").EnumerateArray().Select(times => times.GetInt32())));
    }

    [Theory]
    [InlineData("", "failed")]
    [InlineData("unhandled: ignore\n", "held")]
    public void A_vector_without_a_handler_is_judged_alike_by_both_backends(string more, string verdict)
    {
        string file = Path.Combine(_folder.FullName, "one.yaml");
        File.WriteAllText(file, File.ReadAllText(Repository.PathOf(Reports + "one.yaml")) + more);
        Assert.Equal(verdict, VerdictOf("run", "--json", file));
        string real = VerdictOf("run", "--json", "--backend", "kvm", file);
        Assert.True(real == verdict || real == "host lacks", real);
    }

    private static string VerdictOf(params string[] arguments)
    {
        using var json = JsonDocument.Parse(CommandRun.Of(arguments).Output);
        return Assert.Single(json.RootElement.GetProperty("scenarios").EnumerateArray()).GetProperty("verdict").GetString()!;
    }

    private static IEnumerable<string[]> StoriesOf(string output)
    {
        string[] lines = output.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("failed ", StringComparison.Ordinal))
                yield return [.. lines.Skip(i).TakeWhile((line, index) => index == 0 || line.StartsWith(' '))];
        }
    }

    private static string Joined(string[] lines) => string.Join(' ', lines.Select(line => line.Trim()));
}
