using System.Text.Json;
using Wirq.Lab.Scenarios;
using Wirq.Tests.Shared;
using Wirq.Traces.Recordings;

namespace Wirq.Cli.Tests.Run;

public sealed class RunTests : IDisposable
{
    private const string Race = "scenarios/routing/migration-race.yaml";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-run-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Every_scenario_that_ships_holds_and_every_historic_design_is_caught()
    {
        CommandRun run = CommandRun.Of("run", "--json");
        Assert.Equal("", run.Errors);
        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        JsonElement[] scenarios = [.. json.RootElement.GetProperty("scenarios").EnumerateArray()];
        Assert.InRange(scenarios.Length, 100, 10_000);
        Assert.All(scenarios, scenario => Assert.Equal("held", scenario.GetProperty("verdict").GetString()));
        JsonElement[] historic = [.. scenarios.SelectMany(scenario => scenario.GetProperty("historic").EnumerateArray())];
        Assert.InRange(historic.Length, 13, 10_000);
        Assert.All(historic, one => Assert.True(one.GetProperty("failed").GetBoolean(), one.ToString()));
    }

    [Fact]
    public void Every_historic_design_is_used_by_some_scenario()
    {
        string[] used = [.. Directory.GetFiles(Repository.PathOf("scenarios"), "*.yaml", SearchOption.AllDirectories)
            .SelectMany(file => ScenarioReader.Read(file, File.ReadAllText(file), Lab.Historic.Designs.Names))
            .SelectMany(scenario => scenario.Historic).Select(spec => spec.Design).Distinct()];
        Assert.Empty(Lab.Historic.Designs.Names.Except(used));
    }

    [Fact]
    public void The_JSON_of_a_scenario_names_its_file_verdict_laws_and_designs()
    {
        using var json = JsonDocument.Parse(CommandRun.Of("run", "--json", Race).Output);
        JsonElement scenario = Assert.Single(json.RootElement.GetProperty("scenarios").EnumerateArray());
        Assert.Equal(Race, scenario.GetProperty("file").GetString());
        Assert.NotEqual("", scenario.GetProperty("name").GetString());
        // A machine without Xen and ONESHOT lines has no laws about them.
        Assert.Equal(Laws.LawSet.Names.Except(["UpcallMatchesLine", "PermittedBeforeMapped", "OneshotHeld"]), scenario.GetProperty("laws").EnumerateArray().Select(law => law.GetProperty("name").GetString()!));
        JsonElement design = Assert.Single(scenario.GetProperty("historic").EnumerateArray());
        Assert.Equal(("service-before-route", "FreshRoute", true),
            (design.GetProperty("name").GetString(), design.GetProperty("law").GetString(), design.GetProperty("failed").GetBoolean()));
    }

