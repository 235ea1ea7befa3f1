using System.Text.Json;
using Wirq.Cli.Shipped;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Shipped;

/// <summary>Scenarios, schema and examples are inside the command.</summary>
public sealed class ShippedTests : IDisposable
{
    private const string Race = "scenarios/routing/migration-race.yaml", Note = "These scenarios ship with wirq";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("wirq-shipped-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void All_scenarios_of_the_repository_ship_byte_by_byte()
    {
        string[] files = FilesOf(Repository.PathOf("scenarios"));
        Assert.Equal(files, ShippedFiles.Under("scenarios").Select(file => file["scenarios/".Length..]));
        Assert.All(files, file => Assert.Equal(File.ReadAllBytes(Repository.PathOf($"scenarios/{file}")), BytesOf($"scenarios/{file}")));
    }

    [Fact]
    public void In_an_empty_folder_run_gives_the_verdicts_of_the_repository_and_says_whose_scenarios_they_are()
    {
        using JsonDocument here = Json(CommandRun.In(_folder.FullName, "run", "--json")), there = Json(CommandRun.Of("run", "--json"));
        Assert.Equal(Verdicts(there), Verdicts(here));
        CommandRun table = CommandRun.In(_folder.FullName, "run", Race);
        Assert.Equal(0, table.ExitCode);
        Assert.Contains(Note, table.Output, StringComparison.Ordinal);
        Assert.All(table.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.DoesNotContain(Note, CommandRun.Of("run", Race).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_line_that_says_whose_scenarios_they_are_has_the_columns_of_COLUMNS()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: a shell");
        CommandRun run = CommandRun.Through(["/bin/sh", "-c", $"cd '{_folder.FullName}' && COLUMNS=40 exec \"$@\"", "sh"], "run", Race);
        Assert.Equal(0, run.ExitCode);
        Assert.Contains(Note, run.Output, StringComparison.Ordinal);
        Assert.All(run.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 40));
    }

    [Theory]
    [InlineData("scenarios/routing")]
    [InlineData("./scenarios/routing/")]
    public void A_folder_that_ships_is_named_as_one_on_the_disk(string path)
    {
        using JsonDocument run = Json(CommandRun.In(_folder.FullName, "run", "--json", path));
        Assert.Equal(FilesOf(Repository.PathOf("scenarios/routing")).Select(file => $"scenarios/routing/{file}"),
            Verdicts(run).Select(one => one.File).Distinct());
    }

    [Fact]
    public void What_is_on_the_disk_comes_first()
    {
        Write(Race, "name: Mine\nmachine: { devices: { disk: { gsi: 11, kind: edge } } }\nsteps: [disk: pulse]\n");
        using JsonDocument file = Json(CommandRun.In(_folder.FullName, "run", "--json", Race)), all = Json(CommandRun.In(_folder.FullName, "run", "--json"));
        Assert.Equal("Mine", Assert.Single(Verdicts(file)).Name);
        Assert.Equal("Mine", Assert.Single(Verdicts(all)).Name);
    }

    [Theory]
    [InlineData("run", "migration-race", "perhaps scenarios/routing/migration-race.yaml, which ships", "wirq run scenarios/routing/migration-race.yaml")]
    [InlineData("run", "routing", "perhaps scenarios/routing, which ships", "wirq run scenarios/routing")]
    [InlineData("why", "migration-race.yaml", "perhaps scenarios/routing/migration-race.yaml, which ships", "wirq run scenarios/routing/migration-race.yaml")]
    [InlineData("why", "hang", "perhaps examples/hang.log.gz, which ships", "wirq why examples/hang.log.gz")]
    [InlineData("replay", "examples/storm.log", "perhaps examples/storm.log.gz, which ships", "wirq replay examples/storm.log.gz")]
    [InlineData("run", "missing-eoi", "perhaps examples/missing-eoi.log.gz, which ships", "wirq why examples/missing-eoi.log.gz")]
    [InlineData("why", "examples", "no such file", "wirq examples")]
    public void A_name_that_leads_nowhere_is_answered_by_one_that_may_be_meant(string command, string name, string expected, string type)
    {
        CommandRun run = CommandRun.In(_folder.FullName, command, name);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        string[] said = run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, said.Length);
        Assert.Contains(expected, said[0], StringComparison.Ordinal);
        Assert.Equal($"Type: {type}", said[1]);
    }

    [Theory]
    [InlineData("../scenarios")]
    [InlineData("/scenarios")]
    public void A_path_out_of_the_folder_means_nothing_that_ships(string path)
    {
        CommandRun run = CommandRun.In(_folder.FullName, "run", path);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine("no such file or folder;");
    }

    [Fact]
    public void A_log_that_ships_is_answered_for_and_named_as_such()
    {
        // No log ships for sure; a scenario is one to the command until it is read.
        CommandRun why = CommandRun.In(_folder.FullName, "why", Race), replay = CommandRun.In(_folder.FullName, "replay", Race);
        Assert.Equal((2, 2), (why.ExitCode, replay.ExitCode));
        why.AssertOneLine($"{Race}: line ");
        replay.AssertOneLine($"{Race}: line ");
        string? log = ShippedFiles.Under("examples").FirstOrDefault(file => file.EndsWith(".log.gz", StringComparison.Ordinal));
        if (log is null)
            return;
        CommandRun shipped = CommandRun.In(_folder.FullName, "why", log), here = CommandRun.Of("why", log);
        Assert.Equal((here.ExitCode, $"{log} is not in this folder; this is the one that ships with wirq.\n\n{here.Output}"), (shipped.ExitCode, shipped.Output));
        CommandRun json = CommandRun.In(_folder.FullName, "why", "--json", log);
        Assert.Equal(CommandRun.Of("why", "--json", log).Output, json.Output);
        json.AssertOneLine("ships with wirq");
    }

    [Fact]
    public void Scenarios_are_listed_by_folder_with_name_and_title()
    {
        CommandRun list = CommandRun.In(_folder.FullName, "scenarios");
        Assert.Equal((0, ""), (list.ExitCode, list.Errors));
        Assert.Contains("scenarios/routing/\n", list.Output, StringComparison.Ordinal);
        Assert.Contains("  apic-base-moves.yaml\n      The register page follows IA32_APIC_BASE, whose reserved bits fault\n", list.Output, StringComparison.Ordinal);
        Assert.All(list.Output.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Equal(list.Output, CommandRun.In(_folder.FullName, "scenarios", "list").Output);
        using JsonDocument json = Json(CommandRun.In(_folder.FullName, "scenarios", "--json"));
        JsonElement[] all = [.. json.RootElement.EnumerateArray()];
        Assert.Equal(Directory.EnumerateFiles(Repository.PathOf("scenarios"), "*.yaml", SearchOption.AllDirectories).Count(), all.Length);
        Assert.All(all, one => Assert.NotEqual("", one.GetProperty("title").GetString()));
    }

    [Fact]
    public void Scenarios_are_copied_with_their_schema_and_nothing_is_overwritten()
    {
        CommandRun copy = CommandRun.In(_folder.FullName, "scenarios", "copy", "a/b");
        Assert.Equal((0, ""), (copy.ExitCode, copy.Errors));
        string copied = Path.Combine(_folder.FullName, "a/b");
        Assert.Equal(FilesOf(Repository.PathOf("scenarios")), FilesOf(copied));
        Assert.Equal(File.ReadAllBytes(Repository.PathOf(Race)), File.ReadAllBytes(Path.Combine(copied, "routing/migration-race.yaml")));

        // One file in the way, and not even the others are written.
        Write("c/routing/migration-race.yaml", "mine");
        CommandRun refused = CommandRun.In(_folder.FullName, "scenarios", "copy", "c");
        Assert.Equal((2, ""), (refused.ExitCode, refused.Output));
        refused.AssertOneLine("c/routing/migration-race.yaml: is there already; nothing was copied");
        Assert.Equal(["routing/migration-race.yaml"], FilesOf(Path.Combine(_folder.FullName, "c")));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(_folder.FullName, "c/routing/migration-race.yaml")));
    }

