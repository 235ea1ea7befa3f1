using Wirq.Lab.Exploring;
using Wirq.Lab.Exploring.Diagrams;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Tests.Worlds;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Exploring;

/// <summary>The picture in docs/virq-states.md is what the search reaches. WIRQ_WRITE_DOCS=1 draws it again.</summary>
public sealed class VirqStatesPageTests
{
    private const string Page = "docs/virq-states.md", Begin = "<!-- drawn from the states that scenarios/worlds/virq-update.yaml reaches -->\n",
        End = "<!-- end of the drawing -->\n";

    [Fact]
    public void The_picture_shows_the_states_that_are_reached()
    {
        Scenario scenario = Assert.Single(ShippedScenarios.Read("worlds/virq-update.yaml")) with { Historic = [] };
        var recorder = new DiagramRecorder(DiagramSubject.Of(scenario, "virq:nvme"));
        Assert.Equal(ExploreVerdict.Proved, WorldExplorer.Explore(scenario, new ExploreOptions { Diagram = recorder, SearchesLivelocks = false }).Verdict);
        Diagram diagram = recorder.Draw(scenario.Name, missing: null);

        string path = Repository.PathOf(Page), text = File.ReadAllText(path);
        int begin = text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, end = text.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= Begin.Length && end >= begin, $"{Page} has no place for the picture");
        string drawn = $"{text[..begin]}```mermaid\n{MermaidText.Of(diagram)}```\n{text[end..]}";
        if (Environment.GetEnvironmentVariable("WIRQ_WRITE_DOCS") == "1")
            File.WriteAllText(path, drawn);
        Assert.Equal(drawn, File.ReadAllText(path));

        // What the page promises of it.
        string[] states = [.. diagram.States.Select(words => string.Join(", ", words))];
        Assert.All(["userspace reads, cold", "userspace reads, waiting", "the kernel reads, hot", "nobody reads, parked", "nobody reads, masked", "userspace reads, stale", "nobody reads, hot, pending"],
            state => Assert.Contains(state, states));
        Assert.DoesNotContain(states, state => state.Contains("free", StringComparison.Ordinal) || state.StartsWith("the kernel reads, cold", StringComparison.Ordinal));
    }
}
