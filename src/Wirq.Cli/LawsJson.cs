using System.Text.Json;

namespace Wirq.Cli;

/// <summary>Writes the verdicts of the laws, in the same form in every answer.</summary>
internal static class LawsJson
{
    internal static void Write(Utf8JsonWriter json, IEnumerable<(string Name, bool Held, string Detail)> laws)
    {
        json.WriteStartArray("laws");
        foreach ((string name, bool held, string detail) in laws)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteBoolean("held", held);
            json.WriteString("detail", detail);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
