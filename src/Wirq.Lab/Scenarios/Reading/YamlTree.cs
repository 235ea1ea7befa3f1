using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Builds nodes from the events of the YAML parser. A file is hostile until it is read: its length and depth are
/// bounded, and what could multiply it (aliases, merge keys) or name types (tags) does not exist here.</summary>
internal sealed class YamlTree
{
    internal const int MaxLength = 1 << 20, MaxDepth = 64;

    private readonly string _file;
    private readonly int _lines;
    private readonly Parser _parser;
    private YamlDotNet.Core.Mark _reached = YamlDotNet.Core.Mark.Empty;
    private int _depth;

    private YamlTree(string file, string text, int lines)
    {
        _file = file;
        _lines = lines;
        _parser = new Parser(new StringReader(text));
    }

    internal static YamlNode Parse(string file, string text)
    {
        if (text.Length > MaxLength)
            throw new ScenarioException(new Mark(file, 1, 1), $"a file of {text.Length} characters", $"at most {MaxLength}");
        return new YamlTree(file, text, CountLines(file, text)).Document();
    }

    // The parser takes U+0000 for the end of the file, so that what follows would be dropped without a word, and counts
    // lines at separators at which YAML 1.2 and editors do not.
    private static int CountLines(string file, string text)
    {
        const char lineSeparator = '\u2028', paragraphSeparator = '\u2029';
        int line = 1, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\n' || (c == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
                (line, start) = (line + 1, i + 1);
            else if ((char.IsControl(c) && c is not ('\t' or '\r')) || c is lineSeparator or paragraphSeparator)
                throw new ScenarioException(new Mark(file, line, i - start + 1), $"the character U+{(int)c:X4}", "text");
        }
        return line;
    }

    private YamlNode Document()
    {
        Next();
        if (Next() is not DocumentStart)
            throw new ScenarioException(new Mark(_file, 1, 1), "an empty file", "a scenario, which begins with a name");
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
            throw new ScenarioException(At(e.Start), $"not YAML ({Tidy(e.Message)})", "YAML 1.2");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // Some malformed text breaks the scanner's own invariants. All it leaves us is how far it came.
            throw new ScenarioException(At(_reached), "not YAML (it cannot be scanned from here on)", "YAML 1.2");
        }
        throw new ScenarioException(At(_reached), "the end of the file", "YAML 1.2");
    }

    private static string Tidy(string message) =>
        char.ToLowerInvariant(message[0]) + message[1..].Replace("  ", " ", StringComparison.Ordinal).TrimEnd('.');

    private YamlNode Node(ParsingEvent first)
    {
        Mark at = At(first.Start);
        if (first is AnchorAlias alias)
            throw new ScenarioException(at, $"the alias *{alias.Value.Value}", "the text itself; scenarios have no anchors and aliases");
        if (first is NodeEvent { Anchor.IsEmpty: false } anchored)
            throw new ScenarioException(at, $"the anchor &{anchored.Anchor.Value}", "no anchor; scenarios have no anchors and aliases");
        if (first is NodeEvent { Tag.IsEmpty: false })
            throw new ScenarioException(at, "a tag", "no tag; the place says what a value is");
        if (first is Scalar scalar)
            return new YamlScalar(at, scalar.Value, scalar.Style == ScalarStyle.Plain);
        if (++_depth > MaxDepth)
            throw new ScenarioException(at, $"more than {MaxDepth} levels", "less depth");
        YamlNode node = first is SequenceStart ? Sequence(at) : Mapping(at);
        _depth--;
        return node;
    }

    private YamlSequence Sequence(Mark at)
    {
        var items = new List<YamlNode>();
        for (ParsingEvent next = Next(); next is not SequenceEnd; next = Next())
            items.Add(Node(next));
        return new YamlSequence(at, items);
    }

    private YamlMapping Mapping(Mark at)
    {
        var entries = new List<YamlEntry>();
        var lines = new Dictionary<string, int>();
        for (ParsingEvent next = Next(); next is not MappingEnd; next = Next())
        {
            YamlScalar key = Node(next).AsScalar("a word");
            if (!lines.TryAdd(key.Text, key.At.Line))
                throw new ScenarioException(key.At, $"{key.Found} again", $"each word once; it stands on line {lines[key.Text]} too");
            entries.Add(new YamlEntry(key, Node(Next())));
        }
        return new YamlMapping(at, entries);
    }

    // The end of a file that ends in a comment stands one line too low with the parser.
    private Mark At(YamlDotNet.Core.Mark mark) =>
        new(_file, Math.Clamp((int)mark.Line, 1, _lines), Math.Max(1, (int)mark.Column));
}
