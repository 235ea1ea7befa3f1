using System.Globalization;
using System.Xml.Linq;
using Wirq.Lab.Exploring;
using Wirq.Lab.Exploring.Diagrams;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;
using Wirq.Tests.Shared.Exploring;

namespace Wirq.Lab.Tests.Exploring.Diagrams;

/// <summary>Diagrams: which states and transitions, of what, and how they are written.</summary>
public sealed class DiagramTests
{
    public static TheoryData<string, string?> Subjects() => new()
    {
        { SmallWorlds.Virq, null }, { SmallWorlds.Remapped, "virq:nvme" }, { WorldTexts.Sharers, null }, { WorldTexts.Sharers, "pin:0" },
    };

    /// <summary>Against a search that copies each world as a whole. Reduction and workers change nothing.</summary>
    [Theory, MemberData(nameof(Subjects))]
    public void A_diagram_has_the_states_and_transitions_of_all_worlds(string world, string? of)
    {
        Scenario scenario = SmallWorlds.Read(world) with { Historic = [] };
        var subject = DiagramSubject.Of(scenario, of);
        string[] expected = Naive(scenario, subject);
        Assert.NotEmpty(expected);
        string? text = null;
        foreach ((bool reduces, int workers) in (( bool, int)[])[(true, 1), (true, 2), (false, 2)])
        {
            var recorder = new DiagramRecorder(subject);
            WorldExplorer.Explore(scenario, new ExploreOptions { Diagram = recorder, Reduces = reduces, Workers = workers });
            Diagram diagram = recorder.Draw(scenario.Name, missing: null);
            string Of(int state) => string.Join('/', diagram.States[state]);
            Assert.Equal(expected, diagram.Edges.SelectMany(edge => edge.Causes.Select(cause => $"{Of(edge.From)} > {Of(edge.To)}: {cause}")).Order(StringComparer.Ordinal));
            Assert.Equal(text ??= SvgText.Of(diagram), SvgText.Of(diagram));
        }
    }

    private static string[] Naive(Scenario scenario, DiagramSubject subject)
    {
        var edges = new SortedSet<string>(StringComparer.Ordinal);
        var known = new HashSet<UInt128>();
        var waiting = new Queue<World>([SmallWorlds.Make(scenario)]);
        var enabled = new List<Transition>();
        string Of(World world) => string.Join('/', subject.WordsOf(subject.StateIn(world)));
        while (waiting.TryDequeue(out World? world))
        {
            world.Possible(enabled);
            foreach (Transition transition in enabled.ToArray())
            {
                World next = world.Fork();
                string cause = DiagramRecorder.CauseOf(next, transition);
                next.Apply(transition);
                if (Of(world) != Of(next))
                    edges.Add($"{Of(world)} > {Of(next)}: {cause}");
                if (known.Add(next.Identity()))
                    waiting.Enqueue(next);
                else
                    next.Dispose();
            }
            world.Dispose();
        }
        return [.. edges];
    }

    [Fact]
    public void A_virq_is_masked_with_an_interrupt_that_nobody_reads()
    {
        Scenario scenario = SmallWorlds.Read(SmallWorlds.Virq) with { Historic = [] };
        var recorder = new DiagramRecorder(DiagramSubject.Of(scenario, null));
        WorldExplorer.Explore(scenario, new ExploreOptions { Diagram = recorder });
        Diagram diagram = recorder.Draw(scenario.Name, missing: null);
        Assert.Equal("virq nvme: a virq", diagram.Title);
        Assert.Equal(["userspace reads", "cold"], diagram.States[0]);
        int masked = diagram.States.ToList().FindIndex(words => words is ["nobody reads", "masked"]), pending = diagram.States.ToList().FindIndex(words => words is ["nobody reads", "masked, pending"]);
        Assert.Contains("nvme sends its message", Assert.Single(diagram.Edges, edge => (edge.From, edge.To) == (masked, pending)).Causes);
    }

    private static readonly Diagram s_small = new("a & b: <x>", [["idle"], ["one; two: \"#\"", "<three>"], ["alone"]],
        [new DiagramEdge(0, 1, ["first: a", "second"]), new DiagramEdge(1, 0, ["back"]), new DiagramEdge(1, 2, ["on"]), new DiagramEdge(2, 0, ["home"])], "a bound");

    [Fact]
    public void Mermaid_is_written_with_its_own_characters_escaped()
    {
        const string text = """
            %% a & b: <x>
            %% incomplete: a bound
            stateDiagram-v2
                state "idle" as s0
                state "one#59; two#58; #quot;#35;#quot;<br/>#lt;three#gt;" as s1
                state "alone" as s2
                [*] --> s0
                s0 --> s1: first#58; a<br/>second
                s1 --> s0: back
                s1 --> s2: on
                s2 --> s0: home

            """;
        Assert.Equal(text, MermaidText.Of(s_small));
        Assert.Equal($"# a & b#58; #lt;x#gt;\n\nIncomplete: a bound.\n\n```mermaid\n{text}```\n", MermaidText.PageOf(s_small));
    }

