using Wirq.Lab.Scenarios.Reading;

namespace Wirq.Cli.Shipped;

/// <summary>A shipped file with what it is about.</summary>
/// <param name="Folder">Its folder, such as <c>scenarios/routing</c>.</param>
/// <param name="Name">Its name in the folder.</param>
/// <param name="Title">A line; empty if it has none.</param>
internal sealed record ShippedTitle(string Folder, string Name, string Title)
{
    private const string Scenario = ".yaml", Page = "README.md";
    private static readonly string[] s_titled = [Scenario, ".log", ".gz", ".wirq"];

    internal static IReadOnlyList<ShippedTitle> Under(string folder) => [.. ShippedFiles.Under(folder)
        .Where(file => s_titled.Contains(Path.GetExtension(file)))
        .Select(file => new ShippedTitle(file[..file.LastIndexOf('/')], Path.GetFileName(file),
            file.EndsWith(Scenario, StringComparison.Ordinal) ? OfScenario(file) : OfPage(folder, Path.GetFileName(file))))];

    private static string OfScenario(string file) =>
        YamlTree.Parse(file, ShippedFiles.Read(file)).AsMapping("a scenario")["name"]?.AsScalar("a name").Text.Trim() ?? "";

    /// <summary>A log has no title of its own; the folder's page has a section for it, whose heading ends in
    /// <c>: `NAME`</c>.</summary>
    private static string OfPage(string folder, string name)
    {
        string page = $"{folder}/{Page}";
        return ShippedFiles.Has(page) ? StoryOf(ShippedFiles.Read(page), name) : "";
    }

    /// <summary>The heading of a log's section, and its first paragraph.</summary>
    internal static string StoryOf(string page, string name)
    {
        string end = $": `{name}`";
        string[] lines = [.. page.Split('\n').Select(line => line.TrimEnd())
            .SkipWhile(line => !line.StartsWith('#') || !line.EndsWith(end, StringComparison.Ordinal))];
        if (lines.Length == 0)
            return "";
        IEnumerable<string> told = lines.Skip(1).SkipWhile(line => line.Length == 0)
            .TakeWhile(line => line.Length > 0 && !line.StartsWith('#') && !line.StartsWith("```", StringComparison.Ordinal));
        return string.Join(' ', told.Prepend(lines[0][..^end.Length].TrimStart('#', ' ') + "."))
            .Replace("**", "", StringComparison.Ordinal).Replace("`", "", StringComparison.Ordinal);
    }
}