    [Fact]
    public void The_table_fits_80_columns_and_ends_in_a_count()
    {
        CommandRun run = CommandRun.Of("run", "scenarios/routing", "--verbose");
        Assert.Equal(0, run.ExitCode);
        Assert.All(run.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.DoesNotContain('\u001b', run.Output);
        Assert.Contains("as service-before-route, by FreshRoute", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"\d+ scenarios: \d+ held\n\d+ historic designs: \d+ caught, 0 missed\n$", run.Output);
    }

    [Fact]
    public void An_expectation_that_fails_is_told_with_its_place_and_a_timeline()
    {
        string file = Write("wrong.yaml", """
            name: A wrong expectation
            machine:
              devices:
                disk: { gsi: 11, kind: edge }
            steps:
              - cpu0: { write: { rte.11: { vector: 0x21 } } }
              - disk: pulse
            expect:
              taken: { cpu0: [0x22] }
            """);
        CommandRun run = CommandRun.Of("run", file);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("wrong.yaml:9:", Unwrapped(run.Output), StringComparison.Ordinal);
        Assert.Contains("cpu0 took 0x21", Unwrapped(run.Output), StringComparison.Ordinal);
        Assert.Contains("disk pulses", run.Output, StringComparison.Ordinal);
        Assert.Contains("cpu0 takes 0x21", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 scenario: 1 failed", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_historic_design_that_nothing_catches_fails_the_run()
    {
        string file = Write("missed.yaml", """
            name: Nothing here breaks
            steps:
              - time: 1us
            historic:
              - { design: service-before-route, breaks: FreshRoute }
            """);
        CommandRun run = CommandRun.Of("run", file);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("missed", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name: x\nmachine: { cpus: many }\n", ":2:18", "expected")]
    [InlineData("name: x\nstepps: []\n", ":2:1", "steps")]
    [InlineData("name: [\n", ":", "expected")]
    public void Bad_input_is_told_with_file_line_and_column_and_exits_2(string text, string place, string expected)
    {
        CommandRun run = CommandRun.Of("run", Write("bad.yaml", text));
        Assert.Equal(2, run.ExitCode);
        Assert.Equal("", run.Output);
        Assert.Contains($"bad.yaml{place}", run.Errors, StringComparison.Ordinal);
        Assert.Contains(expected, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        CommandRun program = CommandRun.Of("run", "--json", Path.Combine(_folder.FullName, "bad.yaml"));
        Assert.Equal((2, run.Errors), (program.ExitCode, program.Errors));
        using var json = JsonDocument.Parse(program.Output);
        Assert.Equal(run.Errors.TrimEnd(), Assert.Single(json.RootElement.GetProperty("unread").EnumerateArray()).GetProperty("why").GetString());
    }

    [Theory]
    [InlineData("run", "no-such-file.yaml")]
    [InlineData("run", "docs")]
    [InlineData("run", "--record", "x.wirq", "scenarios/routing")]
    [InlineData("run", "--record", "no/such/folder/x.wirq", Race)]
    [InlineData("run", "--backend", "xen")]
    [InlineData("fly")]
    public void Bad_usage_exits_2_without_a_stack_trace(params string[] arguments)
    {
        CommandRun run = CommandRun.Of(arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.NotEqual("", run.Errors);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void On_KVM_what_the_host_cannot_show_is_counted_and_named_and_is_no_failure()
    {
        CommandRun run = CommandRun.Of("run", "--backend", "kvm", Race, "scenarios/routing/virq-walk.yaml");
        Assert.Equal(0, run.ExitCode);
        Assert.All(run.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Matches(@"\d+ scenarios: \d+ held, \d+ host lacks, \d+ host deviates\n", run.Output);
        Assert.DoesNotContain("failed", run.Output, StringComparison.Ordinal);
        // A host either runs split scenarios, or says what it lacks or in which probes it deviates.
        Assert.Matches(@"the host (lacks|deviates in) \S+", run.Output);
    }

    [Fact]
    public void On_KVM_the_JSON_has_the_counts_and_the_reasons()
    {
        CommandRun run = CommandRun.Of("run", "--backend", "kvm", "--json", Race, "scenarios/routing/virq-walk.yaml");
        Assert.Equal(0, run.ExitCode);
        using var json = JsonDocument.Parse(run.Output);
        JsonElement[] scenarios = [.. json.RootElement.GetProperty("scenarios").EnumerateArray()];
        JsonElement counts = json.RootElement.GetProperty("counts");
        foreach (string verdict in (string[])["held", "failed", "host lacks", "host deviates"])
            Assert.Equal(scenarios.Count(one => one.GetProperty("verdict").GetString() == verdict), counts.GetProperty(verdict).GetInt32());
        Assert.Equal(0, counts.GetProperty("failed").GetInt32());
        foreach (JsonElement scenario in scenarios)
        {
            Assert.Equal(scenario.GetProperty("verdict").GetString() == "host lacks", scenario.GetProperty("lacks").GetArrayLength() > 0);
            Assert.Equal(scenario.GetProperty("verdict").GetString() == "host deviates", scenario.GetProperty("deviations").GetArrayLength() > 0);
        }
    }

    [Fact]
    public void A_run_is_recorded()
    {
        string file = Path.Combine(_folder.FullName, "race.wirq");
        Assert.Equal(0, CommandRun.Of("run", "--record", file, Race).ExitCode);
        using var reader = new RecordingReader(File.OpenRead(file), file);
        Assert.Equal(3, reader.Header.Machine.LocalApics.Count);
        var kinds = new HashSet<Events.EventKind>();
        while (reader.TryRead(out Events.Event happened))
            kinds.Add(happened.Kind);
        Assert.Superset(new HashSet<Events.EventKind> { Events.EventKind.SourceRaised, Events.EventKind.Deliver, Events.EventKind.VectorTaken, Events.EventKind.CpuEoi }, kinds);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("77")]
    public void Another_order_of_CPUs_changes_no_verdict(string seed) =>
        Assert.Equal(0, CommandRun.Of("run", "--seed", seed, "--json").ExitCode);

    [Fact]
    public void A_run_of_everything_fits_a_screen()
    {
        CommandRun run = CommandRun.Of("run");
        Assert.Equal((0, ""), (run.ExitCode, run.Errors));
        string[] lines = run.Output.Split('\n');
        Assert.InRange(lines.Length, 8, 24);
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        foreach (string folder in Directory.GetDirectories(Repository.PathOf("scenarios")).Select(path => Path.GetFileName(path)!))
            Assert.Single(lines, line => line.TrimStart().StartsWith(folder + ' ', StringComparison.Ordinal));
        Assert.StartsWith("--list shows every scenario", lines[^2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("60", 60)]
    [InlineData("132", 132)]
    [InlineData("no", 80)]
    [InlineData("0", 80)]
    public void Lines_have_the_columns_that_COLUMNS_says(string columns, int most)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: env");
        CommandRun run = CommandRun.Through(["/usr/bin/env", "COLUMNS=" + columns], "run", "--list", "scenarios/routing");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(most, run.Output.Split('\n').Max(line => line.Length));
    }

    [Theory]
    [InlineData("virq-walk", 2)]
    [InlineData("VIRQ-WALK", 2)]
    [InlineData("walks from its*first", 2)]
    [InlineData("migration-race.yaml", 1)]
    public void A_filter_chooses_by_name_or_file(string filter, int least)
    {
        using var json = JsonDocument.Parse(CommandRun.Of("run", "--json", "--filter", filter).Output);
        Assert.InRange(json.RootElement.GetProperty("scenarios").GetArrayLength(), least, 20);
    }

    [Fact]
    public void A_filter_chooses_by_what_is_covered()
    {
        using var all = JsonDocument.Parse(CommandRun.Of("run", "--json", "scenarios/routing").Output);
        JsonElement one = all.RootElement.GetProperty("scenarios").EnumerateArray().First(scenario => scenario.GetProperty("covers").GetArrayLength() > 0);
        string id = one.GetProperty("covers")[0].GetString()!;
        using var json = JsonDocument.Parse(CommandRun.Of("run", "--json", "--filter", id).Output);
        Assert.Contains(one.GetProperty("file").GetString(), json.RootElement.GetProperty("scenarios").EnumerateArray().Select(scenario => scenario.GetProperty("file").GetString()));
    }

    [Theory]
    [InlineData("--filter no-such-thing", "--filter no-such-thing: stands in no name, file or covered id of ")]
    [InlineData("storm-brake", "to run scenarios by their name: run --filter storm-brake")]
    public void Who_names_nothing_that_is_there_reads_what_to_type(string arguments, string expected)
    {
        CommandRun run = CommandRun.Of(["run", .. arguments.Split(' ')]);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(expected, run.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[0x21]", 2, "1 held")]
    [InlineData("[0x22]", 1, "1 failed")]
    public void A_bad_file_of_a_folder_is_reported_and_the_others_run(string taken, int exitCode, string count)
    {
        Write("bad.yaml", "name: x\nmachine: { cpus: many }\n");
        Write("good.yaml", Pulse.Replace("TAKEN", taken, StringComparison.Ordinal));
        CommandRun run = CommandRun.Of("run", _folder.FullName);
        Assert.Equal(exitCode, run.ExitCode);
        run.AssertOneLine("bad.yaml:2:18: \"many\"; expected");
        Assert.Contains($"1 scenario: {count}\n1 file not read", run.Output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(CommandRun.Of("run", "--json", _folder.FullName).Output);
        JsonElement unread = Assert.Single(json.RootElement.GetProperty("unread").EnumerateArray());
        Assert.EndsWith("bad.yaml", unread.GetProperty("file").GetString(), StringComparison.Ordinal);
        Assert.Contains(":2:18: ", unread.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Single(json.RootElement.GetProperty("scenarios").EnumerateArray());
    }

    [Fact]
    public void Of_many_that_fail_one_has_its_story_and_some_say_why()
    {
        for (int i = 10; i < 30; i++)
            Write($"wrong-{i}.yaml", Pulse.Replace("TAKEN", "[0x22]", StringComparison.Ordinal).Replace("name: A", $"name: {i}", StringComparison.Ordinal));
        CommandRun run = CommandRun.Of("run", _folder.FullName);
        Assert.Equal(1, run.ExitCode);
        string[] lines = run.Output.Split('\n');
        Assert.InRange(lines.Length, 30, 60);
        Assert.Equal(7, lines.Count(line => line.StartsWith("failed ", StringComparison.Ordinal)));
        Assert.Single(lines, line => line == "  timeline:");
        Assert.Contains("… and 13 more failed; -v tells the story of each", run.Output, StringComparison.Ordinal);
        Assert.Equal(20, CommandRun.Of("run", "-v", _folder.FullName).Output.Split('\n').Count(line => line == "  timeline:"));
    }

    private const string Pulse = """
        name: A pulse
        machine: { devices: { disk: { gsi: 11, kind: edge } } }
        steps:
          - cpu0: { write: { rte.11: { vector: 0x21 } } }
          - disk: pulse
        handlers: { cpus: { 0x21: [eoi] } }
        expect: { taken: { cpu0: TAKEN } }
        """;

    private string Write(string name, string text)
    {
        string file = Path.Combine(_folder.FullName, name);
        File.WriteAllText(file, text);
        return file;
    }

    private static string Unwrapped(string output) => output.Replace("\n", "", StringComparison.Ordinal);
}
