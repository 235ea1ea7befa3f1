using System.Text;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>A node of a YAML file, with its position.</summary>
internal abstract class YamlNode(FilePosition at)
{
    internal FilePosition At { get; } = at;

    /// <summary>Its description, for an error.</summary>
    internal abstract string Found { get; }

    internal ScenarioException Expected(string expected) => new(At, Found, expected);

    internal YamlMapping AsMapping(string expected) => this as YamlMapping ?? throw Expected(expected);
    internal YamlSequence AsSequence(string expected) => this as YamlSequence ?? throw Expected(expected);
    internal YamlScalar AsScalar(string expected) =>
        this is YamlScalar { IsNull: false } scalar ? scalar : throw Expected(expected);
}

/// <summary>A scalar. The reader determines its type: hexadecimal and binary numbers stay text until then.</summary>
internal sealed class YamlScalar(FilePosition at, string text, bool plain) : YamlNode(at)
{
    private const int Shown = 60;

    internal string Text { get; } = text;
    internal bool IsNull { get; } = plain && text is "" or "~" or "null" or "Null" or "NULL";
    internal override string Found => IsNull ? "nothing" : Quote(Text);

    /// <summary>Text from a file in a form for messages: short, on one line, without control characters.</summary>
    internal static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, Shown)))
            quoted.Append(c == '\n' ? ' ' : char.IsControl(c) || char.IsSurrogate(c) ? '?' : c);
        return quoted.Append(text.Length > Shown ? "…\"" : "\"").ToString();
    }
}

/// <summary>A sequence.</summary>
internal sealed class YamlSequence(FilePosition at, IReadOnlyList<YamlNode> items) : YamlNode(at)
{
    internal IReadOnlyList<YamlNode> Items { get; } = items;
    internal override string Found => Items.Count == 0 ? "an empty list" : "a list";
}

/// <summary>A mapping whose keys are scalars, each once, in the order of the file.</summary>
internal sealed class YamlMapping(FilePosition at, IReadOnlyList<YamlEntry> entries) : YamlNode(at)
{
    internal IReadOnlyList<YamlEntry> Entries { get; } = entries;
    internal override string Found => Entries.Count == 0 ? "an empty map" : "a map";

    /// <summary>The value of a key, or null. Only for maps whose keys were checked, which are small.</summary>
    internal YamlNode? this[string key]
    {
        get
        {
            foreach (YamlEntry entry in Entries)
            {
                if (entry.Key.Text == key)
                    return entry.Value;
            }
            return null;
        }
    }

    internal YamlNode Required(string key, string what) =>
        this[key] ?? throw new ScenarioException(At, $"{what} without {key}", key);

    /// <summary>Returns this map, after a check that all its keys are words of the place.</summary>
    internal YamlMapping Only(IReadOnlyList<string> words)
    {
        foreach (YamlEntry entry in Entries)
        {
            if (!words.Contains(entry.Key.Text))
                throw Words.Unknown(entry.Key, words);
        }
        return this;
    }
}

/// <summary>A key and its value.</summary>
internal readonly record struct YamlEntry(YamlScalar Key, YamlNode Value);
