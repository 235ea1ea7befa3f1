using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Wirq.Cli.Explore;

/// <summary>Merges the JSON of several searches of the same worlds: the members of a swarm.</summary>
/// <remarks>Members visit states that others visit too, so the states of all are not known: <c>states</c> is the most of one member.
/// So it is with sizes, times and rates. Transitions, kinds and judgements are summed. The worst verdict counts, with the shortest
/// story; a control is caught if any member caught it, in its fewest steps. A proof of one member is a proof.</remarks>
internal static class ExploreMerge
{
    private const string Members = "members";
    private const int MostBytes = 1 << 28;
    private static readonly string[] s_worst = ["violated", "vacuous", "proved", "bound reached"];
    private static readonly string[] s_most = ["states", "depth", "visitedBytes", "frontierBytes", "edgeBytes", "diskBytes", "milliseconds",
        "statesPerSecond", "transitionsPerSecond", "bytesPerState", "missedProbability"];
    private static readonly string[] s_sums = [Members, "transitions", "endStates"], s_maps = ["kinds", "judgements"];

    /// <summary>Reads files and writes their merge.</summary>
    /// <exception cref="UsageException">A file is none of these.</exception>
    internal static int Write(IReadOnlyList<string> files, Stream output)
    {
        var worlds = new List<JsonObject>();
        var unread = new JsonArray();
        foreach (string file in files)
        {
            JsonObject read = Read(file);
            foreach (JsonObject world in ((JsonArray)read["worlds"]!).OfType<JsonObject>().Select(world => (JsonObject)world.DeepClone()))
            {
                world[Members] ??= 1;
                JsonObject? known = worlds.Find(one => Key(one) == Key(world));
                if (known is null)
                    worlds.Add(world);
                else
                    Merge(known, world);
            }
            foreach (JsonNode? bad in read["unread"] as JsonArray ?? [])
            {
                if (!unread.Any(one => JsonNode.DeepEquals(one, bad)))
                    unread.Add(bad?.DeepClone());
            }
        }
        JsonObject[] controls = [.. worlds.SelectMany(ControlsOf)];
        int status = worlds.Any(world => Text(world, "verdict") is "violated" or "vacuous") || controls.Any(control => !Flag(control, "caught") && Flag(control, "finished")) ? CommandLine.Failure
            : unread.Count > 0 || worlds.Count == 0 ? CommandLine.BadInput
            : worlds.All(world => Text(world, "verdict") == "proved") && controls.All(control => Flag(control, "caught")) ? CommandLine.Success : CommandLine.NotTold;
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
            new JsonObject { ["worlds"] = new JsonArray([.. worlds]), ["unread"] = unread }.WriteTo(json);
        output.WriteByte((byte)'\n');
        return status;
    }

