using System.Text.RegularExpressions;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Samples;

namespace Wirq.Tests.Docs;

public partial class DocsTests
{
    public static TheoryData<string> Pages =>
        ["README.md", "CHANGELOG.md", .. Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md").Select(file => $"docs/{Path.GetFileName(file)}")];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_path_that_a_page_names_exists(string page)
    {
        string[] named = [.. PathPattern().Matches(File.ReadAllText(Repository.PathOf(page))).Select(match => match.Groups["path"].Value).Distinct()];
        Assert.All(named, path => Assert.True(Exists(page, path), $"{page} names {path}, which does not exist"));
    }

    [Fact]
    public void The_architecture_names_at_least_thirty_behaviours_and_their_files()
    {
        string page = File.ReadAllText(Repository.PathOf("docs/architecture.md"));
        Assert.InRange(Regex.Count(page, @"^\| .+ \| `src/.+ \|$", RegexOptions.Multiline), 31, 500);
    }

    [Fact]
    public void The_sample_of_the_readme_compiles_and_does_what_it_says()
    {
        string[] programs = ShownProgram.BlocksOf("README.md");
        Assert.Equal(2, programs.Length);
        Assert.InRange(programs[0].Split('\n').Count(line => line.Length > 0 && !line.StartsWith("using W", StringComparison.Ordinal)), 1, 24);
        Assert.Equal(0x51, ShownProgram.Run(programs[0]));
    }

    public static TheoryData<int> Embedding => [.. Enumerable.Range(0, ShownProgram.BlocksOf("docs/embedding.md").Length)];

    [Theory]
    [MemberData(nameof(Embedding))]
    public void A_program_of_the_page_for_embedders_compiles_and_ends_well(int number) =>
        Assert.Equal(0, ShownProgram.Run(ShownProgram.BlocksOf("docs/embedding.md")[number]));

    [Fact]
    public void The_page_for_embedders_has_its_programs_and_shows_what_a_machine_says()
    {
        Assert.Equal(5, Embedding.Count);
        var machine = new Fabric(FabricOptions.Pc());
        machine.Connect(gsi: 20, "disk").Raise();
        Assert.Contains($"```\n{machine.Explain(20)}```\n", File.ReadAllText(Repository.PathOf("docs/embedding.md")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_pages_show_every_profile_difference()
    {
        string rendered = ProfilePage.Render();
        Assert.Equal(rendered, File.ReadAllText(Repository.PathOf("docs/profiles.md")));
    }

    private static bool Exists(string page, string path)
    {
        string relative = path.TrimEnd('/');
        return File.Exists(Repository.PathOf(relative)) || Directory.Exists(Repository.PathOf(relative))
            || File.Exists(Repository.PathOf(Path.Combine(Path.GetDirectoryName(page)!, relative)));
    }

    // A path in backticks or as the target of a link; patterns and commands are none.
    [GeneratedRegex(@"`(?<path>(?:src|tests|bench|docs|eng|scenarios|\.ci)/[A-Za-z0-9_./-]*)`|\]\((?<path>[A-Za-z0-9_./-]+\.(?:md|cs|json|yaml))\)")]
    private static partial Regex PathPattern();
}
