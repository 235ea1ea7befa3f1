using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Wirq.Traces.Recordings;

/// <summary>Reads the header of a recording. The file is not trusted.</summary>
/// <param name="file">Name of the file, for messages.</param>
/// <param name="start">The byte at which the header begins.</param>
/// <param name="json">The header.</param>
internal sealed partial class HeaderReader(string file, long start, byte[] json)
{
    private const string Whole = "the machine in JSON";
    private const int LongestFound = 200;

    /// <summary>Reads it. The machine in it can be built.</summary>
    /// <exception cref="RecordingException">It is not a valid header.</exception>
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
        if (header.Remappers is { } remappers)
            header = header with { Machine = header.Machine with { Remappers = remappers } };
        Check("machine", header.Machine.Validate);
        if (header.Log is not null)
            Check("log", header.Log.Validate);
        return header;
    }

    private void Check(string part, Action validate)
    {
        try
        {
            validate();
        }
        catch (OptionException bad)
        {
            string field = $"{part}.{CamelCase(bad.Field)}";
            throw Bad(Find(field), $"{field} is {bad.Found}", bad.Expected);
        }
    }

    private RecordingException Explain(JsonException bad)
    {
        // The end of the message repeats path and position.
        string what = bad.Message.Split(" Path: ")[0].TrimEnd('.');
        string field = bad.Path is { Length: > 2 } path ? path[2..] : "the header";
        long at = Offset(bad);
        if (Lacking().Match(what) is { Success: true } lacking)
            return Bad(at, $"{field} lacks {lacking.Groups["names"].Value.Replace("'", "", StringComparison.Ordinal)}", "every field of the machine");
        if (Unmapped().IsMatch(what))
            return Bad(at, $"{field} is no field of the machine", "the fields that this version knows");
        if (Duplicate().IsMatch(what))
            return Bad(at, $"{field} again", "each field once");
        if (Null().IsMatch(what))
            return Bad(at, $"{field} is null", InWords(TypeOf(field)));
        if (Converted().IsMatch(what))
            return Bad(at, $"{field} cannot be read", InWords(TypeOf(field)));
        return Bad(at, $"{field} is wrong ({what})", Whole);
    }

    /// <summary>The type of which a field is a member; null if there is none.</summary>
    private static Type? TypeOf(string field)
    {
        Type? type = typeof(RecordingHeader);
        foreach (string step in field.Replace("[", ".[", StringComparison.Ordinal).Split('.'))
        {
            type = type is null ? null : type.IsGenericType ? type.GetGenericArguments()[^1]
                : StrictHeader.Type.Options.GetTypeInfo(type).Properties.FirstOrDefault(property => property.Name == step)?.PropertyType;
        }
        return type;
    }

    private static string InWords(Type? type) => type switch
    {
        null => Whole,
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(string) => "text",
        _ when type.IsEnum => $"one of {string.Join(", ", Enum.GetNames(type))}",
        _ when type == typeof(byte) => "a whole number of 8 bits",
        _ when type == typeof(ushort) => "a whole number of 16 bits",
        _ when type == typeof(int) => "a whole number of 32 bits",
        _ when type == typeof(uint) => "a whole number of 32 bits without sign",
        _ when type == typeof(long) => "a whole number of 64 bits",
        _ when type == typeof(ulong) => "a whole number of 64 bits without sign",
        _ when typeof(IEnumerable).IsAssignableFrom(type) && type.GetGenericArguments().Length == 1 => "a list",
        _ => "a map",
    };

    // Lines are counted by line feeds only, as the JSON parser does.
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

    /// <summary>The position of a field, or else of the object that it belongs to.</summary>
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

    private RecordingException Bad(long at, string found, string expected) => new(file, start + at, OneLine(found), expected);

    // Names of fields come from the file, so they may contain anything.
    private static string OneLine(string text) => string.Concat(text.Take(LongestFound)
        .Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)) + (text.Length > LongestFound ? "…" : "");

    [GeneratedRegex("missing required properties including: (?<names>.*)$", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Lacking();

    [GeneratedRegex("could not be mapped to any .NET member")]
    private static partial Regex Unmapped();

    [GeneratedRegex("^Duplicate property")]
    private static partial Regex Duplicate();

    [GeneratedRegex("allow (?:setting )?null values")]
    private static partial Regex Null();

    [GeneratedRegex("could not be converted to ")]
    private static partial Regex Converted();
}
