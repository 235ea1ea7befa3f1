using System.Globalization;
using System.Text.Json;

namespace Wirq.Traces.Timelines;

/// <summary>Writes a picture as Chrome trace events, which Perfetto's page, speedscope and others open.</summary>
/// <remarks>Slices of one thread must nest there, so each row is a thread. Each heading is a process. Times are in
/// microseconds, with three digits behind the point.</remarks>
internal static class ChromeWriter
{
    private const int FlushAt = 1 << 16;

    internal static void Write(Picture picture, Stream output)
    {
        var tracks = new Tracks(picture);
        int[] processes = ProcessesOf(picture);
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ns");
        json.WriteStartObject("otherData");
        json.WriteString("subject", picture.Subject);
        json.WriteString("verdict", picture.Verdict);
        json.WriteString("notes", string.Join(" ", picture.Notes));
        json.WriteEndObject();
        json.WriteStartArray("traceEvents");
        WriteNames(picture, tracks, processes, json);
        foreach (Slice slice in Slice.Of(picture, tracks))
        {
            Begin(json, "X", slice.Name, slice.Category, processes[slice.Lane], slice.Track, slice.Begin);
            Time(json, "dur", slice.End - slice.Begin);
            Facts(json, slice.Facts);
            End(json);
        }
        foreach (Instant instant in picture.Instants)
        {
            Begin(json, "i", ItemWords.Of(instant.Kind), "instant", processes[instant.Lane], tracks.OfInstants(instant.Lane), picture.Clock.At(instant.At));
            json.WriteString("s", "t");
            Facts(json, [("at", picture.Stamps.At(instant.At)), ("event", instant.Text)]);
            End(json);
        }
        foreach ((int number, Arrow arrow) in picture.Arrows.Index())
            WriteFlow(picture, tracks, processes, number + 1, arrow, json);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    /// <summary>The process of each lane, from 1.</summary>
    private static int[] ProcessesOf(Picture picture)
    {
        string[] headings = [.. picture.Lanes.Select(lane => lane.Heading).Distinct()];
        return [.. picture.Lanes.Select(lane => Array.IndexOf(headings, lane.Heading) + 1)];
    }

    private static void WriteNames(Picture picture, Tracks tracks, int[] processes, Utf8JsonWriter json)
    {
        foreach ((int process, int lane) in processes.Select((process, lane) => (process, lane)).DistinctBy(pair => pair.process))
        {
            Name(json, "process_name", process, 0, picture.Lanes[lane].Heading);
            Order(json, "process_sort_index", process, 0, process);
        }
        foreach (Track track in tracks.All)
        {
            Name(json, "thread_name", processes[track.Lane], track.Number, track.Name);
            Order(json, "thread_sort_index", processes[track.Lane], track.Number, track.Number);
        }
    }

    private static void Name(Utf8JsonWriter json, string what, int process, int thread, string name)
    {
        Begin(json, "M", what, "", process, thread, 0);
        Facts(json, [("name", name)]);
        End(json);
    }

    private static void Order(Utf8JsonWriter json, string what, int process, int thread, int order)
    {
        Begin(json, "M", what, "", process, thread, 0);
        json.WriteStartObject("args");
        json.WriteNumber("sort_index", order);
        json.WriteEndObject();
        End(json);
    }

    private static void WriteFlow(Picture picture, Tracks tracks, int[] processes, int number, in Arrow arrow, Utf8JsonWriter json)
    {
        (int from, int to) = tracks.Of(arrow);
        Begin(json, "s", ItemWords.Of(arrow.Kind), "cause", processes[arrow.From], from, picture.Clock.At(arrow.Left));
        json.WriteNumber("id", number);
        End(json);
        Begin(json, "f", ItemWords.Of(arrow.Kind), "cause", processes[arrow.To], to, picture.Clock.At(arrow.Arrived));
        json.WriteNumber("id", number);
        // To the slice around it, not to the next one.
        json.WriteString("bp", "e");
        End(json);
    }

    private static void Begin(Utf8JsonWriter json, string phase, string name, string category, int process, int thread, long time)
    {
        json.WriteStartObject();
        json.WriteString("ph", phase);
        json.WriteString("name", name);
        if (category.Length > 0)
            json.WriteString("cat", category);
        json.WriteNumber("pid", process);
        json.WriteNumber("tid", thread);
        Time(json, "ts", time);
    }

    private static void Facts(Utf8JsonWriter json, IReadOnlyList<(string Name, string Value)> facts)
    {
        json.WriteStartObject("args");
        foreach ((string name, string value) in facts)
            json.WriteString(name, value);
        json.WriteEndObject();
    }

    private static void Time(Utf8JsonWriter json, string name, long nanoseconds)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1000}.{nanoseconds % 1000:d3}"), skipInputValidation: true);
    }

    private static void End(Utf8JsonWriter json)
    {
        json.WriteEndObject();
        if (json.BytesPending > FlushAt)
            json.Flush();
    }
}
