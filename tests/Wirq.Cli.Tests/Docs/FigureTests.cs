using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Laws;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Pages;

namespace Wirq.Cli.Tests.Docs;

/// <summary>Figures of pages that are counts, and lists of names. Times are not held here: docs/speed.md names the bench of each.</summary>
public sealed partial class FigureTests
{
    private static readonly string[] Words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"];

    [Fact]
    public void The_readme_counts_the_scenarios_their_designs_and_the_laws()
    {
        string[] files = Directory.GetFiles(Repository.PathOf("scenarios"), "*.yaml", SearchOption.AllDirectories);
        Scenario[] scenarios = [.. files.SelectMany(file => ScenarioReader.Read(file, File.ReadAllText(file), Designs.Names))];
        string readme = Page.TextOf("README.md").ReplaceLineEndings(" ");
        Assert.Contains($"**Scenarios**: {files.Length} files", readme, StringComparison.Ordinal);
        Assert.Contains($"{scenarios.Sum(scenario => scenario.Historic.Count)} times one names a historic design", readme.Replace("  ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains($"**Laws**: {Words[LawSet.Names.Count]} sentences", readme, StringComparison.Ordinal);
    }

    /// <summary>What the verdicts are was measured; that they are all is held here.</summary>
    [Fact]
    public void The_verdicts_of_both_hosts_are_of_all_scenarios_and_the_same_in_the_readme()
    {
        int all = Directory.GetFiles(Repository.PathOf("scenarios"), "*.yaml", SearchOption.AllDirectories)
            .Sum(file => ScenarioReader.Read(file, File.ReadAllText(file), Designs.Names).Count);
        int[][] hosts = [.. Verdicts().Matches(Page.TextOf("docs/linux.md")).Select(Counts)];
        Assert.Equal(2, hosts.Length);
        Assert.All(hosts, counts => Assert.Equal(all, counts.Sum()));
        Assert.Equal(hosts, Verdicts().Matches(Page.TextOf("README.md").ReplaceLineEndings(" ").Replace("  ", "", StringComparison.Ordinal)).Select(Counts));

        static int[] Counts(Match verdicts) => [.. verdicts.Groups.Values.Skip(1).Select(group => int.Parse(group.Value, CultureInfo.InvariantCulture))];
    }

    [Theory]
    [InlineData("docs/laws.md")]
    [InlineData("docs/scenarios.md")]
    public void The_pages_name_every_law(string page) =>
        Assert.All(LawSet.Names, law => Assert.Contains($"`{law}`", Page.TextOf(page), StringComparison.Ordinal));

    [Fact]
    public void The_page_of_the_command_has_every_command_and_every_exit_code()
    {
        string page = Page.TextOf("docs/command.md");
        foreach (Command verb in CommandLine.Build().Subcommands)
            Assert.Contains($"| `wirq {verb.Name}` |", page, StringComparison.Ordinal);
        int[] codes = [CommandLine.Success, CommandLine.Failure, CommandLine.BadInput, CommandLine.NoEnd, CommandLine.NotTold, CommandLine.Unwritten];
        Assert.All(codes, code => Assert.Matches($@"(?m)^\| {code} \| ", page));
        Assert.Contains($"| {CommandLine.HungUp}, {CommandLine.Interrupted}, {CommandLine.Terminated} |", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_readme_says_of_its_log_how_many_lines_it_has()
    {
        string answer = Page.Blocks("README.md").First(block => block.Language == "console").Lines[1];
        string lines = AtLine().Match(answer).Groups["line"].Value;
        Assert.Contains($"The log has {lines} lines", Page.TextOf("README.md"), StringComparison.Ordinal);
        Assert.True(int.Parse(lines, CultureInfo.InvariantCulture) > 0);
    }

    [Fact]
    public void The_api_reference_is_made_of_every_library()
    {
        string made = File.ReadAllText(Repository.PathOf("eng/api/docfx.json"));
        string[] libraries = [.. Directory.GetFiles(Repository.PathOf("src"), "PublicAPI.Unshipped.txt", SearchOption.AllDirectories)
            .Select(file => Path.GetFileName(Path.GetDirectoryName(file)!))];
        Assert.NotEmpty(libraries);
        Assert.All(libraries, library => Assert.Contains($"/{library}.dll\"", made, StringComparison.Ordinal));
    }

    [GeneratedRegex("([0-9]+) held, ([0-9]+) host lacks, ([0-9]+) host deviates")]
    private static partial Regex Verdicts();

    [GeneratedRegex("L(?<line>[0-9]+)")]
    private static partial Regex AtLine();
}
