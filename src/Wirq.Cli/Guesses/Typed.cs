namespace Wirq.Cli.Guesses;

/// <summary>Command lines as one types them.</summary>
internal static class Typed
{
    /// <summary>How QEMU records what <c>wirq why</c> reads.</summary>
    internal const string Record = "qemu-system-x86_64 … -machine kernel-irqchip=off -trace 'ioapic_*' -trace 'apic_*' -trace 'pic_*' "
        + "-msg timestamp=on -D guest.log";

    /// <summary>The same, and the command that reads the log.</summary>
    internal const string RecordAndAsk = $"record QEMU's events. Type: {Record} ; then type: wirq why guest.log";

    private const int MostShown = 200;

    /// <summary>A command line of <c>wirq</c>.</summary>
    internal static string Line(params IEnumerable<string> words) => string.Join(' ', ["wirq", .. words.Select(Word)]);

    /// <summary>A word, in quotes if a shell would split or change it.</summary>
    internal static string Word(string word)
    {
        string shown = Shown(word);
        return shown.Length > 0 && shown.All(letter => char.IsAsciiLetterOrDigit(letter) || "_-./:@,=+%…".Contains(letter, StringComparison.Ordinal))
            ? shown : $"'{shown.Replace("'", @"'\''", StringComparison.Ordinal)}'";
    }

    /// <summary>A word of the user without control characters, cut to <see cref="MostShown"/> characters.</summary>
    internal static string Shown(string word)
    {
        string cut = word.Length > MostShown ? string.Concat(word.AsSpan(0, MostShown), "…") : word;
        return string.Concat(cut.Select(letter => char.IsControl(letter) ? '?' : letter));
    }
}