    private static JsonObject Read(string file)
    {
        const string expected = "expected what explore --json prints";
        try
        {
            if (JsonNode.Parse(BytesOf(file), documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) is JsonObject read && read["worlds"] is JsonArray worlds && worlds.All(IsWorld))
                return read;
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file}: cannot be read: {bad.Message}");
        }
        catch (JsonException bad)
        {
            string place = bad.LineNumber is { } line ? string.Create(CultureInfo.InvariantCulture, $"{file}:{line + 1}:{bad.BytePositionInLine + 1}: it is no JSON") : $"{file}: {bad.Message}";
            throw new UsageException($"{place}; {expected}");
        }
        throw new UsageException($"{file}: has no worlds, or one without its file, verdict, controls and numbers; {expected}");
    }

    private static ReadOnlySpan<byte> BytesOf(string file)
    {
        using FileStream input = File.OpenRead(file);
        byte[] bytes = new byte[1 << 16];
        int count = 0;
        for (int read; (read = input.Read(bytes, count, bytes.Length - count)) > 0;)
        {
            count += read;
            if (count == MostBytes)
                throw new UsageException($"{file}: is too long; expected what explore --json prints, at most {MostBytes >> 20} MB");
            if (count == bytes.Length)
                Array.Resize(ref bytes, bytes.Length * 2);
        }
        return bytes.AsSpan(0, count);
    }

    private static bool IsWorld(JsonNode? node) => node is JsonObject world && IsText(world["file"]) && (world["name"] is null || IsText(world["name"]))
        && IsText(world["verdict"]) && s_worst.Contains(Text(world, "verdict"))
        && world["controls"] is JsonArray controls && controls.All(IsControl)
        && s_most.Concat(s_sums).All(name => IsNumber(world[name]))
        && s_maps.All(name => world[name] is null || world[name] is JsonObject map && map.All(one => IsNumber(one.Value)));

    private static bool IsControl(JsonNode? node) => node is JsonObject control && IsText(control["name"]) && IsText(control["law"])
        && IsFlag(control["caught"]) && IsFlag(control["finished"]) && IsNumber(control["steps"]);

    private static bool IsText(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String;
    private static bool IsFlag(JsonNode? node) => node is null || node.GetValueKind() is JsonValueKind.True or JsonValueKind.False;
    private static bool IsNumber(JsonNode? node) => node is null || node.GetValueKind() == JsonValueKind.Number && double.IsFinite(Number(node));

    private static void Merge(JsonObject known, JsonObject other)
    {
        bool isWorse = Array.IndexOf(s_worst, Text(other, "verdict")) < Array.IndexOf(s_worst, Text(known, "verdict"));
        bool isShorter = other["story"] is JsonObject told && (known["story"] is not JsonObject shown || Length(told) < Length(shown));
        if (isWorse)
        {
            known["verdict"] = Text(other, "verdict");
            foreach (string reason in (string[])["vacuous", "bound"])
            {
                known.Remove(reason);
                if (other[reason] is { } its)
                    known[reason] = its.DeepClone();
            }
        }
        if (isShorter)
            known["story"] = other["story"]!.DeepClone();
        foreach (string most in s_most)
            known[most] = Math.Max(Number(known, most), Number(other, most));
        foreach (string sum in s_sums)
            known[sum] = Number(known, sum) + Number(other, sum);
        foreach (string each in s_maps)
        {
            if (known[each] is not JsonObject mine || other[each] is not JsonObject others)
                continue;
            foreach ((string name, _) in others.ToArray())
                mine[name] = Number(mine, name) + Number(others, name);
        }
        foreach (JsonObject control in ControlsOf(other))
        {
            JsonObject? same = ControlsOf(known).FirstOrDefault(one => Text(one, "name") == Text(control, "name") && Text(one, "law") == Text(control, "law"));
            var all = (JsonArray)known["controls"]!;
            if (same is null)
                all.Add(control.DeepClone());
            else if (IsBetter(control, same))
                all[all.IndexOf(same)] = control.DeepClone();
        }
    }

    /// <summary>Whether a result of a design says more than another: caught, in fewer steps; or missed where the other did not end.</summary>
    private static bool IsBetter(JsonObject control, JsonObject known) =>
        Flag(control, "caught") ? !Flag(known, "caught") || Number(control, "steps") < Number(known, "steps")
            : !Flag(known, "caught") && Flag(control, "finished") && !Flag(known, "finished");

    private static IEnumerable<JsonObject> ControlsOf(JsonObject world) => ((JsonArray)world["controls"]!).OfType<JsonObject>();
    private static int Length(JsonObject story) => story["steps"] is JsonArray steps ? steps.Count : int.MaxValue;
    private static string Key(JsonObject world) => $"{Text(world, "file")}\n{Text(world, "name")}";
    private static string Text(JsonObject of, string name) => of[name]?.GetValue<string>() ?? "";
    private static bool Flag(JsonObject of, string name) => of[name]?.GetValue<bool>() ?? false;
    private static double Number(JsonObject of, string name) => of[name] is { } value ? Number(value) : 0;
    private static double Number(JsonNode value) => double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);
}
