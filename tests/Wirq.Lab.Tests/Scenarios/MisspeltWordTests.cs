using System.Globalization;
using System.Text.RegularExpressions;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Scenarios.Reading;
using Wirq.Tests.Shared;

namespace Wirq.Lab.Tests.Scenarios;

/// <summary>Each word of each shipped scenario is misspelt once: the message names it, its place, and what may stand there.
/// By default some of them are drawn; <c>WIRQ_LONG=1</c> takes all, <c>WIRQ_SEED</c> draws others.</summary>
public sealed partial class MisspeltWordTests(ITestOutputHelper output)
{
    private const int Usual = 700;

    private static readonly int s_seed = Environment.GetEnvironmentVariable("WIRQ_SEED") is { } seed ? int.Parse(seed, CultureInfo.InvariantCulture) : 20_261_129;
    // Text and names are the author's: whatever stands there is right.
    private static readonly HashSet<string> s_free = ["name", "about", "covers"];

    [Fact]
    public void A_word_that_is_misspelt_is_named_with_its_place_and_what_was_expected()
    {
        var random = new Random(s_seed);
        bool all = Environment.GetEnvironmentVariable("WIRQ_LONG") == "1";
        List<(string File, string Text, YamlScalar Word)> words = [.. Words()];
        (string File, string Text, YamlScalar Word)[] drawn = [.. words.OrderBy(_ => random.Next()).Take(all ? words.Count : Usual)];
        int refused = 0;
        var wrong = new List<string>();
        foreach ((string file, string text, YamlScalar word) in drawn)
        {
            string misspelt = Misspell(word.Text, random);
            string changed = Replace(text, word, misspelt);
            try
            {
                ScenarioReader.Read(file, changed, Designs.Names);
            }
            catch (ScenarioException error)
            {
                refused++;
                if (WhatIsWrong(error, word, misspelt, changed) is { } what)
                    wrong.Add($"{what}: {word.Text} -> {misspelt} at {word.At.Line}:{word.At.Column}: {error.Message}");
            }
        }
        output.WriteLine($"seed {s_seed}: {drawn.Length} of {words.Count} words misspelt, {refused} refused; WIRQ_LONG=1 misspells all");
        Assert.True(wrong.Count == 0, $"{wrong.Count} messages:\n{string.Join('\n', wrong.Take(40))}");
        // The others are names that the author may choose, of what nothing refers to, or numbers of another kind.
        Assert.InRange(refused, drawn.Length * 9 / 10, drawn.Length);
    }

    private static string? WhatIsWrong(ScenarioException error, YamlScalar word, string misspelt, string changed)
    {
        if (CSharp().IsMatch(error.Found) || error.Message.Contains("''", StringComparison.Ordinal) || error.Message.Contains("\"\"", StringComparison.Ordinal)
            || Hump().Matches(error.Message[error.At.ToString().Length..]).Any(name => !ScenarioWords.Laws.Contains(name.Value) && !changed.Contains(name.Value, StringComparison.Ordinal)))
        {
            return "a name of the program";
        }
        if (error.Expected.Trim().Length == 0 || error.Expected.EndsWith(' ') || error.Expected is "one of " || error.Expected.Contains("one of  ", StringComparison.Ordinal))
            return "nothing expected";
        // A name that is misspelt where it is given is missing where it is used.
        bool atUse = error.At != word.At;
        string named = atUse ? word.Text : misspelt;
        // Of a register of a CPU, and of a port's word, the part that is wrong is named.
        if (!Tails(named).Any(tail => error.Found.Contains($"\"{(tail.Length > 60 ? tail[..60] : tail)}", StringComparison.Ordinal)) && !error.Found.Contains($" {named}", StringComparison.Ordinal) && !error.Found.Contains($".{named}\"", StringComparison.Ordinal))
            return atUse ? "not at the word" : "the word is not named";
        string meant = atUse ? misspelt : word.Text;
        return error.Expected.Contains("(perhaps ", StringComparison.Ordinal) || Tails(meant).Any(tail => error.Expected.Contains(tail, StringComparison.Ordinal)) || Forms().IsMatch(error.Expected) || char.IsAsciiDigit(meant[0]) ? null : "no help";
    }

    private static IEnumerable<string> Tails(string word) => [word, .. word.Index().Where(letter => letter.Item == '.').Select(letter => word[(letter.Index + 1)..])];

    /// <summary>Each word of each file once, at its first place.</summary>
    private static IEnumerable<(string File, string Text, YamlScalar Word)> Words()
    {
        foreach (string path in Directory.GetFiles(Repository.PathOf("scenarios"), "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string text = File.ReadAllText(path), file = Path.GetFileName(path);
            foreach (YamlScalar word in Scalars(YamlTree.Parse(file, text)).Where(word => Letters().IsMatch(word.Text)).DistinctBy(word => word.Text))
            {
                if (Replace(text, word, word.Text) == text)
                    yield return (file, text, word);
            }
        }
    }

    private static IEnumerable<YamlScalar> Scalars(YamlNode node) => node switch
    {
        YamlScalar scalar => [scalar],
        YamlSequence list => list.Items.SelectMany(Scalars),
        YamlMapping map => map.Entries.SelectMany(entry => s_free.Contains(entry.Key.Text) ? [entry.Key] : Scalars(entry.Key).Concat(Scalars(entry.Value))),
        _ => [],
    };

    /// <summary>One letter of a word, or of the longest part of a word with dots, is another, is missing, comes twice, or changes places.</summary>
    private static string Misspell(string word, Random random)
    {
        Match part = Letters().Matches(word).MaxBy(match => match.Length)!;
        int at = part.Index + random.Next(part.Length);
        string changed = random.Next(4) switch
        {
            0 => word[..at] + (word[at] == 'q' ? 'k' : 'q') + word[(at + 1)..],
            1 when part.Length > 2 => word.Remove(at, 1),
            2 when at + 1 < part.Index + part.Length && word[at] != word[at + 1] => $"{word[..at]}{word[at + 1]}{word[at]}{word[(at + 2)..]}",
            _ => word.Insert(at, word[at].ToString()),
        };
        return changed;
    }

    private static string Replace(string text, YamlScalar word, string by)
    {
        int at = 0;
        for (int line = 1; line < word.At.Line; line++)
            at = text.IndexOf('\n', at) + 1;
        at += word.At.Column - 1;
        // A word in quotes stays as it is.
        return at + word.Text.Length <= text.Length && text.AsSpan(at, word.Text.Length).SequenceEqual(word.Text) ? string.Concat(text.AsSpan(0, at), by, text.AsSpan(at + word.Text.Length)) : "";
    }

    [GeneratedRegex("[A-Za-z]{2,}")]
    private static partial Regex Letters();

    /// <summary>A name of a property before what it has, as <c>Lines[0].Chip: </c>.</summary>
    [GeneratedRegex(@"^[A-Z]\w*(\[[0-9]*\])?(\.\w+)*:")]
    private static partial Regex CSharp();

    [GeneratedRegex(@"\b[A-Z][a-z0-9]+([A-Z][a-z0-9]+)+\b")]
    private static partial Regex Hump();

    /// <summary>What is expected where no word is.</summary>
    [GeneratedRegex(@"^(a|an|each|whole|at most|exactly) (?!.*:)")]
    private static partial Regex Forms();
}
