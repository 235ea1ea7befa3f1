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
            RequireWholeUpdates(read);
            if (Updates(read) is { } update && actors.Any(other => Updates(other.Steps) is not null))
                throw new ScenarioException(update.At, "a live update of a second actor", "all live updates in one actor: a machine has one host at a time");
            actors.Add(new Script(name, [.. Accesses.Split(read).Select(step => Named(step, name))]));
        }
        return actors;
    }

    private static UpdateStep? Updates(IReadOnlyList<Step> steps) => steps.Select(step => step is RepeatStep repeat ? Updates(repeat.Steps) : step as UpdateStep)
        .FirstOrDefault(step => step is not null);

    private static void RequireWholeUpdates(IReadOnlyList<Step> steps)
    {
        UpdatePart due = UpdatePart.Stop;
        FilePosition last = default;
        foreach (Step step in steps)
        {
            if (step is RepeatStep repeat)
                RequireWholeUpdates(repeat.Steps);
            if (step is UpdateStep update ? update.Part != due : due != UpdatePart.Stop)
                throw NotWhole(step.At);
            if (step is not UpdateStep)
                continue;
            due = due == UpdatePart.Start ? UpdatePart.Stop : due + 1;
            last = step.At;
        }
        if (due != UpdatePart.Stop)
            throw NotWhole(last);
    }

    private static ScenarioException NotWhole(FilePosition at) =>
        new(at, "a part of a live update", "update: done or update: failed: an actor's update is whole, and others come in between its parts");

    private static Step Named(Step step, string actor) => step switch
    {
        RepeatStep repeat => repeat with { Steps = [.. repeat.Steps.Select(inner => Named(inner, actor))] },
        _ => step with { Text = $"{actor}: {step.Text}" },
    };

    private static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName && char.IsAsciiLetterLower(text[0])
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
