using System.Runtime.Versioning;
using System.Text.Json;
using Wirq.Cli.Host;
using Wirq.Events;
using Wirq.Linux.Probes;
using Wirq.Traces.Why;

namespace Wirq.Cli.Boot;

/// <summary>Writes the result of a guest's run, for a program.</summary>
[SupportedOSPlatform("linux")]
internal static class BootJson
{
    internal static void Write(BootResult result, GuestConsole console, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("image", result.Options.Image);
        json.WriteNumber("cpus", result.Options.Cpus);
        json.WriteString("irqchip", result.Options.Configuration.Word());
        json.WriteBoolean("x2apic", result.Options.X2Apic);
        json.WriteString("iommu", result.Options.Vtd ? "vtd" : "none");
        json.WriteString("design", result.Options.Design);
        json.WriteBoolean("xen", result.Options.Xen.Offered);
        HostConfiguration configuration = result.Host.Configurations.Single(each => each.Configuration == result.Options.Configuration);
        json.WriteStrings("deviations", configuration.Verdict is ConfigurationVerdict.Sound or ConfigurationVerdict.NotKnown ? [] : configuration.Because);
        json.WriteStrings("notKnown", configuration.Verdict == ConfigurationVerdict.NotKnown ? configuration.Because : []);
        json.WriteStrings("workarounds", result.Host.Workarounds.Select(each => each.Name));
        json.WriteString("end", result.End.Kind.ToString());
        json.WriteNumber("code", result.End.Code);
        json.WriteString("detail", result.End.Detail);
        json.WriteNumber("seconds", Math.Round(result.Elapsed.TotalSeconds, 3));
        json.WriteNumber("events", result.Watch.Count);
        LawsJson.Write(json, result.Watch.Laws.Select(law => (law.Name, law.Break is null, law.Break is null ? "" : law.Describe())));
        json.WriteStrings("story", result.Watch.Story.Select(e => EventText.Describe(e)));
        json.WriteBoolean("marked", result.Watch.IsMarked);
        json.WriteEach("taken", result.Watch.Taken, (json, taken) =>
        {
            json.WriteNumber("cpu", taken.Cpu);
            json.WriteNumber("vector", taken.Vector);
            json.WriteString("of", taken.Origin.ToString());
            json.WriteNumber("count", taken.Count);
        });
        json.WriteEach("counts", result.Watch.Counts, BootCounts.Write);
        json.WriteNumber("misrouted", result.Misrouted);
        if (result.LevelDevice is { } level)
        {
            json.WriteStartObject("levelDevice");
            json.WriteNumber("made", level.Made);
            json.WriteNumber("served", level.Served);
            json.WriteNumber("acknowledged", level.Acknowledged);
            json.WriteEndObject();
        }
        json.WriteString("console", console.Text);
        json.WriteBoolean("consoleCut", console.IsCut);
        json.WriteNumber("status", result.Status);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }
}
