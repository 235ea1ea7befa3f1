using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;

namespace Wirq.Cli.Run;

/// <summary>Finds and reads scenario files.</summary>
internal static class ScenarioFiles
{
    /// <summary>The files that paths name, or that lie in the folders that they name.</summary>
    internal static IReadOnlyList<string> Find(IReadOnlyList<string> paths) => [.. paths.SelectMany(Find)];

    /// <summary>Reads files. One that is bad does not keep the others from being read.</summary>
    /// <returns>The scenarios, and what is wrong with the files that could not be read: file, place and what was
    /// expected.</returns>
    internal static (IReadOnlyList<Scenario> Scenarios, IReadOnlyList<UnreadFile> Unread) Read(IReadOnlyList<string> files)
    {
        var scenarios = new List<Scenario>();
        var unread = new List<UnreadFile>();
        foreach (string file in files)
        {
            try
            {
                scenarios.AddRange(ScenarioReader.Read(file, File.ReadAllText(file), Designs.Names));
            }
            catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
            {
                unread.Add(new UnreadFile(file, $"{file}: cannot be read: {bad.Message}"));
            }
            catch (ScenarioException bad)
            {
                unread.Add(new UnreadFile(file, bad.Message));
            }
        }
        return (scenarios, unread);
    }

    private static IEnumerable<string> Find(string path)
    {
        if (File.Exists(path))
            return [path];
        if (!Directory.Exists(path))
        {
            throw new UsageException($"{path}: no such file or folder; expected a scenario (.yaml) or a folder of them"
                + (path.Contains('/', StringComparison.Ordinal) ? "" : $"; to run scenarios by their name: run --filter {path}"));
        }
        string[] found = [.. Directory.EnumerateFiles(path, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        return found.Length > 0 ? found : throw new UsageException($"{path}: holds no scenario; expected files that end in .yaml");
    }
}

/// <summary>A file that holds no scenario that can be run.</summary>
/// <param name="File">Its path.</param>
/// <param name="Why">File, place, and what was expected.</param>
internal sealed record UnreadFile(string File, string Why);
