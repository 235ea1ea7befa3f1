using System.Diagnostics;
using System.Text.RegularExpressions;
using Wirq.Cli.Run;
using Wirq.Lab.Historic;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Pages;

namespace Wirq.Cli.Tests.Docs;

/// <summary>Scenarios and shell lines that pages show. C# is checked by the tests of the libraries.</summary>
public sealed partial class SampleTests
{
    private const string SchemaLine = "# yaml-language-server";

    [Fact]
    public void Every_whole_scenario_of_a_page_holds()
    {
        Block[] scenarios = [.. Page.All.SelectMany(Page.Blocks).Where(block => block.Language == "yaml" && block.Lines[0].StartsWith(SchemaLine, StringComparison.Ordinal))];
        Assert.InRange(scenarios.Length, 2, 50);
        using var backend = new SimulatedBackend();
        foreach (Block block in scenarios)
        {
            foreach (Scenario scenario in ScenarioReader.Read(block.ToString(), string.Join('\n', block.Lines), Designs.Names))
                Assert.Equal(Verdict.Held, backend.Run(scenario, 0, new RunWatch(scenario, writer: null, drawn: null)).Verdict);
        }
    }

    [Fact]
    public void The_scenario_of_the_page_for_guests_is_the_example() =>
        Assert.Contains(File.ReadAllText(Repository.PathOf("examples/scenarios/lost-edge.yaml")).ReplaceLineEndings("\n").TrimEnd(),
            Page.TextOf("docs/start/guest.md"), StringComparison.Ordinal);

    [Fact]
    public async Task Shell_lines_of_pages_parse()
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "needs bash");
        string[] lines = [.. Page.All.SelectMany(Page.Blocks).Where(block => block.Language == "sh").SelectMany(block => block.Lines)];
        Assert.InRange(lines.Length, 10, 1000);
        var start = new ProcessStartInfo("/bin/bash", ["-n", "-c", string.Join('\n', lines)]) { RedirectStandardError = true };
        using Process bash = Process.Start(start)!;
        Assert.Equal("", await bash.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, bash.ExitCode);
    }

    [Fact]
    public void Every_project_and_script_that_a_shell_line_names_exists()
    {
        string[] named = [.. Page.All.SelectMany(Page.Blocks).SelectMany(block => block.Lines)
            .SelectMany(line => Project().Matches(line)).Select(match => match.Groups["path"].Value).Distinct()];
        Assert.InRange(named.Length, 4, 100);
        Assert.All(named, path => Assert.True(Path.Exists(Repository.PathOf(path)), path));
    }

    [GeneratedRegex(@"(?:--project |dotnet (?:build|publish|pack) |bash )(?:-c Release )?(?<path>(?:src|tests|bench|examples|eng|\.ci)/[A-Za-z0-9_./-]+)")]
    private static partial Regex Project();
}
