namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Reads <c>actors</c>: scripts whose steps may come in any order.</summary>
internal sealed class ActorReader(StepReader steps)
{
    private const int MostActors = 16, LongestName = 32;
    private const string NameForm = "a name that begins with a lower-case letter: lower-case letters, digits and -, at most 32";

    /// <summary>Reads the actors.</summary>
    /// <param name="node">Their node in the file.</param>
    /// <param name="runs">How often the scenario is run.</param>
    /// <param name="before">The scenario's own steps, which are counted too.</param>
    internal List<Script> Read(YamlNode node, int runs, IReadOnlyList<Step> before)
    {
        var actors = new List<Script>();
        YamlMapping map = node.AsMapping("a map of actors and their steps, such as {guest: […], device: […]}");
        if (map.Entries.Count is 0 or > MostActors)
            throw new ScenarioException(map.At, map.Entries.Count == 0 ? map.Found : $"{map.Entries.Count} actors", $"1 to {MostActors} actors");
        foreach (YamlEntry entry in map.Entries)
        {
            if (!IsName(entry.Key.Text))
                throw entry.Key.Expected(NameForm);
            string name = entry.Key.Text;
            List<Step> read = steps.ReadActor(entry.Value, runs, [.. before, .. actors.SelectMany(actor => actor.Steps)]);
            if (read.Count == 0)
                throw entry.Value.Expected($"what {name} does: a list of steps");
            actors.Add(new Script(name, [.. Accesses.Split(read).Select(step => Named(step, name))]));
        }
        return actors;
    }

    private static Step Named(Step step, string actor) => step switch
    {
        RepeatStep repeat => repeat with { Steps = [.. repeat.Steps.Select(inner => Named(inner, actor))] },
        _ => step with { Text = $"{actor}: {step.Text}" },
    };

    private static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName && char.IsAsciiLetterLower(text[0])
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
