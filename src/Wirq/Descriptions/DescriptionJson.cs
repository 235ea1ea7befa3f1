using System.Text.Json;

namespace Wirq;

/// <summary>How descriptions write what JSON has no form for.</summary>
internal static class DescriptionJson
{
    /// <summary>A word of a register.</summary>
    internal static void WriteHex(this Utf8JsonWriter json, string name, ulong value) => json.WriteString(name, $"0x{value:x}");

    /// <summary>A name of a constant, its first letter small.</summary>
    internal static void WriteName(this Utf8JsonWriter json, string name, Enum value)
    {
        string constant = value.ToString();
        json.WriteString(name, char.ToLowerInvariant(constant[0]) + constant[1..]);
    }

    /// <summary>The members of a set of bits.</summary>
    internal static void WriteMembers(this Utf8JsonWriter json, string name, uint set)
    {
        json.WriteStartArray(name);
        for (int bit = 0; bit < 32; bit++)
        {
            if ((set >> bit & 1) != 0)
                json.WriteNumberValue(bit);
        }
        json.WriteEndArray();
    }

    internal static void WriteVectors(this Utf8JsonWriter json, string name, IReadOnlyList<byte> vectors)
    {
        json.WriteStartArray(name);
        foreach (byte vector in vectors)
            json.WriteNumberValue(vector);
        json.WriteEndArray();
    }

    /// <summary>A number that may be none: negative is null.</summary>
    internal static void WriteOptional(this Utf8JsonWriter json, string name, long value)
    {
        if (value < 0)
            json.WriteNull(name);
        else
            json.WriteNumber(name, value);
    }

    internal static void WriteEach<T>(this Utf8JsonWriter json, string name, IReadOnlyList<T> all, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (T one in all)
        {
            json.WriteStartObject();
            write(json, one);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
