using System.Globalization;
using System.Text.Json;
using Wirq.Traces.Why;

namespace Wirq.Traces.Timelines;

/// <summary>Writes what the script of a page draws: JSON, in which places are numbers of the marks.</summary>
internal static class PageData
{
    private const int FlushAt = 1 << 16;

    internal static void Write(Picture picture, Stream output)
    {
        // The usual encoder escapes what could end a script: <, > and &.
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteString("style", picture.Stamps.Style switch
        {
            StampStyle.Virtual => "virtual",
            StampStyle.Stamped => "stamped",
            _ => "none",
        });
        json.WriteBoolean("ofLog", picture.Stamps.OfLog);
        // More digits than a script's numbers have.
        json.WriteString("first", picture.Stamps.First.ToString(CultureInfo.InvariantCulture));
        WriteMarks(picture, json);
        json.WriteStartArray("lanes");
        foreach (Lane lane in picture.Lanes)
        {
            json.WriteStartObject();
            json.WriteString("n", lane.Name);
            json.WriteString("h", lane.Heading);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        WriteItems(picture, json);
        WriteOwed(picture, json);
        WriteWords(json);
        json.WriteEndObject();
    }

    private static void WriteMarks(Picture picture, Utf8JsonWriter json)
    {
        json.WriteStartObject("marks");
        Numbers(json, "e", picture.Clock.Marks.Select(mark => mark.Event));
        Numbers(json, "l", picture.Clock.Marks.Select(mark => mark.Line));
        Numbers(json, "t", picture.Clock.Marks.Select(mark => mark.Time));
        Numbers(json, "x", picture.Clock.Marks.Select(picture.Clock.At));
        json.WriteEndObject();
    }

    private static void WriteItems(Picture picture, Utf8JsonWriter json)
    {
        json.WriteStartArray("spans");
        foreach (Span span in picture.Spans.Where(span => span.Kind != SpanKind.Held))
        {
            Row(json, span.Lane, (int)span.Kind, picture.Clock.IndexOf(span.Begin), span.End is { } end ? picture.Clock.IndexOf(end) : -1, span.Vector);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteStartArray("instants");
        foreach (Instant instant in picture.Instants)
        {
            Row(json, instant.Lane, (int)instant.Kind, picture.Clock.IndexOf(instant.At));
            json.WriteStringValue(instant.Text);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteStartArray("arrows");
        foreach (Arrow arrow in picture.Arrows)
        {
            Row(json, (int)arrow.Kind, arrow.From, picture.Clock.IndexOf(arrow.Left), arrow.To, picture.Clock.IndexOf(arrow.Arrived));
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    private static void WriteOwed(Picture picture, Utf8JsonWriter json)
    {
        json.WriteStartArray("owed");
        foreach (OwedMark mark in picture.Owed)
        {
            json.WriteStartObject();
            json.WriteNumber("rank", (int)mark.Rank);
            json.WriteString("title", mark.Title);
            json.WriteNumber("lane", mark.Lane);
            json.WriteNumber("at", picture.Clock.IndexOf(mark.At));
            json.WriteNumber("since", mark.Since is { } since ? picture.Clock.IndexOf(since) : -1);
            json.WriteString("gate", mark.Gate);
            json.WriteString("text", string.Join(" ", mark.Sentences));
            json.WriteStartArray("evidence");
            foreach (Evidence one in mark.Evidence)
            {
                json.WriteStartArray();
                json.WriteStringValue(one.What);
                json.WriteNumberValue(picture.Clock.IndexOf(one.At));
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteWords(Utf8JsonWriter json)
    {
        json.WriteStartObject("words");
        Words(json, "spans", Enum.GetValues<SpanKind>().Select(ItemWords.Of));
        Words(json, "legend", Enum.GetValues<SpanKind>().Select(ItemWords.Legend));
        Words(json, "instants", Enum.GetValues<InstantKind>().Select(ItemWords.Of));
        Words(json, "ranks", Enum.GetValues<OwedRank>().Select(ItemWords.Of));
        Words(json, "rankClasses", Enum.GetValues<OwedRank>().Select(PageWriter.ClassOf));
        json.WriteEndObject();
    }

    private static void Row(Utf8JsonWriter json, params ReadOnlySpan<int> numbers)
    {
        if (json.BytesPending > FlushAt)
            json.Flush();
        json.WriteStartArray();
        foreach (int number in numbers)
            json.WriteNumberValue(number);
    }

    private static void Numbers(Utf8JsonWriter json, string name, IEnumerable<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static void Words(Utf8JsonWriter json, string name, IEnumerable<string> words)
    {
        json.WriteStartArray(name);
        foreach (string word in words)
            json.WriteStringValue(word);
        json.WriteEndArray();
    }
}
