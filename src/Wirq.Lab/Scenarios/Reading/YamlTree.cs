using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Builds nodes from the events of the YAML parser. A file is not trusted: its length and depth are bounded.
/// Aliases and merge keys, which could multiply it, and tags, which could name types, are not supported.</summary>
internal sealed class YamlTree
{
    internal const int MaxLength = 1 << 20, MaxDepth = 64;

    private readonly string _file, _text;
    private readonly FilePosition _end;
    private readonly Parser _parser;
    private readonly Stack<FilePosition> _braces = [];
    private YamlDotNet.Core.Mark _reached = YamlDotNet.Core.Mark.Empty;
    private int _depth;

    private YamlTree(string file, string text)
    {
        (_file, _text) = (file, text);
        _end = FindEnd(file, text);
        _parser = new Parser(new StringReader(text));
    }

    internal static YamlNode Parse(string file, string text) => text.Length <= MaxLength
        ? new YamlTree(file, text).Document()
        : throw new ScenarioException(new FilePosition(file, 1, 1), $"a file of {text.Length} characters", $"at most {MaxLength}");

    // The parser treats U+0000 as the end of the file, so it would silently drop the rest. It also counts lines at
    // separators that YAML 1.2 and editors do not treat as line ends.
    private static FilePosition FindEnd(string file, string text)
    {
        const char lineSeparator = '\u2028', paragraphSeparator = '\u2029';
        int line = 1, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\n' || (c == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
                (line, start) = (line + 1, i + 1);
            else if ((char.IsControl(c) && c is not ('\t' or '\r')) || c is lineSeparator or paragraphSeparator)
                throw new ScenarioException(new FilePosition(file, line, i - start + 1), $"the character U+{(int)c:X4}", "text");
        }
        return new FilePosition(file, line, text.Length - start + 1);
    }

    private YamlNode Document()
    {
        Next();
        if (Next() is not DocumentStart)
            throw new ScenarioException(new FilePosition(_file, 1, 1), "an empty file", "a scenario, which begins with a name");
        YamlNode root = Node(Next());
        Next();
        if (Next() is DocumentStart second)
            throw new ScenarioException(At(second.Start), "a second document", "one scenario in a file");
        return root;
    }

    private ParsingEvent Next()
    {
        try
        {
            if (_parser.MoveNext() && _parser.Current is { } current)
            {
                _reached = current.End;
                return current;
            }
        }
        catch (YamlException e)
        {
            // For a tab the parser reports the position of the plain scalar before it.
            YamlDotNet.Core.Mark place = e.Message.Contains("tab character", StringComparison.Ordinal) ? e.End : e.Start;
            string why = e.Message.Replace("  ", " ", StringComparison.Ordinal).TrimEnd('.');
            bool tab = why.Contains(" tab ", StringComparison.Ordinal);
            FilePosition at = tab && place.Line == 1 && place.Column <= 1 ? FindTab() : At(place);
            throw NotYaml(at, char.ToLowerInvariant(why[0]) + why[1..], tab ? ", which indents by spaces" : "");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // Some malformed text (an open brace is enough) breaks the scanner's own invariants. Only the position that
            // it reached is known then.
            throw NotYaml(At(_reached), "what follows cannot be scanned");
        }
        throw NotYaml(At(_reached), "the file ends here");
    }

    // For a tab behind a whole mapping the parser reports no position: it is the first tab that indents a line from there on.
    private FilePosition FindTab()
    {
        int line = Math.Max(1, (int)_reached.Line);
        foreach (string text in _text.Split('\n').Skip(line - 1))
        {
            int column = text.Length - text.TrimStart(' ').Length;
            if (column < text.Length && text[column] == '\t')
                return new(_file, line, column + 1);
            line++;
        }
        return At(_reached);
    }

    // An open brace is only detected where the text after it does not fit, perhaps many lines later.
    private ScenarioException NotYaml(FilePosition at, string why, string demand = "") => new(at, $"not YAML ({why})", "YAML 1.2" + demand
        + (_braces.TryPeek(out FilePosition brace) ? $"; the bracket of line {brace.Line}, column {brace.Column} is still open here" : ""));

    private YamlNode Node(ParsingEvent first)
    {
        FilePosition at = At(first.Start);
        const string expected = "the text itself; scenarios have no anchors and aliases";
        if (first is AnchorAlias alias)
            throw new ScenarioException(at, $"the alias {YamlScalar.Quote(alias.Value.Value)}", expected);
        if (first is NodeEvent { Anchor.IsEmpty: false } anchored)
            throw new ScenarioException(at, $"the anchor {YamlScalar.Quote(anchored.Anchor.Value)}", expected);
        if (first is NodeEvent { Tag.IsEmpty: false })
            throw new ScenarioException(at, "a tag", "no tag; the place says what a value is");
        if (first is Scalar scalar)
            return new YamlScalar(at, scalar.Value, scalar.Style == ScalarStyle.Plain);
        if (++_depth > MaxDepth)
            throw new ScenarioException(at, $"more than {MaxDepth} levels", "less depth");
        bool braces = first is SequenceStart { Style: SequenceStyle.Flow } or MappingStart { Style: MappingStyle.Flow };
        if (braces)
            _braces.Push(at);
        YamlNode node = first is SequenceStart ? Sequence(at) : Mapping(at);
        if (braces)
            _braces.Pop();
        _depth--;
        return node;
    }

    private YamlSequence Sequence(FilePosition at)
    {
        var items = new List<YamlNode>();
        for (ParsingEvent next = Next(); next is not SequenceEnd; next = Next())
            items.Add(Node(next));
        return new YamlSequence(at, items);
    }

    private YamlMapping Mapping(FilePosition at)
    {
        var entries = new List<YamlEntry>();
        var lines = new Dictionary<string, int>();
        for (ParsingEvent next = Next(); next is not MappingEnd; next = Next())
        {
            YamlScalar key = Node(next).AsScalar("a word");
            if (!lines.TryAdd(key.Text, key.At.Line))
                throw new ScenarioException(
                    key.At, $"{key.Found} again", $"each word once; it is on line {lines[key.Text]} too");
            entries.Add(new YamlEntry(key, Node(Next())));
        }
        return new YamlMapping(at, entries);
    }

    // If the file does not end in a line feed, the parser reports its end one line too low.
    private FilePosition At(YamlDotNet.Core.Mark mark) =>
        mark.Line > _end.Line ? _end : new(_file, Math.Max(1, (int)mark.Line), Math.Max(1, (int)mark.Column));
}
