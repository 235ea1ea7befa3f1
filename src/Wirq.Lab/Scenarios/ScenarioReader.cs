using System.IO.Hashing;
using System.Runtime.InteropServices;
using Wirq.Lab.Scenarios.Reading;

namespace Wirq.Lab.Scenarios;

/// <summary>Reads scenario files. The format is described in <c>docs/scenarios.md</c>.</summary>
public sealed class ScenarioReader
{
    private const int LongestName = 120, LongestId = 80, MostHistoric = 16;

    private readonly YamlMapping _map;

    private ScenarioReader(YamlMapping map) => _map = map;

    /// <summary>The highest number of characters of a file.</summary>
    public static int MaxLength => YamlTree.MaxLength;

    /// <summary>Reads a file.</summary>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="text">Its contents; they are not trusted.</param>
    /// <param name="designs">The names of designs that <c>historic</c> may give.</param>
    /// <returns>The scenario; several if its machine has lists of modes, profiles, policies or routes.</returns>
    /// <exception cref="ScenarioException">It is not a scenario. The message has the position, and what was
    /// expected.</exception>
    public static IReadOnlyList<Scenario> Read(string file, string text, IReadOnlyCollection<string> designs)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(designs);
        YamlMapping map = YamlTree.Parse(file, text).AsMapping($"a map of {Words.Join(ScenarioWords.Scenario)}");
        UInt128 hash = XxHash128.HashToUInt128(MemoryMarshal.AsBytes(text.AsSpan()));
        return [.. new ScenarioReader(map.Only(ScenarioWords.Scenario)).Read(designs).Select(scenario => scenario with { TextHash = hash })];
    }

    private List<Scenario> Read(IReadOnlyCollection<string> designs)
    {
        string name = ReadName(_map.Required("name", "a scenario"));
        IReadOnlyList<MachineVariant> machines = MachineReader.Read(_map["machine"], _map.At, StepReader.Reserved);
        // Everything to which steps refer is equal in all machines of one scenario.
        var actors = new Actors(machines[0].Machine);
        var steps = new StepReader(actors, [.. machines.Select(variant => variant.Machine)]);
        IReadOnlyList<string>? laws = _map["laws"] is { } node ? ReadWords(node, ScenarioWords.Laws) : null;
        List<HistoricSpec> past = _map["historic"] is { } historic ? ReadHistoric(historic, designs, laws ?? ScenarioWords.Laws) : [];
        var scenario = new Scenario
        {
            At = _map.At,
            Name = name,
            About = _map["about"]?.AsScalar("text").Text.Trim() ?? "",
            Covers = _map["covers"] is { } covers ? ReadIds(covers) : [],
            Needs = _map["needs"] is { } needs ? ReadWords(needs, ScenarioWords.Needs) : [],
            Machine = actors.Machine,
            Handlers = new HandlerReader(actors, steps, races: _map["actors"] is not null).Read(_map["handlers"]),
            IgnoresUnhandled = _map["unhandled"] is { } unhandled && ScenarioWords.Unhandled.Read(unhandled),
            Laws = laws,
            Historic = past,
        };
        scenario = ReadScripts(scenario, steps, machines.Count * (1 + past.Count));
        actors.Ports.Check();
        scenario = scenario with { PortNames = actors.Ports.Names };
        return [.. machines.Select(variant => scenario with
        {
            Name = variant.Differs.Length == 0 ? name : $"{name} ({variant.Differs})",
            Machine = variant.Machine,
        })];
    }

    private Scenario ReadScripts(Scenario scenario, StepReader reader, int runs)
    {
        List<Step> steps = _map["steps"] is { } list ? reader.ReadScenario(list, runs) : [];
        List<Script> actors = _map["actors"] is { } map ? new ActorReader(reader).Read(map, runs, steps) : [];
        if (_map["time"] is { } misplaced && actors.Count == 0)
            throw new ScenarioException(misplaced.At, "time without actors", "actors, with which it can race");
        ExpectStep? last = _map["expect"] is { } expect ? reader.ReadExpect(expect) : null;
        if (steps.Count == 0 && actors.Count == 0 && last is null)
            throw new ScenarioException(_map.At, "a scenario in which nothing happens", "steps, actors or expect");
        if (actors.Count == 0)
            return scenario with { Steps = last is null ? steps : [.. steps, last] };
        return scenario with
        {
            Steps = steps,
            Actors = actors,
            Finally = last,
            TimeRaces = _map["time"] is { } time && ScenarioWords.Times.Read(time),
        };
    }

    private static string ReadName(YamlNode node)
    {
        string expected = $"a name of one line, at most {LongestName} characters";
        YamlScalar scalar = node.AsScalar(expected);
        string name = scalar.Text.Trim();
        return name.Length is > 0 and <= LongestName && !name.Contains('\n', StringComparison.Ordinal)
            ? name : throw scalar.Expected(expected);
    }

    private static List<string> ReadIds(YamlNode node)
    {
        const string expected = "an id of letters, digits and / . _ -";
        var ids = new List<string>();
        foreach (YamlNode item in node.AsSequence("a list of ids, such as [R2]").Items)
        {
            YamlScalar id = item.AsScalar(expected);
            if (id.Text.Length is 0 or > LongestId || !id.Text.All(IsOfId))
                throw id.Expected(expected);
            ids.Add(id.Text);
        }
        return Distinct(ids, node);
    }

    private static bool IsOfId(char c) => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-';

    private static List<string> ReadWords(YamlNode node, IReadOnlyCollection<string> words)
    {
        var read = new List<string>();
        foreach (YamlNode item in node.AsSequence($"a list of {Words.Join(words)}").Items)
            read.Add(ReadWord(item, words));
        return Distinct(read, node);
    }

    private static List<string> Distinct(List<string> words, YamlNode node)
    {
        var seen = new HashSet<string>();
        int twice = words.FindIndex(word => !seen.Add(word));
        return twice < 0 ? words : throw ((YamlSequence)node).Items[twice].Expected("each word once");
    }

    private static string ReadWord(YamlNode node, IReadOnlyCollection<string> words)
    {
        YamlScalar scalar = node.AsScalar($"one of {Words.Join(words)}");
        return words.Contains(scalar.Text) ? scalar.Text : throw Words.Unknown(scalar, words);
    }

    private static List<HistoricSpec> ReadHistoric(
        YamlNode node, IReadOnlyCollection<string> designs, IReadOnlyList<string> laws)
    {
        var historic = new List<HistoricSpec>();
        YamlSequence list = node.AsSequence("a list of {design: …, breaks: …}");
        if (list.Items.Count > MostHistoric)
            throw new ScenarioException(list.At, $"a list of {list.Items.Count}", $"at most {MostHistoric} designs, each of which is a run");
        foreach (YamlNode item in list.Items)
        {
            YamlMapping map = item.AsMapping($"a map of {Words.Join(ScenarioWords.Historic)}").Only(ScenarioWords.Historic);
            YamlNode design = map.Required("design", "an entry of historic");
            if (designs.Count == 0)
                throw design.Expected("no design; none is known here");
            historic.Add(new HistoricSpec(map.At, ReadWord(design, designs),
                ReadWord(map.Required("breaks", "an entry of historic"), [.. laws, HistoricSpec.Expectations])));
        }
        return historic;
    }
}
