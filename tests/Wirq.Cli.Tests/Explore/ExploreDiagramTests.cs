using System.Xml.Linq;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Cli.Tests.Explore;

/// <summary><c>explore --diagram</c>: the forms, and that it is written whole or not at all.</summary>
public sealed class ExploreDiagramTests : IDisposable
{
    private readonly ExploreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_line_and_a_pin_are_drawn_in_the_form_of_the_file()
    {
        string world = _folder.Write("w.yaml", WorldTexts.Sharers);
        Assert.Equal(0, ExploreFolder.Explore(world, "--diagram", _folder["line.mmd"]).ExitCode);
        string line = File.ReadAllText(_folder["line.mmd"]);
        Assert.StartsWith("%% line 0: two sharers\nstateDiagram-v2\n    state \"idle\" as s0\n", line, StringComparison.Ordinal);
        Assert.Contains("state \"disk asserts<br/>card asserts\"", line, StringComparison.Ordinal);
        Assert.Contains(": disk raises\n", line, StringComparison.Ordinal);

        Assert.Equal(0, ExploreFolder.Explore(world, "--diagram", _folder["line.md"], "--of", "line:0", "--no-reduction").ExitCode);
        Assert.Contains($"```mermaid\n{line}```\n", File.ReadAllText(_folder["line.md"]), StringComparison.Ordinal);

        Assert.Equal(0, ExploreFolder.Explore(world, "--diagram", _folder["pin.SVG"], "--of", "pin:0").ExitCode);
        Assert.StartsWith("pin 0: two sharers", XDocument.Load(_folder["pin.SVG"]).Root!.Value.Trim(), StringComparison.Ordinal);
        Assert.Equal(["line.md", "line.mmd", "pin.SVG", "w.yaml"], _folder.Names);
    }

    [Fact]
    public void A_search_that_ended_early_says_so_in_the_diagram()
    {
        string world = _folder.Write("w.yaml", ExploreFolder.Endless);
        for (int round = 0; round < 2; round++)
            Assert.Equal(4, ExploreFolder.Explore(world, "--diagram", _folder[$"{round}.mmd"], "--max-states", "2000").ExitCode);
        string drawn = File.ReadAllText(_folder["0.mmd"]);
        Assert.Contains("%% incomplete: the search reached a bound, 2,000 states\n", drawn, StringComparison.Ordinal);
        Assert.Equal(drawn, File.ReadAllText(_folder["1.mmd"]));
        Assert.Equal(1, ExploreFolder.Explore(_folder.Write("v.yaml", WorldTexts.Deadlock), "--diagram", _folder["v.mmd"]).ExitCode);
        Assert.Contains("%% incomplete: the search ended at what is violated\n", File.ReadAllText(_folder["v.mmd"]), StringComparison.Ordinal);
        // A livelock is found when every state is known.
        Assert.Equal(1, ExploreFolder.Explore(_folder.Write("l.yaml", WorldTexts.Livelock), "--diagram", _folder["l.mmd"]).ExitCode);
        Assert.DoesNotContain("incomplete", File.ReadAllText(_folder["l.mmd"]), StringComparison.Ordinal);
    }

    [Fact]
    public void An_input_is_not_overwritten()
    {
        string world = _folder.Write("w.md", WorldTexts.Sharers);
        CommandRun run = ExploreFolder.Explore(world, "--diagram", world);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine("would overwrite");
        Assert.Equal(WorldTexts.Sharers, File.ReadAllText(world));
        Assert.Equal(["w.md"], _folder.Names);
    }

    [Fact]
    public void A_world_with_nothing_to_draw_is_refused()
    {
        CommandRun run = ExploreFolder.Explore(_folder.Write("w.yaml", ExploreFolder.Violated), "--diagram", _folder["d.svg"]);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine("has neither a virq nor a line to draw: expected --of pin:NUMBER");
        Assert.Equal(["w.yaml"], _folder.Names);
    }
}
