namespace Wirq.Traces.Why;

/// <summary>Sentences of an answer, on lines that fit a terminal.</summary>
internal static class WrappedText
{
    /// <summary>How many columns a writer has; one that is no <see cref="ColumnWriter"/> does not tell.</summary>
    internal static int WidthOf(TextWriter output) => output is ColumnWriter columns ? columns.Columns : Description.Columns;

    /// <summary>Writes a text, with <paramref name="indent"/> before each line.</summary>
    internal static void Write(TextWriter output, string indent, string text)
    {
        int column = 0, width = WidthOf(output);
        foreach (string word in text.Split(' '))
        {
            if (column > 0 && column + 1 + word.Length > width)
            {
                output.WriteLine();
                column = 0;
            }
            string before = column == 0 ? indent : " ";
            output.Write(before);
            output.Write(word);
            column += before.Length + word.Length;
        }
        output.WriteLine();
    }
}
