using System.Text;

namespace Wirq.Traces.Dumps.Text;

/// <summary>What a terminal shows of a line: QEMU's monitor echoes each letter that is typed and draws its line anew, by
/// moves of the cursor (ECMA-48: CSI D goes left, CSI K erases to the end of the line), and a recorded session has them
/// all.</summary>
internal static class TerminalText
{
    private const char Escape = '\x1B', Backspace = '\b';

    internal static string Shown(string line)
    {
        if (!line.AsSpan().ContainsAny(Escape, Backspace, '\r'))
            return line;
        var shown = new StringBuilder(line.Length);
        int cursor = 0;
        for (int at = 0; at < line.Length; at++)
        {
            char letter = line[at];
            if (letter == Backspace)
                cursor = Math.Max(0, cursor - 1);
            else if (letter == '\r')
                cursor = 0;
            else if (letter == Escape)
                Obey(line, ref at, shown, ref cursor);
            else
            {
                if (cursor < shown.Length)
                    shown[cursor] = letter;
                else
                    shown.Append(letter);
                cursor++;
            }
        }
        return shown.ToString();
    }

    private static void Obey(string line, ref int at, StringBuilder shown, ref int cursor)
    {
        if (at + 1 >= line.Length || line[at + 1] != '[')
            return;
        int end = at + 2, count = 0;
        for (; end < line.Length && (char.IsAsciiDigit(line[end]) || line[end] is ';' or '?'); end++)
            count = char.IsAsciiDigit(line[end]) ? Math.Min(count * 10 + line[end] - '0', shown.Length) : 0;
        if (end < line.Length && line[end] == 'D')
            cursor = Math.Max(0, cursor - Math.Max(1, count));
        else if (end < line.Length && line[end] == 'C')
            cursor = Math.Min(shown.Length, cursor + Math.Max(1, count));
        else if (end < line.Length && line[end] == 'K')
            shown.Length = Math.Min(shown.Length, cursor);
        at = end;
    }
}
