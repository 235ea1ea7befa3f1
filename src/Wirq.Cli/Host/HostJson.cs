using System.Runtime.Versioning;
using System.Text.Json;
using Wirq.Linux.Probes;

namespace Wirq.Cli.Host;

/// <summary>Writes the report for a program.</summary>
[SupportedOSPlatform("linux")]
internal static class HostJson
{
    internal static void Write(HostReport report, Stream output)
    {
        if (report.Absent is { } absent)
        {
            HostAbsent.WriteJson(absent, output);
            return;
        }
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteBoolean("kvm", true);
        json.WriteNumber("interface", report.ApiVersion);
        WriteStrings(json, "providers", report.Providers);
        WriteCapabilities(json, report);
        WriteProbes(json, report);
        WriteConclusions(json, report);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }

    private static void WriteCapabilities(Utf8JsonWriter json, HostReport report)
    {
        json.WriteStartArray("capabilities");
        foreach (HostCapability each in report.Capabilities)
        {
            json.WriteStartObject();
            json.WriteString("name", each.Name);
            json.WriteNumber("value", each.Value);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteProbes(Utf8JsonWriter json, HostReport report)
    {
        json.WriteStartArray("probes");
        foreach (ProbeResult each in report.Probes)
        {
            json.WriteStartObject();
            json.WriteString("name", each.Probe.Name);
            json.WriteString("question", each.Probe.Question);
            json.WriteString("matters", each.Probe.Matters);
            json.WriteString("outcome", HostText.Word(each.Outcome));
            json.WriteString("finding", each.Finding);
            json.WriteNumber("milliseconds", Math.Round(each.Elapsed.TotalMilliseconds, 1));
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteConclusions(Utf8JsonWriter json, HostReport report)
    {
        json.WriteStartArray("configurations");
        foreach (HostConfiguration each in report.Configurations)
        {
            json.WriteStartObject();
            json.WriteString("name", each.Configuration.Word());
            json.WriteString("verdict", HostText.Word(each.Verdict));
            WriteStrings(json, "because", each.Because);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (report.Follows is { } follows)
            json.WriteString("follows", follows.Word());
        json.WriteStartArray("workarounds");
        foreach (HostWorkaround each in report.Workarounds)
        {
            json.WriteStartObject();
            json.WriteString("name", each.Name);
            json.WriteString("probe", each.Probe);
            json.WriteString("what", each.What);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string each in values)
            json.WriteStringValue(each);
        json.WriteEndArray();
    }
}
