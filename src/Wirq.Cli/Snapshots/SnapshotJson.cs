using System.Text.Json;
using Wirq.Snapshots;

namespace Wirq.Cli.Snapshots;

/// <summary>Writes snapshots as JSON.</summary>
internal static class SnapshotJson
{
    private static readonly JsonWriterOptions s_indented = new() { Indented = true };

    internal static void Write(MachineSnapshot snapshot, Stream to)
    {
        using (var json = new Utf8JsonWriter(to, s_indented))
            snapshot.WriteJson(json);
        to.WriteByte((byte)'\n');
    }

    internal static void Write(IReadOnlyList<SnapshotDifference> differences, Stream to)
    {
        using (var json = new Utf8JsonWriter(to, s_indented))
        {
            json.WriteStartObject();
            json.WriteStartArray("differences");
            foreach (SnapshotDifference one in differences)
            {
                json.WriteStartObject();
                json.WriteString("field", one.Field);
                json.WriteString("first", one.First);
                json.WriteString("second", one.Second);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        to.WriteByte((byte)'\n');
    }
}
