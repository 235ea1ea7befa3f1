using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Wirq.Traces.Recordings;

/// <summary>Reads the header of a recording; it may be anything at all.</summary>
/// <param name="file">Name of the file, for messages.</param>
/// <param name="start">The byte at which the header begins.</param>
/// <param name="json">The header.</param>
internal sealed partial class HeaderReader(string file, long start, byte[] json)
{
    private const string Whole = "the machine in JSON";

    /// <summary>Reads it; the machine is one that can be built.</summary>
    /// <exception cref="RecordingException">It is none.</exception>
    internal RecordingHeader Read()
    {
        RecordingHeader header;
        try
        {
            header = JsonSerializer.Deserialize(json, StrictHeader.Type)
                ?? throw Bad(0, "an empty header", Whole);
        }
        catch (JsonException bad)
        {
            throw Explain(bad);
        }
        try
        {
            header.Machine.Validate();
        }
        catch (OptionException bad)
        {
            string field = "machine." + CamelCase(bad.Field);
            throw Bad(Find(field), $"{field} is {bad.Found}", bad.Expected);
        }
        return header;
    }

    private RecordingException Explain(JsonException bad)
    {
        // What is appended to the sentence tells path and place once more.
        string what = bad.Message.Split(" Path: ")[0].TrimEnd('.');
        string field = bad.Path is { Length: > 2 } path ? path[2..] : "the header";
        long at = Offset(bad);
        if (Lacking().Match(what) is { Success: true } lacking)
            return Bad(at, $"{field} lacks {lacking.Groups[1].Value.Replace("'", "", StringComparison.Ordinal)}", "every field of the machine");
        if (Unmapped().Match(what) is { Success: true } unmapped)
            return Bad(at, $"{field} is no field of the machine", "the fields that this version knows");
        if (Converted().Match(what) is { Success: true } type)
            return Bad(at, $"{field} cannot be read", InWords(type.Groups[1].Value));
        return Bad(at, $"{field} is wrong ({what})", Whole);
    }

    private static string InWords(string type) => type switch
    {
        "System.Boolean" => "true or false",
        "System.String" => "text",
        "System.Byte" => "a whole number of 8 bits",
        "System.UInt16" => "a whole number of 16 bits",
        "System.Int32" => "a whole number of 32 bits",
        "System.UInt32" => "a whole number of 32 bits without sign",
        "System.Int64" => "a whole number of 64 bits",
        "System.UInt64" => "a whole number of 64 bits without sign",
        _ when Enum(type) is { } words => $"one of {string.Join(", ", words)}",
        _ when type.Contains("Collections", StringComparison.Ordinal) => "a list or map of that field",
        _ => "a map of that field",
    };

    private static string[]? Enum(string type) => type switch
    {
        "Wirq." + nameof(Profile) => System.Enum.GetNames<Profile>(),
        "Wirq." + nameof(AckPolicy) => System.Enum.GetNames<AckPolicy>(),
        "Wirq." + nameof(MsiFormat) => System.Enum.GetNames<MsiFormat>(),
        _ => null,
    };

    // Lines are counted by line feeds alone, as the parser of JSON does.
    private long Offset(JsonException bad)
    {
        int line = 0;
        for (long left = bad.LineNumber ?? 0; left > 0; left--)
        {
            int next = json.AsSpan(line).IndexOf((byte)'\n');
            if (next < 0)
                break;
            line += next + 1;
        }
        return Math.Min(line + (bad.BytePositionInLine ?? 0), json.Length);
    }

    /// <summary>Where a field stands, or else what it belongs to.</summary>
    private long Find(string field)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        long at = reader.TokenStartIndex;
        foreach (string step in field.Replace("[", ".[", StringComparison.Ordinal).Split('.'))
        {
            if (!(step[0] == '[' ? Skip(ref reader, step) : Enter(ref reader, step)))
                break;
            at = reader.TokenStartIndex;
        }
        return at;
    }

    private static bool Enter(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
                return true;
            reader.Skip();
        }
        return false;
    }

    private static bool Skip(ref Utf8JsonReader reader, string index)
    {
        string number = index.Trim('[', ']');
        if (reader.TokenType == JsonTokenType.StartObject)
            return Enter(ref reader, number);
        if (reader.TokenType != JsonTokenType.StartArray)
            return false;
        reader.Read();
        for (int left = int.Parse(number, CultureInfo.InvariantCulture); left > 0; left--)
        {
            reader.Skip();
            reader.Read();
        }
        return true;
    }

    private static string CamelCase(string field)
    {
        var text = new StringBuilder(field);
        for (int i = 0; i < text.Length; i++)
        {
            if (i == 0 || text[i - 1] == '.')
                text[i] = char.ToLowerInvariant(text[i]);
        }
        return text.ToString();
    }

    private RecordingException Bad(long at, string found, string expected) => new(file, start + at, found, expected);

    [GeneratedRegex("missing required properties including: (.*)$", RegexOptions.Singleline)]
    private static partial Regex Lacking();

    [GeneratedRegex("could not be mapped to any .NET member")]
    private static partial Regex Unmapped();

    [GeneratedRegex(@"could not be converted to (\S+)$")]
    private static partial Regex Converted();
}
