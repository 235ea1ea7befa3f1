using Wirq.Lab.Exploring;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Tests.Worlds;
using Wirq.Lab.Worlds;
using Wirq.Laws;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Lab.Tests.Exploring;

public sealed class StoryTests
{
    [Fact]
    public void A_recorded_order_breaks_the_same_law_in_a_run()
    {
        Scenario scenario = SmallWorlds.Read(WorldTexts.Sharers);
        foreach (ControlResult control in WorldExplorer.Explore(scenario).Controls)
        {
            using var text = new StringWriter();
            OrderFile.Write(control.Story!, text);
            var order = OrderFile.Read("o", text.ToString());
            Assert.Equal(control.Name, order.Design);
            Assert.Equal(control.Story!.Way, order.Transitions.Select(one => one.Transition));
            ScenarioResult run = ScenarioRunner.Follow(scenario, order);
            Assert.Equal(Verdict.Failed, run.Verdict);
            Assert.Equal([control.Law], run.Laws.Where(law => !law.Held).Select(law => law.Name));
        }
    }

    /// <summary>No law is broken by these: a run judges the end of an order, and its cycle.</summary>
    [Theory]
    [InlineData(WorldTexts.Deadlock, nameof(ViolationKind.Deadlock), "nothing can happen, and GSI 0")]
    [InlineData(WorldTexts.Livelock, nameof(ViolationKind.Livelock), "the world can go round forever")]
    public void A_recorded_order_that_comes_to_no_right_end_fails_in_a_run(string text, string kind, string why)
    {
        Scenario scenario = SmallWorlds.Read(text);
        Story story = WorldExplorer.Explore(scenario).Story!;
        Assert.Equal(kind, story.Violation.Kind.ToString());
        using var words = new StringWriter();
        OrderFile.Write(story, words);
        var order = OrderFile.Read("o", words.ToString());
        Assert.Equal((story.Way.Count, story.Repeats), (order.Transitions.Count, order.Repeats));
        ScenarioResult run = ScenarioRunner.Follow(scenario, order);
        Assert.Equal(Verdict.Failed, run.Verdict);
        Assert.Contains(why, Assert.Single(run.Failures).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_order_whose_cycle_is_none_is_refused()
    {
        using var words = new StringWriter();
        OrderFile.Write(WorldExplorer.Explore(SmallWorlds.Read(WorldTexts.Livelock)).Story!, words);
        string text = string.Join('\n', words.ToString().Split('\n').SkipLast(2));
        int line = text.Split('\n').TakeWhile(one => !one.StartsWith("repeats:", StringComparison.Ordinal)).Count() + 2;
        string message = Assert.Throws<ScenarioException>(() => ScenarioRunner.Follow(SmallWorlds.Read(WorldTexts.Livelock), OrderFile.Read("o", text))).Message;
        Assert.StartsWith($"o:{line}:1: what follows does not end in the state in which it begins", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("wirq order 1\nrepeats:\nrepeats:\n", "o:3:1: repeats: stands twice")]
    [InlineData("", "o:1:1: the file is empty")]
    [InlineData("name: x\n", "o:1:1: this is no order of transitions")]
    [InlineData("wirq order 1\njump 3\n", "o:2:1: this is no transition")]
    [InlineData("wirq order 1\ncpu x\n", "o:2:1: this is no transition")]
    [InlineData("wirq order 1\ncpu 0 1\n", "o:2:1: this is no transition")]
    [InlineData("wirq order 1\ndesign: nobody\n", "o:2:1: there is no historic design")]
    public void An_order_that_is_none_is_refused_with_its_place(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<ScenarioException>(() => OrderFile.Read("o", text)).Message, StringComparison.Ordinal);

    [Fact]
    public void An_order_of_another_world_is_refused_where_it_cannot_go_on()
    {
        var order = OrderFile.Read("o", "wirq order 1\nscript 0\n# a comment\nfetch 5\n");
        string message = Assert.Throws<ScenarioException>(() => ScenarioRunner.Follow(SmallWorlds.Read(WorldTexts.Sharers), order)).Message;
        Assert.StartsWith("o:4:1: Fetch 5 cannot happen here; expected one of ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_person_walks_forwards_and_back()
    {
        using var words = new StringWriter();
        using (var stepper = new Stepper(SmallWorlds.Read(WorldTexts.Sharers), null, words))
            Assert.True(stepper.Run(new StringReader("1\n1\nb\nb\nb\n7\ns\nq\n1\n")));
        string[] lines = words.ToString().ReplaceLineEndings("\n").Split('\n');
        Assert.Equal(["step 0, 0 us", "step 1, 0 us", "step 2, 0 us", "step 1, 0 us", "step 0, 0 us"],
            lines.Select(line => line[(line.LastIndexOf('>') + 1)..].Trim()).Where(line => line.StartsWith("step ", StringComparison.Ordinal)));
        Assert.Contains(lines, line => line.EndsWith("cpu0 writes rte.0 vector 0x41 level", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith("this is the start", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.EndsWith("expected 1 to 1, b, s or q", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("I/OAPIC", StringComparison.Ordinal));
    }

    [Fact]
    public void A_walk_by_hand_says_what_breaks()
    {
        Scenario scenario = SmallWorlds.Read(WorldTexts.Sharers);
        Story story = WorldExplorer.Explore(scenario).Controls[0].Story!;
        using var words = new StringWriter();
        using var stepper = new Stepper(scenario, story.Design, words);
        var numbers = new List<string>();
        using World world = SmallWorlds.Make(scenario, story.Design);
        List<Transition> enabled = [];
        foreach (Transition transition in story.Way)
        {
            world.Possible(enabled);
            numbers.Add($"{enabled.IndexOf(transition) + 1}");
            world.Apply(transition);
        }
        Assert.False(stepper.Run(new StringReader(string.Join('\n', numbers))));
        Assert.Contains("SharersIndependent is broken", words.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Random_walks_catch_what_a_search_catches_and_are_the_same_for_a_seed()
    {
        Scenario scenario = SmallWorlds.Read(WorldTexts.Sharers);
        var options = new ExploreOptions { Simulates = true, MaxStates = 20_000, MaxTime = TimeSpan.FromMinutes(1), Seed = 3 };
        ExploreResult first = WorldExplorer.Explore(scenario, options), again = WorldExplorer.Explore(scenario, options), other = WorldExplorer.Explore(scenario, options with { Member = 2 });
        Assert.Equal(ExploreVerdict.BoundReached, first.Verdict);
        Assert.All(first.Controls, control => Assert.True(control.Caught));
        Assert.Equal((first.States, first.Transitions), (again.States, again.Transitions));
        Assert.NotEqual((first.States, first.Transitions), (other.States, other.Transitions));
        Assert.InRange(first.States, 1, NaiveSearch.Of(scenario).States);
    }

    /// <summary>Every law says when it judges: none can be called exercised that cannot be.</summary>
    [Fact]
    public void Every_law_judges_something_in_the_scenarios_that_ship()
    {
        var judged = new HashSet<string>();
        foreach (Scenario scenario in ShippedScenarios.Files("controllers", "routing", "remapping", "xen", "host").SelectMany(ShippedScenarios.Read))
        {
            if (judged.Count == LawSet.Names.Count)
                break;
            using World world = SmallWorlds.Make(scenario);
            try
            {
                new UsualOrder(world).Run();
            }
            catch (WorldException)
            {
            }
            judged.UnionWith(world.Laws.Laws.Where(law => law.Judgements > 0).Select(law => law.Name));
        }
        Assert.Equal(LawSet.Names.Order(), judged.Order());
    }

    /// <summary>A CPU without a handler ends what it took at its own source, though events of what another CPU took from the 8259 still
    /// wait.</summary>
    [Fact]
    public void What_a_CPU_took_is_told_from_what_another_took_before()
    {
        Scenario scenario = SmallWorlds.Read("""
            name: two sources
            unhandled: ignore
            machine: {cpus: 2, devices: {pit: {gsi: 2, kind: edge}, b: {msi: {address: 0xfee01000, data: 0x42}}}}
            steps: [{cpu0: {unmask-irq: 0}}, {pit: raise}, {b: send}]
            """);
        using World world = SmallWorlds.Make(scenario);
        List<Transition> enabled = [];
        for (world.Enabled(enabled); !(enabled.Contains(new(TransitionKind.Cpu, 0)) && enabled.Contains(new(TransitionKind.Cpu, 1))); world.Enabled(enabled))
            world.Apply(enabled.First(one => one.Kind != TransitionKind.Cpu));
        world.Apply(new Transition(TransitionKind.Cpu, 0));
        world.Apply(new Transition(TransitionKind.Cpu, 1));
        world.Apply(new Transition(TransitionKind.Cpu, 1));
        Assert.NotEqual(0, world.Fabric.Pic!.InServiceRegister);
        Assert.Empty(world.Registers.ReadVectors(1, ApicRegister.InService));
    }
}
