using System.Text.Json;
using Wirq.Lab.Running;

namespace Wirq.Cli.Run;

/// <summary>Writes the verdicts, for a program.</summary>
internal static class RunJson
{
    internal static void Write(IReadOnlyList<ScenarioResult> results, IReadOnlyList<UnreadFile> unread, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteStartArray("scenarios");
        foreach (ScenarioResult result in results)
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
        json.WriteStartObject("counts");
        foreach (Verdict verdict in Enum.GetValues<Verdict>())
            json.WriteNumber(Word(verdict), results.Count(result => result.Verdict == verdict));
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, ScenarioResult result)
    {
        json.WriteStartObject();
        json.WriteString("file", result.Scenario.At.File);
        json.WriteString("name", result.Scenario.Name);
        json.WriteString("verdict", Word(result.Verdict));
        json.WriteNumber("milliseconds", Math.Round(result.Elapsed.TotalMilliseconds, 3));
        json.WriteStartArray("covers");
        foreach (string id in result.Scenario.Covers)
            json.WriteStringValue(id);
        json.WriteEndArray();
        LawsJson.Write(json, result.Laws.Select(law => (law.Name, law.Held, law.Detail)));
        json.WriteStartArray("historic");
        foreach (HistoricResult historic in result.Historic)
        {
            json.WriteStartObject();
            json.WriteString("name", historic.Design);
            json.WriteString("law", historic.Breaks);
            json.WriteBoolean("failed", historic.Caught);
            json.WriteBoolean("finished", historic.Finished);
            json.WriteString("detail", historic.Detail);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("failures");
        foreach (Failure failure in result.Failures)
            json.WriteStringValue(failure.ToString());
        json.WriteEndArray();
        json.WriteStartArray("failureTimes");
        foreach (Failure failure in result.Failures)
            json.WriteNumberValue(failure.Times);
        json.WriteEndArray();
        json.WriteStartArray("storms");
        foreach (Storm storm in result.Storms)
            Write(json, storm);
        json.WriteEndArray();
        json.WriteStartArray("lacks");
        foreach (string lack in result.Lacks)
            json.WriteStringValue(lack);
        json.WriteEndArray();
        json.WriteStartArray("deviations");
        foreach (string probe in result.Deviations)
            json.WriteStringValue(probe);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Storm storm)
    {
        json.WriteStartObject();
        json.WriteNumber("cpu", storm.Cpu);
        json.WriteNumber("vector", storm.Vector);
        json.WriteNumber("times", storm.Times);
        json.WriteBoolean("endless", storm.Endless);
        json.WriteString("from", storm.From);
        if (storm.Gsi >= 0)
            json.WriteNumber("gsi", storm.Gsi);
        json.WriteStartArray("holders");
        foreach (string holder in storm.Holders)
            json.WriteStringValue(holder);
        json.WriteEndArray();
        json.WriteStartArray("notServed");
        foreach (string holder in storm.NotServed)
            json.WriteStringValue(holder);
        json.WriteEndArray();
        if (storm.Handler is { } handler)
            json.WriteString("handler", handler.ToString());
        json.WriteString("text", storm.ToString());
        json.WriteEndObject();
    }

    private static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Held => "held",
        Verdict.Failed => "failed",
        Verdict.HostLacks => "host lacks",
        _ => "host deviates",
    };
}
