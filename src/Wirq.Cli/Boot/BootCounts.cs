using System.Runtime.Versioning;
using System.Text.Json;
using Wirq.Board.Machine;
using Wirq.Events;
using Wirq.Traces.Why;

namespace Wirq.Cli.Boot;

/// <summary>Writes what a board counted, for a program.</summary>
[SupportedOSPlatform("linux")]
internal static class BootCounts
{
    internal static void Write(Utf8JsonWriter json, BoardCounts counts)
    {
        if (counts.Mark is { } mark)
            json.WriteNumber("mark", mark);
        else
            json.WriteNull("mark");
        json.WriteNumber("commits", counts.Commits);
        json.WriteNumber("misses", counts.Misses);
        json.WriteNumber("invalidations", counts.Invalidations);
        json.WriteNumber("touched", counts.Touched);
        json.WriteEach("ranges", counts.Ranges, static (json, range) =>
        {
            json.WriteNumber("unit", range.Unit);
            json.WriteNumber("first", range.First);
            json.WriteNumber("last", range.Last);
            json.WriteNumber("count", range.Count);
            json.WriteNumber("touched", range.Touched);
        });
        json.WriteEach("faults", counts.Faults, static (json, fault) =>
        {
            json.WriteNumber("unit", fault.Unit);
            json.WriteString("of", Origin.Device(fault.Requester).ToString());
            json.WriteNumber("reason", fault.Reason);
            json.WriteNumber("entry", fault.Entry);
            json.WriteBoolean("recorded", fault.Recorded);
            json.WriteNumber("count", fault.Count);
        });
        json.WriteEach("lines", counts.Lines, static (json, line) =>
        {
            json.WriteString("of", line.Source);
            json.WriteNumber("gsi", line.Gsi);
            json.WriteNumber("count", line.Count);
        });
        json.WriteEach("messages", counts.Messages, static (json, message) =>
        {
            json.WriteString("of", Origin.Device(message.Requester).ToString());
            json.WriteNumber("vector", message.Vector);
            json.WriteNumber("count", message.Count);
        });
    }
}
