namespace Wirq.Lab.Scenarios.Reading;

/// <summary>Words for values, in the order of error messages.</summary>
internal sealed class WordList<T>(params (string Word, T Value)[] entries)
{
    internal IReadOnlyList<string> Words { get; } = [.. entries.Select(entry => entry.Word)];

    internal IReadOnlyList<(string Word, T Value)> Entries => entries;

    internal bool TryFind(string word, out T value)
    {
        int index = Array.FindIndex(entries, entry => entry.Word == word);
        value = index < 0 ? default! : entries[index].Value;
        return index >= 0;
    }

    /// <summary>The word for a value.</summary>
    internal string WordOf(T value) => Array.Find(entries, entry => EqualityComparer<T>.Default.Equals(entry.Value, value)).Word;

    internal T Read(YamlNode node)
    {
        YamlScalar scalar = node.AsScalar(Reading.Words.Join(Words));
        return TryFind(scalar.Text, out T value) ? value : throw Reading.Words.Unknown(scalar, Words);
    }
}

/// <summary>Errors about words.</summary>
internal static class Words
{
    private const int LongestWord = 64;

    private static readonly WordList<bool> Booleans = new(("true", true), ("false", false));

    internal static bool Boolean(YamlNode node) => Booleans.Read(node);

    internal static string Join(IEnumerable<string> words) => string.Join(", ", words);

    /// <summary>The error for a word that is unknown at its place.</summary>
    internal static ScenarioException Unknown(YamlScalar found, IReadOnlyCollection<string> words) =>
        words.Count == 0 ? found.Expected("nothing; there is none here") : Unknown(found, $"one of {Join(words)}", words);

    /// <summary>The error for a value that is one of a few words, or has another form besides.</summary>
    /// <param name="found">The value.</param>
    /// <param name="expected">All that may stand there.</param>
    /// <param name="words">The words among it.</param>
    internal static ScenarioException Unknown(YamlScalar found, string expected, params IEnumerable<string> words) =>
        found.Expected(expected + Perhaps(Nearest(found.Text, words)));

    /// <summary>What an error says behind what is expected, if it can guess what was meant.</summary>
    internal static string Perhaps(string? meant) => meant is null ? "" : $" (perhaps {meant})";

    /// <summary>The error for a second key where one word is alone, or stands beside a few others.</summary>
    internal static ScenarioException Second(YamlScalar found, string what, params string[] beside) =>
        Unknown(found, $"{what}, and beside it {Join(beside)}", beside);

    /// <summary>The nearest word, if one is near enough.</summary>
    internal static string? Nearest(string text, IEnumerable<string> words)
    {
        if (text.Length > LongestWord)
            return null;
        string? nearest = null;
        // A third of the letters may be wrong. In words as short as "eoi" one letter may be wrong.
        int least = Math.Max(1, text.Length / 3) + 1;
        foreach (string word in words)
        {
            int distance = Distance(text.ToLowerInvariant(), word.ToLowerInvariant());
            if (distance < least)
                (nearest, least) = (word, distance);
        }
        return nearest;
    }

    // Edit distance in which a swap of two neighbours counts once.
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
            rows[i, 0] = i;
        for (int j = 0; j <= b.Length; j++)
            rows[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int change = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(change, 1 + Math.Min(rows[i - 1, j], rows[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }
        return rows[a.Length, b.Length];
    }
}
