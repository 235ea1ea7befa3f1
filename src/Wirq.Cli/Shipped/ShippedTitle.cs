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

    /// <summary>A log has no title of its own; the folder's page has an item for it: <c>* `NAME`: what it shows</c>.</summary>
    private static string OfPage(string folder, string name)
    {
        string page = $"{folder}/{Page}";
        return ShippedFiles.Has(page) ? ItemOf(ShippedFiles.Read(page), name) : "";
    }

    internal static string ItemOf(string page, string name)
    {
        string begin = $"* `{name}`: ";
        string[] lines = [.. page.Split('\n').SkipWhile(line => !line.StartsWith(begin, StringComparison.Ordinal))];
        return lines.Length == 0 ? "" : string.Join(' ', lines.Skip(1).TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal))
            .Prepend(lines[0][begin.Length..]).Select(line => line.Trim()));
    }
}
