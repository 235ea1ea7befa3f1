using System.Text.Json;
using Wirq.Cli.Run;
using Wirq.Lab.Exploring;
using Wirq.Lab.Worlds;

namespace Wirq.Cli.Explore;

/// <summary>Writes what exploring found, for a program.</summary>
internal static class ExploreJson
{
    internal static void Write(IReadOnlyList<ExploreResult> results, IReadOnlyList<UnreadFile> unread, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartArray("worlds");
        foreach (ExploreResult result in results)
            Write(json, result);
        json.WriteEndArray();
        json.WriteStartArray("unread");
        foreach (UnreadFile bad in unread)
        {
            json.WriteStartObject();
            json.WriteString("file", bad.File);
            json.WriteString("why", bad.Why);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, ExploreResult result)
    {
        Exploration search = result.Search;
        json.WriteStartObject();
        json.WriteString("file", result.Scenario.At.File);
        json.WriteString("name", result.Scenario.Name);
        json.WriteString("verdict", ExploreReport.Word(result.Verdict));
        json.WriteNumber("states", search.States);
        json.WriteNumber("transitions", search.Transitions);
        json.WriteNumber("depth", search.Depth);
        json.WriteNumber("endStates", search.Ends);
        json.WriteNumber("milliseconds", Math.Round(search.Elapsed.TotalMilliseconds, 3));
        json.WriteNumber("statesPerSecond", Math.Round(search.PerSecond(search.States)));
        json.WriteNumber("transitionsPerSecond", Math.Round(search.PerSecond(search.Transitions)));
        json.WriteNumber("bytesPerState", Math.Round(search.BytesPerState, 2));
        json.WriteNumber("visitedBytes", search.VisitedBytes);
        json.WriteNumber("frontierBytes", search.FrontierBytes);
        json.WriteNumber("edgeBytes", search.EdgeBytes);
        json.WriteNumber("diskBytes", search.DiskBytes);
        json.WriteBoolean("reduced", search.Reduced);
        json.WriteNumber("missedProbability", search.MissedProbability);
        json.WriteBoolean("livelocksSearched", search.SearchedLivelocks);
        if (search.Bound is { } bound)
            json.WriteString("bound", bound);
        json.WriteStartObject("kinds");
        foreach (TransitionKind kind in Enum.GetValues<TransitionKind>())
            json.WriteNumber(kind.ToString(), search.Coverage.Kinds[(int)kind]);
        json.WriteEndObject();
        json.WriteStartObject("judgements");
        foreach ((string law, long count) in search.Coverage.Laws)
            json.WriteNumber(law, count);
        json.WriteEndObject();
        json.WriteStartArray("vacuous");
        foreach (string reason in result.Vacuity.Reasons)
            json.WriteStringValue(reason);
        json.WriteEndArray();
        if (result.Story is { } story)
            Write(json, "story", story);
        json.WriteStartArray("controls");
        foreach (ControlResult control in result.Controls)
            Write(json, control);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, ControlResult control)
    {
        json.WriteStartObject();
        json.WriteString("name", control.Name);
        json.WriteString("law", control.Law);
        json.WriteBoolean("caught", control.Caught);
        json.WriteBoolean("finished", control.Finished);
        json.WriteNumber("states", control.States);
        json.WriteNumber("steps", control.Story?.Steps.Count ?? 0);
        json.WriteNumber("transitions", control.Story?.Way.Count ?? 0);
        if (control.Story is { } story)
            Write(json, "story", story);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, string name, Story story)
    {
        json.WriteStartObject(name);
        json.WriteString("kind", story.Violation.Kind.ToString());
        json.WriteString("violates", story.Violation.Name);
        json.WriteString("text", story.Violation.Text);
        json.WriteNumber("repeats", story.Repeats);
        json.WriteStartArray("steps");
        foreach (StoryStep step in story.Steps)
        {
            json.WriteStartObject();
            json.WriteString("text", step.Text);
            json.WriteNumber("transitions", step.Transitions);
            json.WriteStartArray("events");
            foreach ((_, string text) in step.Events)
                json.WriteStringValue(text);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
