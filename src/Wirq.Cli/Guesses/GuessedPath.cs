using Wirq.Cli.Shipped;
using Wirq.Lab.Scenarios.Reading;

namespace Wirq.Cli.Guesses;

/// <summary>A path that does not exist, or a folder in place of a log.</summary>
internal static class GuessedPath
{
    private const int MostEntries = 4096;

    /// <summary>The answer; null if there is nothing to add.</summary>
    internal static string? Answer(string verb, string path)
    {
        if (File.Exists(path) || ShippedFiles.FileOf(path) is not null)
            return null;
        bool reads = verb is "why" or "replay";
        if (Directory.Exists(path))
            return !reads ? null : Inside(path) is { } log ? $"Type: {Typed.Line(verb, log)}" : $"To get a log, {Typed.RecordAndAsk}";
        if (Near(verb, path) is { } near)
            return $"Type: {Typed.Line(verb, near)}";
        if (reads && ShippedFiles.FolderOf(path) == ShippedFiles.Examples)
            return $"Type: {Typed.Line("examples")}";
        if (ShippedFiles.MeantBy(path) is { } ships)
            return $"Type: {Typed.Line(IsLog(ships) ? verb == "replay" ? verb : "why" : "run", ships)}";
        return reads ? $"To get a log, {Typed.RecordAndAsk}" : null;
    }

    private static string? Inside(string folder) => Entries(folder, SearchOption.TopDirectoryOnly)
        .Where(IsLog).Order(StringComparer.Ordinal).FirstOrDefault();

    private static bool IsLog(string file) => file.EndsWith(".log", StringComparison.Ordinal) || file.EndsWith(".log.gz", StringComparison.Ordinal);

    // A file beside it whose name has one more suffix or a different letter; a scenario that is named without its folder.
    private static string? Near(string verb, string path)
    {
        string name = Path.GetFileName(path);
        string folder = Path.GetDirectoryName(path) is { Length: > 0 } some ? some : ".";
        string[] beside = [.. Entries(folder, SearchOption.TopDirectoryOnly)];
        string? found = beside.FirstOrDefault(file => Stem(file) == Stem(name) || Path.GetFileName(file).StartsWith(name + ".", StringComparison.Ordinal));
        if (found is null && verb == "run")
            found = Entries("scenarios", SearchOption.AllDirectories).FirstOrDefault(file => Stem(file) == Stem(name));
        if (found is null && Words.Nearest(name, beside.Select(file => Path.GetFileName(file))) is { } near)
            found = Path.Combine(folder, near);
        return found?.StartsWith("./", StringComparison.Ordinal) == true ? found[2..] : found;
    }

    private static string Stem(string file)
    {
        string name = Path.GetFileName(file);
        return name.IndexOf('.', StringComparison.Ordinal) is > 0 and int dot ? name[..dot] : name;
    }

    private static IEnumerable<string> Entries(string folder, SearchOption depth)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, "*", depth).Take(MostEntries)] : [];
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
