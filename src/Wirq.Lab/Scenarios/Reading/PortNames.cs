namespace Wirq.Lab.Scenarios.Reading;

/// <summary>The names of ports in a scenario. A name may be used before the step that gives it, as in a handler.</summary>
internal sealed class PortNames
{
    private const int MostNames = 64, LongestName = 40;
    private readonly List<(string Name, FilePosition At, bool IsGiven)> _names = [];

    /// <summary>All names.</summary>
    internal IReadOnlyList<string> Names => [.. _names.Select(entry => entry.Name)];

    /// <summary>A step gives a port a name.</summary>
    internal int Give(YamlNode node)
    {
        YamlScalar scalar = node.AsScalar("a name for the port");
        if (!IsName(scalar.Text))
            throw scalar.Expected($"a name for the port: a lower-case letter, then letters, digits and -, at most {LongestName}");
        int number = Find(scalar);
        _names[number] = _names[number] with { IsGiven = true };
        return number;
    }

    /// <summary>Reads a port: a name or a number.</summary>
    internal PortRef Read(YamlNode node)
    {
        const string expected = "a port: the name that a step gave it, or a number";
        return Read(node.AsScalar(expected), node.AsScalar(expected).Text) ?? throw node.Expected(expected);
    }

    /// <summary>Reads a port.</summary>
    /// <returns>Null if it is none.</returns>
    internal PortRef? Read(YamlScalar at, string text)
    {
        if (Numbers.TryParse(text, out ulong number))
            return number <= uint.MaxValue ? new PortRef(-1, (uint)number) : null;
        return IsName(text) ? new PortRef(Find(at, text), 0) : null;
    }

    /// <summary>Every name that was used was given.</summary>
    internal void Check()
    {
        int missing = _names.FindIndex(entry => !entry.IsGiven);
        if (missing >= 0)
        {
            string[] given = [.. _names.Where(entry => entry.IsGiven).Select(entry => entry.Name)];
            throw new ScenarioException(_names[missing].At, $"no port {YamlScalar.Quote(_names[missing].Name)}",
                $"the name that a step gives a port{(given.Length == 0 ? "" : $": {Words.Join(given)}")}{Words.Perhaps(Words.Nearest(_names[missing].Name, given))}");
        }
    }

    private int Find(YamlScalar scalar) => Find(scalar, scalar.Text);

    private int Find(YamlScalar at, string name)
    {
        int number = _names.FindIndex(entry => entry.Name == name);
        if (number >= 0)
            return number;
        if (_names.Count == MostNames)
            throw new ScenarioException(at.At, $"port {YamlScalar.Quote(name)}", $"at most {MostNames} names of ports");
        _names.Add((name, at.At, false));
        return _names.Count - 1;
    }

    private static bool IsName(string text) => text.Length is > 0 and <= LongestName && char.IsAsciiLetterLower(text[0])
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
}
