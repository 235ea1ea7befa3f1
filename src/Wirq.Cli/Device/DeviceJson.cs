using System.Runtime.Versioning;
using System.Text.Json;
using Wirq.Board.Scripted;
using Wirq.Linux.VfioUser;

namespace Wirq.Cli.Device;

/// <summary>Writes what became of a scripted device, for a program.</summary>
[SupportedOSPlatform("linux")]
internal static class DeviceJson
{
    internal static void Write(DeviceReport report, Stream output)
    {
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true });
        InterruptCounts its = report.Interrupts;
        AccessCounts accesses = report.Accesses;
        json.WriteStartObject();
        json.WriteString("name", report.Server.Scenario.Name);
        json.WriteString("verdict", report.Verdict);
        if (report.Server.Waits is { } waits)
            json.WriteString("stoppedAt", waits.ToString());
        json.WriteStartArray("failures");
        foreach (ScriptFailure failure in report.Server.Failures)
        {
            json.WriteStartObject();
            json.WriteString("at", failure.At.ToString());
            json.WriteString("text", failure.Text);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("intx");
        json.WriteNumber("raised", its.Raised);
        json.WriteNumber("served", report.Server.Registers.Served);
        json.WriteNumber("meanMicroseconds", report.Server.Registers.MeanLatency);
        json.WriteNumber("slowestMicroseconds", report.Server.Registers.LongestLatency);
        json.WriteNumber("signalled", its.Signalled);
        json.WriteNumber("again", its.SignalledAgain);
        json.WriteNumber("unmasksByMessage", its.UnmaskMessages);
        json.WriteNumber("unmasksByEventfd", its.UnmaskEventFds);
        json.WriteNumber("needlessUnmasks", its.NeedlessUnmasks);
        json.WriteNumber("earlyUnmasks", its.EarlyUnmasks);
        json.WriteNumber("idleUnmasks", its.IdleUnmasks);
        json.WriteNumber("masks", its.Masks);
        json.WriteNumber("disintx", its.InterruptDisables);
        json.WriteEndObject();
        json.WriteStartObject("messages");
        json.WriteNumber("sent", its.AllSent);
        json.WriteNumber("lost", its.AllLost);
        json.WriteStartArray("vectors");
        foreach ((int first, int last, long sent, long lost) in report.Vectors)
        {
            json.WriteStartObject();
            json.WriteNumber("first", first);
            json.WriteNumber("last", last);
            json.WriteNumber("sent", sent);
            json.WriteNumber("lost", lost);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteNumber("signalledByClient", its.ByClient);
        json.WriteStartObject("triggers");
        json.WriteNumber("set", its.TriggersSet);
        json.WriteNumber("swapped", its.TriggersSwapped);
        json.WriteNumber("removed", its.TriggersRemoved);
        json.WriteEndObject();
        json.WriteStartObject("accesses");
        json.WriteNumber("registerReads", accesses.RegisterReads);
        json.WriteNumber("registerWrites", accesses.RegisterWrites);
        json.WriteNumber("configReads", accesses.ConfigReads);
        json.WriteNumber("configWrites", accesses.ConfigWrites);
        json.WriteNumber("tableReads", accesses.TableReads);
        json.WriteNumber("tableWrites", accesses.TableWrites);
        json.WriteNumber("resets", accesses.Resets);
        json.WriteNumber("refused", accesses.Refused);
        json.WriteNumber("connections", accesses.Connections);
        json.WriteNumber("doorbell", report.Server.Registers.DoorbellValue);
        json.WriteEndObject();
        json.WriteNumber("status", report.Status);
        json.WriteEndObject();
        json.Flush();
        output.WriteByte((byte)'\n');
    }
}
