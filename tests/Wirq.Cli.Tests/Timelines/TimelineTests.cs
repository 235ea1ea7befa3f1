using System.Text;
using System.Text.Json;

namespace Wirq.Cli.Tests.Timelines;

/// <summary><c>--timeline</c> of run, replay and why.</summary>
public sealed class TimelineTests : IDisposable
{
    private const string Log = "examples/hang.log.gz";
    private const int Failure = 1, BadInput = 2, Unwritten = 5;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-timeline-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Each_extension_has_its_format_and_replay_draws_what_why_draws()
    {
        foreach ((string extension, string begins) in new[] { (".html", "<!DOCTYPE html>"), (".pftrace", "\n"), (".json", "{\"displayTimeUnit\""), (".VCD", "$comment") })
        {
            string why = In($"why{extension}"), replay = In($"replay{extension}");
            CommandRun asked = CommandRun.Of("why", Log, "--timeline", why), replayed = CommandRun.Of("replay", Log, "--timeline", replay);
            Assert.Equal((Failure, ""), (asked.ExitCode, asked.Errors));
            Assert.Equal((0, ""), (replayed.ExitCode, replayed.Errors));
            Assert.StartsWith(begins, File.ReadAllText(why), StringComparison.Ordinal);
            Assert.Equal(File.ReadAllBytes(why), File.ReadAllBytes(replay));
        }
    }

    [Fact]
    public void A_timeline_changes_nothing_that_is_answered()
    {
        CommandRun alone = CommandRun.Of("why", Log), drawn = CommandRun.Of("why", Log, "--timeline", In("a.json"));
        Assert.Equal((alone.ExitCode, alone.Output, alone.Errors), (drawn.ExitCode, drawn.Output, drawn.Errors));
        CommandRun one = CommandRun.Of("why", Log, "ioapic:4", "--json"), other = CommandRun.Of("why", Log, "ioapic:4", "--json", "--timeline", In("b.vcd"));
        Assert.Equal((one.ExitCode, one.Output), (other.ExitCode, other.Output));
    }

    [Theory]
    [InlineData("picture.svg")]
    [InlineData("picture")]
    public void An_unknown_extension_is_an_error_that_names_the_four(string name)
    {
        foreach (string[] command in (string[][])[["why", Log], ["replay", Log], ["run", "scenarios/routing/migration-race.yaml"]])
        {
            CommandRun run = CommandRun.Of([.. command, "--timeline", In(name)]);
            Assert.Equal((BadInput, ""), (run.ExitCode, run.Output));
            Assert.All((string[])[".html", ".pftrace", ".json", ".vcd"], extension => Assert.Contains(extension, run.Errors, StringComparison.Ordinal));
            Assert.Empty(_folder.GetFiles());
        }
    }

    [Fact]
    public void A_run_of_several_scenarios_has_no_timeline()
    {
        CommandRun run = CommandRun.Of("run", "scenarios/routing", "--timeline", In("a.html"));
        Assert.Equal((BadInput, ""), (run.ExitCode, run.Output));
        run.AssertOneLine("needs one scenario, and ");
        Assert.Empty(_folder.GetFiles());
    }

    [Fact]
    public void An_input_or_the_recording_is_not_overwritten()
    {
        string recording = In("a.json"), scenario = Scenario();
        Assert.Equal(Failure, CommandRun.Of("run", scenario, "--record", recording).ExitCode);
        byte[] before = File.ReadAllBytes(recording);
        CommandRun why = CommandRun.Of("why", recording, "--timeline", recording);
        Assert.Equal(BadInput, why.ExitCode);
        Assert.Contains("would overwrite", why.Errors, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(recording));
        CommandRun both = CommandRun.Of("run", scenario, "--record", In("b.json"), "--timeline", In("b.json"));
        Assert.Equal(BadInput, both.ExitCode);
        both.AssertOneLine("--record writes this file too");
    }

