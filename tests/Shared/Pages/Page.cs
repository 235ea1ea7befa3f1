using System.Text.RegularExpressions;

namespace Wirq.Tests.Shared.Pages;

/// <summary>A block of a page between fences.</summary>
/// <param name="Page">The page, from the root of the checkout.</param>
/// <param name="Line">The line of its first fence, from 1.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Lines">What it holds.</param>
internal sealed record Block(string Page, int Line, string Language, IReadOnlyList<string> Lines)
{
    public override string ToString() => $"{Page}:{Line}";
}

/// <summary>The pages of the repository, taken apart.</summary>
internal static partial class Page
{
    private static readonly string[] Folders = [".", "docs", "docs/start", "examples", ".github/ISSUE_TEMPLATE", "tests/reports", "src/Wirq.Cli"];

    /// <summary>Every page that a reader may come upon.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Folders.Select(Repository.PathOf).Where(Directory.Exists)
        .SelectMany(folder => Directory.EnumerateFiles(folder, "*.md"))
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    public static string TextOf(string page) => File.ReadAllText(Repository.PathOf(page)).ReplaceLineEndings("\n");

    /// <summary>The blocks of a page between fences.</summary>
    public static IReadOnlyList<Block> Blocks(string page)
    {
        var blocks = new List<Block>();
        string[] lines = TextOf(page).Split('\n');
        for (int at = 0; at < lines.Length; at++)
        {
            if (!lines[at].StartsWith("```", StringComparison.Ordinal))
                continue;
            int end = Array.IndexOf(lines, "```", at + 1);
            Assert.True(end > at, $"{page}:{at + 1}: a block without an end");
            blocks.Add(new Block(page, at + 1, lines[at][3..], lines[(at + 1)..end]));
            at = end;
        }
        return blocks;
    }

    /// <summary>What stands outside of blocks.</summary>
    public static string Prose(string page) => Fenced().Replace(TextOf(page), "");

    /// <summary>The targets of a page's links.</summary>
    public static IEnumerable<string> Links(string page) =>
        Link().Matches(Prose(page)).Select(match => match.Groups["target"].Value);

    /// <summary>What its code spans hold.</summary>
    public static IEnumerable<string> Spans(string page) => Span().Matches(Prose(page)).Select(match => match.Groups["code"].Value.ReplaceLineEndings(" "));

    /// <summary>The anchors that its headings make, as GitHub makes them.</summary>
    public static HashSet<string> Anchors(string page)
    {
        var anchors = new HashSet<string>(StringComparer.Ordinal);
        foreach (string heading in Heading().Matches(Prose(page)).Select(match => match.Groups["text"].Value))
        {
            string anchor = NotOfAnchor().Replace(heading.Trim().ToLowerInvariant(), "").Replace(' ', '-');
            string one = anchor;
            for (int i = 1; !anchors.Add(one); i++)
                one = $"{anchor}-{i}";
        }
        return anchors;
    }

    [GeneratedRegex("^```.*?^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced();

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`(?<code>[^`]+)`")]
    private static partial Regex Span();

    [GeneratedRegex(@"^#{1,6} (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N} _-]")]
    private static partial Regex NotOfAnchor();
}
