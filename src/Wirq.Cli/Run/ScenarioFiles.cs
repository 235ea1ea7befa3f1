using Wirq.Cli.Shipped;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;

namespace Wirq.Cli.Run;

/// <summary>Finds and reads scenario files.</summary>
internal static class ScenarioFiles
{
    /// <summary>The files that paths name, or that lie in the folders that they name.</summary>
    internal static IReadOnlyList<ScenarioFile> Find(IReadOnlyList<string> paths) => [.. paths.SelectMany(Find)];

    /// <summary>Reads files. One that is bad does not keep the others from being read.</summary>
    /// <returns>The scenarios, and what is wrong with the files that could not be read: file, place and what was
    /// expected.</returns>
    internal static (IReadOnlyList<Scenario> Scenarios, IReadOnlyList<UnreadFile> Unread) Read(IReadOnlyList<ScenarioFile> files)
    {
        var scenarios = new List<Scenario>();
        var unread = new List<UnreadFile>();
        foreach (ScenarioFile file in files)
        {
            try
            {
                scenarios.AddRange(ScenarioReader.Read(file.Path, file.Ships ? ShippedFiles.Read(file.Path) : File.ReadAllText(file.Path), Designs.Names));
            }
            catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
            {
                unread.Add(new UnreadFile(file.Path, $"{file.Path}: cannot be read: {bad.Message}"));
            }
            catch (ScenarioException bad)
            {
                unread.Add(new UnreadFile(file.Path, bad.Message));
            }
        }
        return (scenarios, unread);
    }

    private static IEnumerable<ScenarioFile> Find(string path)
    {
        if (File.Exists(path))
            return [new ScenarioFile(path, Ships: false)];
        if (ShippedFiles.FileOf(path) is { } file)
            return [new ScenarioFile(file, Ships: true)];
        if (ShippedFiles.FolderOf(path) is { } shipped)
            return Found(path, ShippedFiles.Under(shipped).Where(IsScenario), ships: true);
        if (!Directory.Exists(path))
        {
            throw new UsageException($"{path}: no such file or folder{ShippedFiles.HintOf(path)}; expected a scenario (.yaml) or a folder of them"
                + (path.Contains('/', StringComparison.Ordinal) ? "" : $"; to run scenarios by their name: run --filter {path}"));
        }
        return Found(path, Directory.EnumerateFiles(path, "*.yaml", SearchOption.AllDirectories), ships: false);
    }

    private static ScenarioFile[] Found(string folder, IEnumerable<string> files, bool ships)
    {
        ScenarioFile[] found = [.. files.Order(StringComparer.Ordinal).Select(file => new ScenarioFile(file, ships))];
        return found.Length > 0 ? found : throw new UsageException($"{folder}: holds no scenario; expected files that end in .yaml");
    }

    private static bool IsScenario(string file) => file.EndsWith(".yaml", StringComparison.Ordinal);
}

/// <summary>A scenario file.</summary>
/// <param name="Path">Its path. If it ships with the command, its name among what ships.</param>
/// <param name="Ships">Whether it is inside the command, and not on the disk.</param>
internal readonly record struct ScenarioFile(string Path, bool Ships);

/// <summary>A file that holds no scenario that can be run.</summary>
/// <param name="File">Its path.</param>
/// <param name="Why">File, place, and what was expected.</param>
internal sealed record UnreadFile(string File, string Why);