    [Fact]
    public void What_cannot_be_written_is_5_and_the_answer_stays()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "needs /dev/full");
        File.CreateSymbolicLink(In("full.json"), "/dev/full");
        CommandRun run = CommandRun.Of("replay", Log, "--timeline", In("full.json"));
        Assert.Equal(Unwritten, run.ExitCode);
        Assert.Contains("could not be written whole", run.Errors, StringComparison.Ordinal);
        Assert.Contains("all laws held", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_window_of_another_input_or_without_a_file_is_bad_usage()
    {
        CommandRun lines = CommandRun.Of("run", Scenario(), "--timeline", In("a.vcd"), "--timeline-window", "L3..");
        Assert.Equal(BadInput, lines.ExitCode);
        Assert.Contains("a recording has no lines", lines.Errors, StringComparison.Ordinal);
        foreach (string[] wrong in (string[][])[["--timeline-window", "L3.."], ["--timeline", In("a.vcd"), "--timeline-window", "L3"], ["--timeline", In("a.vcd"), "--timeline-window", "x..L3"]])
            Assert.Equal(BadInput, CommandRun.Of(["why", Log, .. wrong]).ExitCode);
        Assert.DoesNotContain(_folder.GetFiles(), file => file.Extension is ".vcd" or ".part");
    }

    [Fact]
    public void A_window_is_drawn()
    {
        CommandRun run = CommandRun.Of("why", Log, "--timeline", In("a.json"), "--timeline-window", "L500..L508");
        Assert.Equal(Failure, run.ExitCode);
        JsonElement trace = JsonDocument.Parse(File.ReadAllText(In("a.json"))).RootElement;
        string[] at = [.. trace.GetProperty("traceEvents").EnumerateArray().Where(one => one.GetProperty("ph").GetString() == "i")
            .Select(one => one.GetProperty("args").GetProperty("at").GetString()!)];
        Assert.NotEmpty(at);
        Assert.All(at, place => Assert.StartsWith("L50", place, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("guest-2cpu-full-cli.trace.txt.gz", 1)]
    [InlineData("guest-2cpu-split-nodest.v6.trace.dat.gz", 1)]
    [InlineData("pasted-event-only.txt", 4)]
    public void A_log_of_a_KVM_host_is_drawn_in_each_format_and_its_answer_stays(string log, int code)
    {
        DrawsEachFormat("why", log, code, least: 1000);
        Assert.Contains("cpu0 0x75", File.ReadAllText(In("a.json")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("amd-tpr.trace.txt.gz", 0)]
    [InlineData("guest-2cpu-split-nodest.v7.trace.dat", 0)]
    [InlineData("pasted-event-only.txt", 0)]
    public void A_replay_of_a_log_of_a_KVM_host_is_drawn_in_each_format_and_its_answer_stays(string log, int code)
    {
        DrawsEachFormat("replay", log, code, least: 100);
        Assert.Contains("profile kvm", File.ReadAllText(In("a.html")), StringComparison.Ordinal);
    }

    private void DrawsEachFormat(string verb, string log, int code, int least)
    {
        string file = $"tests/Wirq.Traces.Tests/Kvm/logs/{log}";
        CommandRun alone = CommandRun.Of(verb, file);
        foreach (string extension in new[] { ".html", ".pftrace", ".json", ".vcd" })
        {
            CommandRun drawn = CommandRun.Of(verb, file, "--timeline", In($"a{extension}"));
            Assert.Equal((code, alone.Output, ""), (drawn.ExitCode, drawn.Output, drawn.Errors));
            Assert.True(new FileInfo(In($"a{extension}")).Length > least, extension);
        }
    }

    [Fact]
    public void A_log_of_a_KVM_host_is_not_overwritten_by_its_picture()
    {
        string log = In("log.json");
        File.Copy(Wirq.Tests.Shared.Repository.PathOf("tests/Wirq.Traces.Tests/Kvm/logs/pasted-no-pid.txt"), log);
        byte[] before = File.ReadAllBytes(log);
        foreach (string command in new[] { "why", "replay" })
        {
            CommandRun run = CommandRun.Of(command, log, "--timeline", log);
            Assert.Equal((BadInput, ""), (run.ExitCode, run.Output));
            Assert.Contains("would overwrite", run.Errors, StringComparison.Ordinal);
        }
        Assert.Equal(before, File.ReadAllBytes(log));
        CommandRun window = CommandRun.Of("replay", log, "--timeline", In("a.vcd"), "--timeline-window", "L99999999..");
        Assert.Equal((BadInput, ""), (window.ExitCode, window.Output));
        Assert.Contains("it begins after the input's end; it has L", window.Errors, StringComparison.Ordinal);
        Assert.Equal(["log.json"], _folder.GetFiles().Select(file => file.Name));
    }

    /// <summary>What was at the place of the picture stays.</summary>
    [Fact]
    public void A_damaged_log_of_a_KVM_host_leaves_no_picture()
    {
        string text = In("cut.gz"), dat = In("cut.dat"), picture = In("a.json");
        byte[] whole = File.ReadAllBytes(Wirq.Tests.Shared.Repository.PathOf("tests/Wirq.Traces.Tests/Kvm/logs/amd-tpr.trace.txt.gz"));
        File.WriteAllBytes(text, whole[..(whole.Length * 2 / 3)]);
        whole = File.ReadAllBytes(Wirq.Tests.Shared.Repository.PathOf("tests/Wirq.Traces.Tests/Kvm/logs/guest-2cpu-split-nodest.v7.trace.dat"));
        File.WriteAllBytes(dat, whole[..(whole.Length * 2 / 3)]);
        File.WriteAllText(picture, "old");
        foreach (string log in new[] { text, dat })
        {
            foreach (string command in new[] { "why", "replay" })
            {
                CommandRun run = CommandRun.Of(command, log, "--timeline", picture);
                Assert.Equal((BadInput, ""), (run.ExitCode, run.Output));
                Assert.StartsWith($"{log}: ", run.Errors, StringComparison.Ordinal);
                Assert.Contains("xpected", run.Errors, StringComparison.Ordinal);
                Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
            }
        }
        Assert.Equal("old", File.ReadAllText(picture));
        Assert.Equal(3, _folder.GetFiles().Length);
    }

    [Theory]
    [InlineData("L20..L10", "it ends before it begins")]
    [InlineData("9s..8s", "it ends before it begins")]
    [InlineData("..", "with a place at one end")]
    [InlineData("", "expected FROM..TO")]
    [InlineData("L99999999..", "it begins after the input's end; it has L")]
    [InlineData("..1.5", "it ends before anything of the input")]
    public void A_window_that_holds_nothing_is_bad_usage_and_nothing_is_drawn(string window, string why)
    {
        foreach (string log in new[] { Log, "tests/Wirq.Traces.Tests/Kvm/logs/amd-tpr.trace.txt.gz" })
        {
            CommandRun run = CommandRun.Of("why", log, "--timeline", In("a.vcd"), "--timeline-window", window);
            Assert.Equal((BadInput, ""), (run.ExitCode, run.Output));
            Assert.Contains(why, run.Errors, StringComparison.Ordinal);
        }
        Assert.Empty(_folder.GetFiles());
    }

    [Fact]
    public void An_empty_name_says_what_is_expected_and_no_help()
    {
        CommandRun run = CommandRun.Of("why", Log, "--timeline", "");
        Assert.Equal((BadInput, ""), (run.ExitCode, run.Output));
        run.AssertOneLine("--timeline '': expected the name of a file");
    }

    /// <summary>Simulated time passes, and so a storm has a rate.</summary>
    [Fact]
    public void A_storm_under_a_failing_scenario_has_a_count_and_a_rate()
    {
        string file = In("storm.yaml");
        File.WriteAllText(file, """
            name: Nobody serves the nic
            machine: { devices: { nic: { gsi: 20 } } }
            handlers: { cpu0: { 0x51: [eoi] } }
            steps:
              - cpu0: { write: { rte.20: { vector: 0x51, level: true } } }
              - nic: raise
              - time: 10ms
              - expect: { taken: { cpu0: [0x51] } }
            """);
        string said = Joined(CommandRun.Of("run", file).Output);
        Assert.Contains("ioapic:20 storms: its line rose at", said, StringComparison.Ordinal);
        Assert.Matches("was delivered 1000[0-9] times without falling, .* a second. No handler", said);
    }

    /// <summary>What why says of the recording stands under the failure, and the device has its name in all of them.</summary>
    [Fact]
    public void A_failing_scenario_says_why_with_the_names_of_its_devices()
    {
        string scenario = Scenario(), recording = In("a.wirq");
        CommandRun run = CommandRun.Of("run", scenario, "--record", recording, "--timeline", In("a.html"));
        Assert.Equal(Failure, run.ExitCode);
        string said = Joined(run.Output);
        const string answer = "ioapic:14 rose by disk-two at event ";
        Assert.Contains("why: Owed at the end", said, StringComparison.Ordinal);
        Assert.Contains(answer, said, StringComparison.Ordinal);
        // The expectation is no event.
        Assert.Contains("(checked here: expect taken)", said, StringComparison.Ordinal);
        CommandRun why = CommandRun.Of("why", recording);
        string sentence = Joined(why.Output);
        int start = sentence.IndexOf(answer, StringComparison.Ordinal), end = sentence.IndexOf(". ", start, StringComparison.Ordinal);
        Assert.Contains(sentence[start..end], said, StringComparison.Ordinal);
        Assert.Contains("disk-two (gsi:14)", File.ReadAllText(In("a.html"), Encoding.UTF8), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_goes_round_gets_no_all_clear()
    {
        CommandRun run = CommandRun.Of("run", "tests/reports/run/12b-uros-222-storm.yaml");
        Assert.Equal(Failure, run.ExitCode);
        Assert.DoesNotContain("Nothing is owed", Joined(run.Output), StringComparison.Ordinal);
        Assert.Contains("why: nothing was owed at event", Joined(run.Output), StringComparison.Ordinal);
    }

    [Fact]
    public void Replay_points_to_why_where_something_is_owed()
    {
        CommandRun owed = CommandRun.Of("replay", Log), clear = CommandRun.Of("replay", "tests/Wirq.Traces.Tests/Replay/logs/ioapic-2cpu.log.gz");
        Assert.EndsWith($"1 interrupt; 0 silent CPUs. To know what and why: wirq why {Log}", Joined(owed.Output), StringComparison.Ordinal);
        Assert.DoesNotContain("wirq why", clear.Output, StringComparison.Ordinal);
        Assert.Equal("owed", JsonDocument.Parse(CommandRun.Of("replay", Log, "--json").Output).RootElement.GetProperty("why").GetString());
    }

    private string In(string name) => Path.Combine(_folder.FullName, name);

    private string Scenario()
    {
        string file = In("waits.yaml");
        File.WriteAllText(file, """
            name: A masked pin keeps the disk waiting
            machine: { devices: { disk-two: { gsi: 14 } } }
            steps:
              - cpu0: { write: { rte.14: { vector: 0x9A, level: true, masked: true } } }
              - disk-two: raise
              - expect: { taken: { cpu0: [0x9A] } }
            """);
        return file;
    }

    private static string Joined(string text) => string.Join(' ', text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries));
}
