using System.Text;

namespace Wirq.Cli.Tests.Docs;

/// <summary>A line as a shell takes it apart: blanks, both quotes, and nothing else.</summary>
internal static class ShellLine
{
    internal static string[] Words(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        char quote = '\0';
        bool inside = false;
        foreach (char letter in line)
        {
            if (quote != '\0')
            {
                if (letter == quote)
                    quote = '\0';
                else
                    word.Append(letter);
            }
            else if (letter is '\'' or '"')
                (quote, inside) = (letter, true);
            else if (!char.IsWhiteSpace(letter))
            {
                word.Append(letter);
                inside = true;
            }
            else if (inside)
            {
                words.Add(word.ToString());
                word.Clear();
                inside = false;
            }
        }
        Assert.Equal('\0', quote);
        if (inside)
            words.Add(word.ToString());
        return [.. words];
    }
}
