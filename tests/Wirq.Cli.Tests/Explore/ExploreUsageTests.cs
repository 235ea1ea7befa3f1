using Wirq.Tests.Shared.Exploring;

namespace Wirq.Cli.Tests.Explore;

/// <summary>What is refused: exit code 2, one line, and nothing is touched.</summary>
public sealed class ExploreUsageTests : IDisposable
{
    private readonly ExploreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("name: [", "w.yaml:1:")]
    [InlineData("name: x\nactors: {a: [{b: send}]}\n", "w.yaml:2:")]
    [InlineData("name: x\nsteps: [{cpu0: {eoi}}]\nhistoric: [{design: nobody, breaks: NoLostEdge}]\n", "w.yaml:3:21:")]
    public void A_bad_world_is_told_with_file_and_position(string text, string place)
    {
        CommandRun run = ExploreFolder.Explore(_folder.Write("w.yaml", text));
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine(place);
        run.AssertOneLine("expected");
    }

    [Theory]
    [InlineData("expected a number such as", "--max-states", "ten")]
    [InlineData("expected a number such as", "--max-states", "0")]
    [InlineData("expected a size such as", "--max-memory", "4X")]
    [InlineData("expected a time such as", "--time", "soon")]
    [InlineData("expected I/N", "--swarm", "3/2")]
    [InlineData("expected 1 to 256", "--workers", "0")]
    [InlineData("expected one of", "--design", "nobody")]
    [InlineData("--simulate or --swarm does not go with --checkpoint", "--simulate", "--checkpoint", "c")]
    [InlineData("--simulate or --swarm does not go with --disk", "--swarm", "1/2", "--disk", ".")]
    [InlineData("--step does not go with --json", "--step", "--json")]
    [InlineData("--step does not go with --record", "--step", "--record", "r")]
    [InlineData("--merge does not go with a scenario", "--merge", "m")]
    [InlineData("--step does not go with --diagram", "--step", "--diagram", "d.svg")]
    [InlineData("--diagram does not go with --checkpoint", "--diagram", "d.svg", "--checkpoint", "c")]
    [InlineData("--diagram does not go with --simulate or --swarm", "--diagram", "d.svg", "--swarm", "1/2")]
    [InlineData("--of says what --diagram draws", "--of", "line:0")]
    [InlineData("--diagram and --record would both write d.svg", "--diagram", "d.svg", "--record", "d.svg")]
    [InlineData("--diagram d.png: expected a name that ends with .mmd, .md, .svg", "--diagram", "d.png")]
    [InlineData("--of line:7: expected a line that a device drives: line:0", "--diagram", "d.svg", "--of", "line:7")]
    [InlineData("there is no folder", "--diagram", "/no/such/folder/d.svg")]
    [InlineData("there is no such folder", "--disk", "/no/such/folder")]
    [InlineData("there is no folder", "--checkpoint", "/no/such/folder/c")]
    [InlineData("is a folder", "--checkpoint", ".")]
    [InlineData("is no regular file", "--checkpoint", "/dev/null")]
    public void Options_that_mean_nothing_are_refused(string why, params string[] options)
    {
        CommandRun run = ExploreFolder.Explore([_folder.Write("w.yaml", WorldTexts.Sharers), .. options]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(why, run.Errors, StringComparison.Ordinal);
        Assert.Equal(["w.yaml"], _folder.Names);
    }

    [Theory]
    [InlineData("--record")]
    [InlineData("--diagram")]
    [InlineData("--checkpoint")]
    [InlineData("--step")]
    public void What_is_for_one_world_is_refused_for_two(string option)
    {
        _folder.Write("a.yaml", WorldTexts.Sharers);
        _folder.Write("b.yaml", WorldTexts.Sharers);
        CommandRun run = ExploreFolder.Explore([_folder["."], option, .. option == "--step" ? Array.Empty<string>() : [_folder["x"]]]);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine($"{option} needs one scenario, and 2 were named");
        Assert.Equal(["a.yaml", "b.yaml"], _folder.Names);
    }

    /// <summary>By its own name, by a link, and by the name under which the output grows.</summary>
    [Theory]
    [InlineData("--record", "w.yaml", "w.yaml")]
    [InlineData("--record", "w.yaml", "link")]
    [InlineData("--record", "r.part", "r")]
    [InlineData("--checkpoint", "w.yaml", "w.yaml")]
    [InlineData("--checkpoint", "w.yaml", "link")]
    [InlineData("--checkpoint", "r.part", "r")]
    public void No_output_overwrites_the_world(string option, string world, string output)
    {
        string file = _folder.Write(world, WorldTexts.Sharers);
        if (output == "link")
            File.CreateSymbolicLink(_folder["link"], file);
        CommandRun run = ExploreFolder.Explore(file, option, _folder[output]);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine("would overwrite");
        Assert.Equal(WorldTexts.Sharers, File.ReadAllText(file));
    }

    [Fact]
    public void The_story_does_not_overwrite_the_checkpoint()
    {
        string file = _folder.Write("w.yaml", WorldTexts.Sharers);
        Assert.Equal(0, ExploreFolder.Explore(file, "--checkpoint", _folder["c"]).ExitCode);
        byte[] before = File.ReadAllBytes(_folder["c"]);
        CommandRun run = ExploreFolder.Explore(file, "--checkpoint", _folder["c"], "--record", _folder["c"]);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        run.AssertOneLine("would overwrite");
        Assert.Equal(before, File.ReadAllBytes(_folder["c"]));
        // Nor where neither is there yet.
        Assert.Equal(2, ExploreFolder.Explore(file, "--checkpoint", _folder["d"], "--record", _folder["d"]).ExitCode);
    }
}
