using System.Text;
using System.Text.Json;

namespace Wirq;

/// <summary>What a chip or a machine is at one moment. A value first; text and JSON are two renderings of it.</summary>
/// <remarks>Taking one changes nothing, and needs no observer. It allocates: it is not for hot paths.</remarks>
public abstract record Description
{
    /// <summary>Columns of <see cref="ToString"/>.</summary>
    public const int Columns = 80;
    /// <summary>The fewest columns that a text fits.</summary>
    public const int MinColumns = 60;

    /// <summary>As text of at most <see cref="Columns"/> columns.</summary>
    public sealed override string ToString() => ToText(Columns);

    /// <summary>As text. Every line ends with a line feed.</summary>
    /// <param name="columns">The longest line, <see cref="MinColumns"/> or more.</param>
    public string ToText(int columns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, MinColumns);
        var text = new DescriptionText(columns);
        WriteTo(text);
        return text.ToString();
    }

    /// <summary>As one JSON object, indented.</summary>
    public string ToJson()
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
            WriteTo(json);
        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }

    /// <summary>Writes one JSON object. Words of registers are strings in hexadecimal; what is not known is null.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        ArgumentNullException.ThrowIfNull(json);
        json.WriteStartObject();
        WriteProperties(json);
        json.WriteEndObject();
    }

    private protected abstract void WriteProperties(Utf8JsonWriter json);

    private protected abstract void WriteTo(DescriptionText text);

    internal void Append(DescriptionText text) => WriteTo(text);
}
