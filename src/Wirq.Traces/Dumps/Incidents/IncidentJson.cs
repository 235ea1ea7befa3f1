using System.Text.Json;
using Wirq.Traces.Kvm.Judging;
using Wirq.Traces.Snapshots.Judging;
using Wirq.Traces.Why;

namespace Wirq.Traces.Dumps.Incidents;

/// <summary>Writes the answer about an incident for a program: the verdict, what several files tell of, and each part as it is
/// written alone.</summary>
internal static class IncidentJson
{
    internal static void Write(IncidentAnswer answer, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("verdict", WhyJson.Word(answer.Verdict));
        json.WriteEach("together", answer.Links, static (json, link) =>
        {
            json.WriteString("thing", link.Thing);
            Files(json, link.Files);
            json.WriteString("sentence", link.Sentence);
        });
        json.WriteEach("parts", answer.Parts, static (json, part) =>
        {
            Files(json, part.Files);
            if (part.Form is { } form)
                json.WriteString("form", form);
            if (part.State is { } state)
                AnswerJson.WriteBody(json, state);
            if (part.Host is { } host)
                Copy(json, alone => KvmAnswerJson.Write(host, alone));
            if (part.Log is { } log)
                Copy(json, alone => WhyJson.Write(log.List, log.Engine, alone));
        });
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    /// <summary>The properties of a log's answer: it is written as it is alone, and its properties are copied.</summary>
    private static void Copy(Utf8JsonWriter json, Action<Stream> write)
    {
        using var alone = new MemoryStream();
        write(alone);
        using var document = JsonDocument.Parse(alone.GetBuffer().AsMemory(0, (int)alone.Length));
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
            property.WriteTo(json);
    }

    private static void Files(Utf8JsonWriter json, IReadOnlyList<string> files)
    {
        json.WriteStartArray("files");
        foreach (string file in files)
            json.WriteStringValue(file);
        json.WriteEndArray();
    }
}