    [Fact]
    public void SVG_is_well_formed_and_no_state_lies_on_another()
    {
        foreach (Diagram diagram in (Diagram[])[s_small, Grid()])
        {
            XElement svg = XDocument.Parse(SvgText.Of(diagram)).Root!;
            XNamespace ns = "http://www.w3.org/2000/svg";
            string[] texts = [.. svg.Elements(ns + "text").Select(text => text.Value)];
            Assert.All(diagram.States.SelectMany(words => words), word => Assert.Contains(word, texts));
            Assert.Equal(diagram.Edges.Count, svg.Elements(ns + "path").Count());
            Assert.All(diagram.Edges.SelectMany(edge => edge.Causes), cause => Assert.Contains(texts, text => text.EndsWith(cause, StringComparison.Ordinal)));
            Assert.Equal(diagram.Missing is not null, texts.Contains("incomplete: a bound"));
            double[] view = [.. svg.Attribute("viewBox")!.Value.Split(' ').Select(Number)];
            (double Left, double Top, double Right, double Bottom)[] boxes = [.. svg.Elements(ns + "rect").Where(one => one.Attribute("x") is not null).Select(box =>
                (Number(box, "x"), Number(box, "y"), Number(box, "x") + Number(box, "width"), Number(box, "y") + Number(box, "height")))];
            Assert.Equal(diagram.States.Count, boxes.Length);
            foreach ((int at, var box) in boxes.Index())
            {
                Assert.True(box.Left >= 0 && box.Top >= 0 && box.Right <= view[2] && box.Bottom <= view[3], "a state is outside of the picture");
                Assert.All(boxes[..at], other => Assert.True(box.Right <= other.Left || other.Right <= box.Left || box.Bottom <= other.Top || other.Bottom <= box.Top, "states lie on each other"));
            }
        }
    }

    /// <summary>Many layers, with lines through them, back, and between neighbours.</summary>
    private static Diagram Grid()
    {
        const int count = 24;
        var random = new Random(5);
        IEnumerable<(int, int)> pairs = Enumerable.Range(1, count - 1).Select(state => (state / 3, state)).Concat(Enumerable.Range(0, 40).Select(_ => (random.Next(count), random.Next(count))));
        return new Diagram("grid", [.. Enumerable.Range(0, count).Select(state => (IReadOnlyList<string>)[$"state {state}", .. state % 4 == 0 ? ["longer"] : (string[])[]])],
            [.. pairs.Where(pair => pair.Item1 != pair.Item2).Distinct().Order().Select(pair => new DiagramEdge(pair.Item1, pair.Item2, [$"{pair.Item1} to {pair.Item2}"]))], null);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static double Number(XElement element, string name) => Number(element.Attribute(name)!.Value);

    private const string Machine = """
        name: n
        machine: {kernel: user, pic: false, ioapics: [{pins: 2}, {pins: 3}], devices: {disk: {gsi: 1}, nic: {gsi: 2, eventfd: true}, nvme: {msi: {address: 0xfee00000, data: 0x41}, vectors: 2}, usb: {msi: {address: 0xfee00000, data: 0x42}}}}
        actors: {a: [{disk: raise}]}
        """;

    [Theory]
    [InlineData(null, "virq nvme, vector 0")]
    [InlineData("virq:nvme:1", "virq nvme, vector 1")]
    [InlineData("virq:usb", "virq usb")]
    [InlineData("virq:nic", "virq nic")]
    [InlineData("line:1", "line 1")]
    [InlineData("pin:1", "pin 1")]
    [InlineData("pin:ioapic0.1", "pin 1")]
    [InlineData("pin:ioapic1.2", "pin 2 of I/OAPIC 1")]
    public void A_subject_is_named(string? of, string name) => Assert.Equal(name, DiagramSubject.Of(SmallWorlds.Read(Machine), of).Name);

    [Theory]
    [InlineData("virq:disk", "expected a virq of this machine: virq:nic, virq:nvme:0, virq:nvme:1, virq:usb")]
    [InlineData("virq:nvme:2", "expected a virq of this machine")]
    [InlineData("pin:2", "expected a pin of this machine: pin:0 to pin:1, pin:ioapic1.0 to pin:ioapic1.2")]
    [InlineData("pin:ioapic2.0", "expected a pin of this machine")]
    [InlineData("pin:-1", "expected a pin of this machine")]
    [InlineData("line:0", "expected a line that a device drives: line:1, line:2")]
    [InlineData("line:x", "expected a line that a device drives: line:1, line:2")]
    [InlineData("nvme", "expected virq:NAME, virq:NAME:VECTOR, pin:NUMBER, pin:ioapicN.NUMBER or line:GSI")]
    [InlineData("", "expected virq:NAME")]
    public void What_is_no_subject_is_refused_with_those_that_are(string of, string message) =>
        Assert.StartsWith($"--of {of}: {message}", Assert.Throws<WorldException>(() => DiagramSubject.Of(SmallWorlds.Read(Machine), of)).Message, StringComparison.Ordinal);

    [Fact]
    public void Without_a_virq_the_first_line_is_drawn_and_without_a_line_nothing()
    {
        Assert.Equal("line 0", DiagramSubject.Of(SmallWorlds.Read(WorldTexts.Sharers), null).Name);
        Assert.Throws<WorldException>(() => DiagramSubject.Of(SmallWorlds.Read("name: n\nmachine: {pic: false}\nsteps: [{cpu0: sti}]"), null));
    }
}
