namespace Wirq.Cli.Outputs;

/// <summary>Text for a person, broken between words.</summary>
internal static class Paragraph
{
    /// <summary>Writes text, with as many words on a line as fit in <see cref="Screen.UsualWidth"/> columns.</summary>
    internal static void Write(TextWriter output, string text, int indent)
    {
        string margin = new(' ', indent);
        string line = margin;
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > indent && line.Length + 1 + word.Length > Screen.UsualWidth)
            {
                output.WriteLine(line);
                line = margin;
            }
            line += line.Length == indent ? word : $" {word}";
        }
        output.WriteLine(line);
    }
}
