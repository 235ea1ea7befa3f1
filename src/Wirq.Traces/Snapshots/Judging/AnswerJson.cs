using System.Text.Json;
using Wirq.Traces.Why;

namespace Wirq.Traces.Snapshots.Judging;

/// <summary>Writes an answer about a saved state for a program. Its names are those of the answers about logs.</summary>
internal static class AnswerJson
{
    internal static void Write(SnapshotAnswer answer, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        WriteBody(json, answer);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    /// <summary>Writes the properties of an answer.</summary>
    internal static void WriteBody(Utf8JsonWriter json, SnapshotAnswer answer)
    {
        json.WriteString("verdict", WhyJson.Word(answer.Verdict));
        json.WriteString("format", answer.State.Format);
        json.WriteString("what", answer.State.What);
        json.WriteNumber("cpus", answer.State.Cpus.Count);
        Write(json, "owed", answer.Of(Standing.Owed));
        Write(json, "unknown", answer.Of(Standing.NotKnown));
        Write(json, "masked", answer.Of(Standing.Masked));
        Write(json, "inFlight", answer.Of(Standing.InFlight));
        if (answer.State.IsText)
        {
            json.WriteEach("told", answer.Facts, static (json, fact) =>
            {
                json.WriteString("sentence", fact.Sentence);
                json.WriteOptional("gsi", fact.Gsi);
                if (fact.Place is { } place)
                    StateJson.Write(json, place);
            });
        }
        WhyJson.WriteLimits(json, answer.State.Limits);
    }

    private static void Write(Utf8JsonWriter json, string name, IEnumerable<SnapshotFinding> findings) => json.WriteEach(name, [.. findings], static (json, one) =>
    {
        json.WriteString("source", one.Source);
        json.WriteString("gate", WhyJson.Word(one.Gate));
        json.WriteOptional("cpu", one.Cpu);
        json.WriteOptional("vector", one.Vector);
        json.WriteOptional("gsi", one.Gsi);
        if (one.Entry >= 0)
            json.WriteNumber("entry", one.Entry);
        json.WriteString("sentence", one.Sentence);
        json.WriteEach("evidence", one.Evidence, static (json, place) => StateJson.Write(json, place));
    });
}
