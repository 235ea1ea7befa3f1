using System.Text;

namespace Wirq.Tests.Shared.Substitution;

/// <summary>Substitutes values and structure in a text that consists of fields: JSON, YAML, or the lines of a log. The
/// result may be anything, but is mostly well-formed, so that it passes the parser and tests the code after
/// it.</summary>
/// <param name="random">Makes the choices.</param>
/// <param name="maxLength">The highest number of characters of a text.</param>
internal sealed class Substitutor(Random random, int maxLength = 1 << 20)
{
    private static readonly string[] s_values =
    [
        "null", "~", "true", "false", "-1", "0", "1", "2", "15", "16", "24", "255", "256", "4095", "4096", "65535", "65536", "200000000", "2e8",
        "2147483647", "2147483648", "-2147483648", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "18446744073709551615", "18446744073709551616", "99999999999999999999999999999", "1e400", "0.5",
        "-0", "0x0", "0xff", "0xfee00000", "0xffffffff", "0xffffffffffffffff", "0b1", "1000s", "1ns", "\"\"", "\"x\"", "\"2147483648\"", "\"\\ud800\"",
        "\"\\u0000\\n\"", "[]", "{}", "[null]", "[[]]", "{\"\":0}", "{\"a\":null}", "Kvm", "kvm", "cpu0", "all", "any", "none", "NaN", "-", "",
    ];
    private static readonly int[] s_lengths = [1, 70, 2000, 100_000], s_times = [1, 2, 20, 300, 5000];

    /// <summary>Makes one to three substitutions.</summary>
    internal string Apply(string text)
    {
        for (int left = random.Next(1, 4); left > 0; left--)
        {
            string next = Once(text);
            text = next.Length <= maxLength ? next : text;
        }
        return text;
    }

    private string Once(string text)
    {
        List<Piece> pieces = Piece.Of(text);
        if (pieces.Count == 0)
            return Pick(s_values);
        Piece piece = Pick(pieces);
        switch (random.Next(14))
        {
            case 0:
                return Replace(text, piece, new string(Pick("[{x\"9 ,\u00e9\n".ToCharArray()), Pick(s_lengths)));
            case 1:
                return Replace(text, piece, $"\"{new string('x', Pick(s_lengths))}\"");
            case 2:
                return Replace(text, piece, Nested(piece.In(text)));
            case 3:
                return Replace(text, PairOf(pieces, piece).WithComma(text), "");
            case 4:
                Piece pair = PairOf(pieces, piece);
                return text.Insert(pair.End, ", " + pair.In(text));
            case 5:
                return Repeat(text, piece, ", ");
            case 6:
                return Repeat(text, PairOf(pieces, piece), ", ");
            case 7:
                return Repeat(text, Piece.LineAt(text, piece.Start), "");
            case 8:
                return Replace(text, Piece.LineAt(text, piece.Start), "");
            case 9:
                return Replace(text, piece, Pick(pieces).In(text));
            default:
                return Replace(text, piece, Pick(s_values));
        }
    }

    private string Repeat(string text, Piece piece, string between)
    {
        string one = between + piece.In(text);
        int times = Math.Min(Pick(s_times), (maxLength - text.Length) / Math.Max(1, one.Length));
        return text.Insert(piece.End, new StringBuilder().Insert(0, one, Math.Max(0, times)).ToString());
    }

    private string Nested(string inner)
    {
        int depth = Pick(s_lengths);
        return random.Next(2) == 0 ? new string('[', depth) + inner + new string(']', depth)
            : new StringBuilder().Insert(0, "{\"a\":", depth) + inner + new string('}', depth);
    }

    private static Piece PairOf(List<Piece> pieces, Piece value) =>
        pieces.Find(piece => piece.IsPair && piece.End == value.End) is { IsPair: true } pair ? pair : value;

    private static string Replace(string text, Piece piece, string with) =>
        string.Concat(text.AsSpan(0, piece.Start), with, text.AsSpan(piece.End));

    private T Pick<T>(IReadOnlyList<T> list) => list[random.Next(list.Count)];
}

/// <summary>A run of a text: a word or number, what stands in brackets, or a pair of a key and its value.</summary>
internal readonly record struct Piece(int Start, int End, bool IsPair)
{
    internal string In(string text) => text[Start..End];

    /// <summary>A part of a text: a word or number, the contents of brackets, or a pair of a key and its
    /// value.</summary>
    internal static List<Piece> Of(string text)
    {
        var pieces = new List<Piece>();
        var open = new Stack<int>();
        int key = -1;
        for (int i = 0; i < text.Length;)
        {
            char c = text[i];
            if (c is '[' or '{')
            {
                open.Push(i++);
                continue;
            }
            int end = c is ']' or '}' ? i + 1 : c == '"' ? Quoted(text, i) : Word(text, i);
            if (end == i)
            {
                i++;
                continue;
            }
            int start = c is not (']' or '}') ? i : open.TryPop(out int bracket) ? bracket : i;
            pieces.Add(new(start, end, false));
            int before = start - 1;
            while (before >= 0 && text[before] == ' ')
                before--;
            if (before > 0 && text[before] == ':')
            {
                key = before;
                while (key > 0 && (IsOfWord(text[key - 1]) || text[key - 1] == '"'))
                    key--;
                pieces.Add(new(key, end, true));
            }
            i = end;
        }
        return pieces;
    }

    /// <summary>The line that a place is in, with its end.</summary>
    internal static Piece LineAt(string text, int at)
    {
        int end = text.IndexOf('\n', at);
        return new(at == 0 ? 0 : text.LastIndexOf('\n', at - 1) + 1, end < 0 ? text.Length : end + 1, false);
    }

    /// <summary>This piece with an adjacent comma.</summary>
    internal Piece WithComma(string text) => End < text.Length && text[End] == ',' ? this with { End = End + 1 }
        : Start > 0 && text[Start - 1] == ',' ? this with { Start = Start - 1 } : this;

    private static int Quoted(string text, int at)
    {
        int end = text.IndexOf('"', at + 1);
        return end < 0 ? text.Length : end + 1;
    }

    private static int Word(string text, int at)
    {
        while (at < text.Length && IsOfWord(text[at]))
            at++;
        return at;
    }

    private static bool IsOfWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-' or '+';
}
