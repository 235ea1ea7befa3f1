using System.Text.RegularExpressions;
using Wirq.Tests.Shared;
using Wirq.Tests.Shared.Pages;
using Wirq.Tests.Shared.Samples;

namespace Wirq.Tests.Docs;

public partial class DocsTests
{
    public static TheoryData<string> Pages => [.. Page.All];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_path_that_a_page_names_exists(string page)
    {
        string[] named = [.. Page.Spans(page).Select(code => PathPattern().Match(code)).Where(match => match.Success).Select(match => match.Value).Distinct()];
        Assert.All(named, path => Assert.True(Path.Exists(Repository.PathOf(path.TrimEnd('/'))), $"{page} names {path}, which does not exist"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_of_a_page_leads_somewhere(string page) => Assert.All(Page.Links(page), link =>
    {
        if (link.Contains("://", StringComparison.Ordinal))
            return;
        string[] parts = link.Split('#');
        string target = parts[0].Length == 0 ? page
            : Path.GetRelativePath(Repository.Root, Path.Combine(Repository.PathOf(page), "..", parts[0])).Replace('\\', '/');
        Assert.True(Path.Exists(Repository.PathOf(target)), $"{page} links to {link}, which does not exist");
        if (parts.Length > 1)
            Assert.True(Page.Anchors(target).Contains(parts[1]), $"{page} links to {link}; {target} has no such heading");
    });

    [Fact]
    public void Every_page_of_docs_is_in_its_index_and_the_reading_paths_begin_in_the_readme()
    {
        string index = Page.TextOf("docs/README.md"), readme = Page.TextOf("README.md");
        Assert.All(Page.All.Where(page => page.StartsWith("docs/", StringComparison.Ordinal) && page != "docs/README.md"),
            page => Assert.Contains($"({page["docs/".Length..]})", index, StringComparison.Ordinal));
        Assert.All(Page.All.Where(page => page.StartsWith("docs/start/", StringComparison.Ordinal)),
            page => Assert.Contains($"({page})", readme, StringComparison.Ordinal));
        Assert.InRange(readme.Split('\n').Length, 1, 150);
    }

    [Fact]
    public void Links_and_anchors_are_read_as_they_are_shown()
    {
        Assert.Contains("scenarios.md#storms", Page.Links("docs/glossary.md"));
        Assert.Contains("on-kvm", Page.Anchors("docs/scenarios.md"));
        Assert.Contains("wirq-replay-and-wirq-why", Page.Anchors("docs/command.md"));
    }

    [Fact]
    public void The_architecture_names_at_least_thirty_behaviours_and_their_files()
    {
        string page = File.ReadAllText(Repository.PathOf("docs/architecture.md"));
        Assert.InRange(Regex.Count(page, @"^\| .+ \| `src/.+ \|$", RegexOptions.Multiline), 31, 500);
    }

    [Theory]
    [InlineData("README.md", 10)]
    [InlineData("docs/start/chip.md", 10)]
    public void The_program_of_a_page_compiles_and_prints_what_the_page_says(string page, int most)
    {
        IReadOnlyList<Block> blocks = Page.Blocks(page);
        int at = blocks.ToList().FindIndex(block => block.Language == "csharp");
        string[] lines = [.. blocks[at].Lines.Where(line => line.Length > 0 && !line.StartsWith("using ", StringComparison.Ordinal)
            || line.StartsWith("using Source", StringComparison.Ordinal))];
        Assert.InRange(lines.Length, 1, most);
        Assert.Equal(string.Join('\n', blocks[at + 1].Lines), ShownProgram.Printed(string.Join('\n', blocks[at].Lines)));
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

    // A path from the root of the checkout; patterns and commands are none.
    [GeneratedRegex(@"^(?:src|tests|bench|docs|eng|examples|scenarios|\.ci|\.config|\.github)/[A-Za-z0-9_./-]*$")]
    private static partial Regex PathPattern();
}
