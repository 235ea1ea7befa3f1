using System.Text.Json;
using Wirq.Traces.Replay;
using Wirq.Traces.Why;

namespace Wirq.Cli.Replay;

/// <summary>Writes the result of a replay, for a program.</summary>
internal static class ReplayJson
{
    private static readonly (string Key, ResponseVerdict Verdict)[] Verdicts =
    [
        ("matched", ResponseVerdict.Matched), ("mismatched", ResponseVerdict.Mismatched),
        ("waived", ResponseVerdict.Waived), ("unchecked", ResponseVerdict.Unchecked),
    ];

    internal static void Write(ReplayReport report, OwedList owed, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteNumber("lines", report.Lines);
        json.WriteNumber("stimuli", report.Stimuli);
        json.WriteStartObject("responses");
        foreach ((string key, ResponseVerdict verdict) in Verdicts)
        {
            json.WriteStartObject(key);
            json.WriteNumber("total", report.Responses.Total(verdict));
            foreach ((string name, long count) in report.Responses.ByEvent(verdict))
                json.WriteNumber(name, count);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteNumber("notJudged", report.NotJudged);
        json.WriteStrings("notes", report.Notes);
        json.WriteStartArray("delivered");
        foreach (Delivered one in report.Delivered)
        {
            json.WriteStartObject();
            json.WriteString("source", one.Source);
            if (one.Cpu >= 0)
                json.WriteNumber("cpu", one.Cpu);
            else
                json.WriteNull("cpu");
            json.WriteNumber("count", one.Count);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (report.Remapping is { } remapping)
            WriteRemapping(json, remapping);
        LawsJson.Write(json, report.Laws.Select(law => (law.Name, law.Held, law.Detail)));
        // What wirq why says of the same log.
        json.WriteString("why", WhyJson.Word(owed.Verdict));
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private static void WriteRemapping(Utf8JsonWriter json, RemappingReport remapping)
    {
        json.WriteStartObject("remapping");
        json.WriteNumber("translated", remapping.Translated);
        json.WriteNumber("unremapped", remapping.Unremapped);
        json.WriteNumber("blocked", remapping.Blocked);
        json.WriteNumber("globalInvalidations", remapping.Global);
        json.WriteNumber("selectiveInvalidations", remapping.Selective);
        json.WriteNumber("routesTouched", remapping.Touched);
        json.WriteNumber("mostRoutesTouched", remapping.MostTouched);
        json.WriteNumber("usedRewritten", remapping.Stale);
        if (remapping.Stale > 0)
            json.WriteNumber("firstUsedRewritten", remapping.FirstStale);
        json.WriteStartArray("invalidations");
        foreach (LoggedInvalidation one in remapping.Invalidations)
        {
            json.WriteStartObject();
            json.WriteNumber("line", one.Line);
            json.WriteBoolean("global", one.Global);
            if (!one.Global)
            {
                json.WriteNumber("index", one.Index);
                json.WriteNumber("mask", one.Mask);
            }
            json.WriteNumber("touched", one.Touched);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
