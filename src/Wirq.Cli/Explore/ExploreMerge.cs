using System.Text.Json;
using System.Text.Json.Nodes;

namespace Wirq.Cli.Explore;

/// <summary>Merges the JSON of several searches of the same worlds: the members of a swarm.</summary>
/// <remarks>Members visit states that others visit too, so the states of all are not known: <c>states</c> is the most of one member.
/// Transitions, kinds and judgements are summed. The worst verdict counts, with the shortest story; a control is caught if any
/// member caught it, in its fewest steps. A proof of one member is a proof.</remarks>
internal static class ExploreMerge
{
    private static readonly string[] s_worst = ["violated", "proved", "vacuous", "bound reached"];

    /// <summary>Reads files and writes their merge.</summary>
    /// <exception cref="UsageException">A file is none of these.</exception>
    internal static int Write(IReadOnlyList<string> files, Stream output)
    {
        var worlds = new List<JsonObject>();
        foreach (string file in files)
        {
            foreach (JsonObject world in Read(file))
            {
                JsonObject? known = worlds.Find(one => Key(one) == Key(world));
                if (known is null)
                {
                    world["members"] = 1;
                    worlds.Add(world);
                }
                else
                    Merge(known, world);
            }
        }
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
            new JsonObject { ["worlds"] = new JsonArray([.. worlds]), ["unread"] = new JsonArray() }.WriteTo(json);
        output.WriteByte((byte)'\n');
        JsonObject[] controls = [.. worlds.SelectMany(ControlsOf)];
        return worlds.Any(world => Text(world, "verdict") is "violated" or "vacuous") || controls.Any(control => !Flag(control, "caught") && Flag(control, "finished")) ? CommandLine.Failure
            : worlds.All(world => Text(world, "verdict") == "proved") && controls.All(control => Flag(control, "caught")) ? CommandLine.Success : CommandLine.NotTold;
    }

    private static List<JsonObject> Read(string file)
    {
        try
        {
            JsonArray? worlds = JsonNode.Parse(File.ReadAllText(file))?["worlds"] as JsonArray;
            if (worlds is not null && worlds.All(world => world is JsonObject one && one["file"] is JsonValue && s_worst.Contains(Text(one, "verdict")) && one["controls"] is JsonArray))
                return [.. worlds.Select(world => (JsonObject)world!.DeepClone())];
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: cannot be read: {bad.Message}");
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException or FormatException)
        {
            throw new UsageException($"{file}: {bad.Message}; expected what explore --json prints");
        }
        throw new UsageException($"{file}: has no worlds with file, verdict and controls; expected what explore --json prints");
    }

    private static void Merge(JsonObject known, JsonObject other)
    {
        known["members"] = (int)known["members"]! + 1;
        bool isWorse = Array.IndexOf(s_worst, Text(other, "verdict")) < Array.IndexOf(s_worst, Text(known, "verdict"));
        bool isShorter = other["story"] is JsonObject its && (known["story"] is not JsonObject shown || Length(its) < Length(shown));
        if (isWorse)
        {
            known["verdict"] = Text(other, "verdict");
            known["vacuous"] = other["vacuous"]?.DeepClone();
        }
        if (isShorter)
            known["story"] = other["story"]!.DeepClone();
        foreach (string most in (string[])["states", "depth", "visitedBytes", "frontierBytes", "milliseconds"])
            known[most] = Math.Max(Number(known, most), Number(other, most));
        foreach (string sum in (string[])["transitions", "endStates"])
            known[sum] = Number(known, sum) + Number(other, sum);
        foreach (string each in (string[])["kinds", "judgements"])
        {
            if (known[each] is not JsonObject mine || other[each] is not JsonObject others)
                continue;
            foreach ((string name, _) in others.ToArray())
                mine[name] = Number(mine, name) + Number(others, name);
        }
        foreach (JsonObject control in ControlsOf(other))
        {
            JsonObject? same = ControlsOf(known).FirstOrDefault(one => Text(one, "name") == Text(control, "name") && Text(one, "law") == Text(control, "law"));
            bool isBetter = same is not null && Flag(control, "caught") && (!Flag(same, "caught") || Number(control, "steps") < Number(same, "steps"));
            if (isBetter)
                ((JsonArray)known["controls"]!)[((JsonArray)known["controls"]!).IndexOf(same)] = control.DeepClone();
        }
    }

    private static IEnumerable<JsonObject> ControlsOf(JsonObject world) => ((JsonArray)world["controls"]!).OfType<JsonObject>();
    private static int Length(JsonObject story) => story["steps"] is JsonArray steps ? steps.Count : int.MaxValue;
    private static string Key(JsonObject world) => $"{Text(world, "file")}\n{Text(world, "name")}";
    private static string Text(JsonObject of, string name) => of[name]?.GetValue<string>() ?? "";
    private static bool Flag(JsonObject of, string name) => of[name]?.GetValue<bool>() ?? false;
    private static double Number(JsonObject of, string name) => of[name] is JsonValue value ? double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) : 0;
}
