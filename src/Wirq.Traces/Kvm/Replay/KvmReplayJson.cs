using System.Text.Json;
using Wirq.Traces.Replay;
using Wirq.Traces.Why;

namespace Wirq.Traces.Kvm.Replay;

/// <summary>Writes the result of a replay of a log of a KVM host, for a program.</summary>
internal static class KvmReplayJson
{
    private static readonly (string Key, ResponseVerdict Verdict)[] Verdicts =
        [("matched", ResponseVerdict.Matched), ("mismatched", ResponseVerdict.Mismatched), ("unchecked", ResponseVerdict.Unchecked)];

    internal static void Write(KvmReplayReport report, Stream output)
    {
        Stamps stamps = report.Survey.Stamps;
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("kind", "kvm");
            json.WriteNumber("records", report.Survey.Counts.Records);
            json.WriteBoolean("endsAtInjection", report.Survey.EndsAtInjection);
            json.WriteBoolean("comparedNothing", report.ComparedNothing);
            json.WriteStrings("notes", report.Notes);
            json.WriteEach("vms", report.Vms, (json, vm) => Write(json, vm, stamps));
            json.WriteString("why", WhyJson.Word(report.Why.Verdict));
            json.WriteEndObject();
        }
        output.WriteByte((byte)'\n');
    }

    private static void Write(Utf8JsonWriter json, VmReplay vm, Stamps stamps)
    {
        json.WriteOptional("process", vm.Scan.Vm.Process);
        json.WriteStartArray("vcpus");
        foreach (uint id in vm.Scan.Ids)
            json.WriteNumberValue(id);
        json.WriteEndArray();
        json.WriteBoolean("split", vm.Scan.IsSplit);
        json.WriteBoolean("fromStart", vm.Scan.FromStart);
        json.WriteStrings("notes", vm.Notes);
        json.WriteStartObject("responses");
        foreach ((string key, ResponseVerdict verdict) in Verdicts)
        {
            json.WriteStartObject(key);
            json.WriteNumber("total", vm.Tally.Total(verdict));
            foreach (KvmEvent happened in vm.Events)
            {
                if (vm.Tally.Of(verdict, happened) is > 0 and long count)
                    json.WriteNumber(KvmNames.NameOf(happened), count);
            }
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteNumber("notJudged", vm.Tally.NotJudged);
        json.WriteEach("mismatches", vm.Tally.Mismatches, (json, finding) =>
        {
            json.WriteString("event", KvmNames.NameOf(finding.Event));
            json.WriteMark("at", finding.Line.At, stamps);
            json.WriteString("logged", finding.Logged);
            json.WriteString("predicted", finding.Predicted);
        });
        json.WriteEach("laws", vm.Laws, (json, law) =>
        {
            json.WriteString("name", law.Name);
            json.WriteBoolean("held", law.Held);
            json.WriteString("detail", law.Detail);
        });
    }
}
