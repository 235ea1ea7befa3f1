using System.Globalization;
using System.Text;

namespace Wirq;

/// <summary>Lines of a description, wrapped between words.</summary>
internal sealed class DescriptionText(int columns)
{
    private const int Hang = 4, MostOfLabel = 40;

    private readonly StringBuilder _text = new();

    /// <summary>Adds a line. What does not fit goes on below it, further to the right.</summary>
    internal void Line(int indent, string line)
    {
        int used = indent;
        _text.Append(' ', indent);
        bool first = true;
        foreach (string word in line.Split(' '))
        {
            // Runs of spaces align columns; a word behind one begins with nothing.
            if (!first && used + 1 + word.Length > columns)
            {
                _text.Append('\n').Append(' ', indent + Hang);
                used = indent + Hang;
            }
            else if (!first)
            {
                _text.Append(' ');
                used++;
            }
            _text.Append(word);
            used += word.Length;
            first = false;
        }
        _text.Append('\n');
    }

    /// <summary>Bits of a set as numbers; <c>-</c> for none.</summary>
    internal static string Members(uint set, int first = 0)
    {
        var text = new StringBuilder();
        for (int bit = 0; bit < 32; bit++)
        {
            if ((set >> bit & 1) != 0)
                text.Append(text.Length == 0 ? "" : " ").Append(CultureInfo.InvariantCulture, $"{first + bit}");
        }
        return text.Length == 0 ? "-" : text.ToString();
    }

    /// <summary>Vectors; <c>-</c> for none.</summary>
    internal static string Vectors(IReadOnlyList<byte> vectors) =>
        vectors.Count == 0 ? "-" : string.Join(' ', vectors.Select(vector => $"0x{vector:x2}"));

    /// <summary>A name that an embedder chose, in one line and bounded.</summary>
    internal static string Label(string label)
    {
        string plain = string.Concat(label.Select(one => char.IsControl(one) || char.IsSurrogate(one) ? '?' : one));
        return plain.Length <= MostOfLabel ? plain : plain[..(MostOfLabel - 3)] + "...";
    }

    public override string ToString() => _text.ToString();
}