    /// <summary>A copy that fails on the way leaves no part of itself.</summary>
    [Fact]
    public void A_copy_is_whole_or_not_there()
    {
        Write("d/routing", "a file where a folder is to be");
        CommandRun run = CommandRun.In(_folder.FullName, "scenarios", "copy", "d");
        Assert.Equal((5, ""), (run.ExitCode, run.Output));
        Assert.Equal(["routing"], FilesOf(Path.Combine(_folder.FullName, "d")));
    }

    [Fact]
    public void A_copy_that_cannot_be_written_is_a_failure_to_write()
    {
        Write("file", "");
        CommandRun run = CommandRun.In(_folder.FullName, "scenarios", "copy", "file/in");
        Assert.Equal((5, ""), (run.ExitCode, run.Output));
        run.AssertOneLine("file/in");
    }

    [Fact]
    public void The_schema_is_printed_as_it_is() =>
        Assert.Equal(File.ReadAllText(Repository.PathOf("scenarios/schema.json")), CommandRun.In(_folder.FullName, "schema").Output);

    [Fact]
    public void Examples_are_listed_if_there_are_any()
    {
        CommandRun list = CommandRun.In(_folder.FullName, "examples");
        Assert.Equal((0, ""), (list.ExitCode, list.Errors));
        Assert.Equal(ShippedFiles.Under("examples").Count == 0, list.Output.StartsWith("No examples", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("# Page\n\n## One: `a.log`\n\n**Seen:** it prints `h`,\nand stops.\n\nMore.\n", "a.log", "One. Seen: it prints h, and stops.")]
    [InlineData("## One: `a.log`\n## Two: `b.log`\n```console\n", "a.log", "One.")]
    [InlineData("## One: `a.log`\n## Two: `b.log`\n```console\n", "b.log", "Two.")]
    [InlineData("## One: `a.log`\n", "b.log", "")]
    public void The_story_of_a_log_stands_in_the_page_of_its_folder(string page, string name, string story) =>
        Assert.Equal(story, ShippedTitle.StoryOf(page, name));

    [Fact]
    public void Every_shipped_log_and_scenario_is_listed_with_what_it_is_about()
    {
        Assert.All(ShippedTitle.Under("examples").Concat(ShippedTitle.Under("scenarios")), one => Assert.NotEqual("", one.Title));
        Assert.Contains("A lost edge. Seen in the guest:", CommandRun.In(_folder.FullName, "examples").Output, StringComparison.Ordinal);
    }

    private static byte[] BytesOf(string file)
    {
        using var bytes = new MemoryStream();
        using Stream from = ShippedFiles.Open(file);
        from.CopyTo(bytes);
        return bytes.ToArray();
    }

    private void Write(string name, string text)
    {
        string file = Path.Combine(_folder.FullName, name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private static string[] FilesOf(string folder) => [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(folder, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    private static JsonDocument Json(CommandRun run)
    {
        Assert.Equal("", run.Errors);
        return JsonDocument.Parse(run.Output);
    }

    private static (string File, string Name, string Verdict)[] Verdicts(JsonDocument run) => [.. run.RootElement.GetProperty("scenarios").EnumerateArray()
        .Select(one => (one.GetProperty("file").GetString()!, one.GetProperty("name").GetString()!, one.GetProperty("verdict").GetString()!))];
}
