using System.Text.Json;

namespace Wirq.Traces.Why;

/// <summary>The parts that answers about logs of any kind have, as they are written for a program.</summary>
internal static class AnswerJsonParts
{
    /// <summary>Writes a place; null for none.</summary>
    internal static void WriteMark(this Utf8JsonWriter json, string name, Mark? mark, Stamps stamps)
    {
        if (mark is not { } at)
        {
            json.WriteNull(name);
            return;
        }
        json.WriteStartObject(name);
        json.WritePlace(at, stamps);
        json.WriteEndObject();
    }

    /// <summary>Writes the line or the event of a place, and its time, into the object that is open.</summary>
    private static void WritePlace(this Utf8JsonWriter json, Mark mark, Stamps stamps)
    {
        json.WriteOptional("line", stamps.OfLog ? mark.Line : -1);
        json.WriteOptional("event", stamps.OfLog ? -1 : mark.Event);
        if (stamps.HasTime)
            json.WriteString("time", stamps.Time(mark));
        else
            json.WriteNull("time");
    }

    internal static void WriteEvidence(this Utf8JsonWriter json, IReadOnlyList<Evidence> evidence, Stamps stamps) => json.WriteEach("evidence", evidence, (json, one) =>
    {
        json.WriteString("what", one.What);
        json.WritePlace(one.At, stamps);
    });

    /// <summary>Writes what was raised, sent and taken, as far as a log tells.</summary>
    internal static void WriteTold(this Utf8JsonWriter json, IReadOnlyList<ToldAnswer> all, Stamps stamps) => json.WriteEach("told", all, (json, told) =>
    {
        json.WriteString("source", told.Source);
        json.WriteNumber("count", told.Count);
        json.WriteMark("first", told.First, stamps);
        json.WriteMark("last", told.Last, stamps);
        json.WriteString("what", told.What);
    });

    internal static void WriteStrings(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }
}
