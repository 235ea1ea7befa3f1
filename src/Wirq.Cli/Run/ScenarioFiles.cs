using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;

namespace Wirq.Cli.Run;

/// <summary>Finds and reads scenario files.</summary>
internal static class ScenarioFiles
{
    /// <summary>The files that paths name, or that lie in the folders that they name.</summary>
    internal static IReadOnlyList<string> Find(IReadOnlyList<string> paths) => [.. paths.SelectMany(Find)];

    internal static IReadOnlyList<Scenario> Read(IReadOnlyList<string> files)
    {
        var scenarios = new List<Scenario>();
        foreach (string file in files)
        {
            string text;
            try
            {
                text = File.ReadAllText(file);
            }
            catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
            {
                throw new UsageException($"{file}: cannot be read: {bad.Message}");
            }
            scenarios.AddRange(ScenarioReader.Read(file, text, Designs.Names));
        }
        return scenarios;
    }

    private static IEnumerable<string> Find(string path)
    {
        if (File.Exists(path))
            return [path];
        if (!Directory.Exists(path))
            throw new UsageException($"{path}: no such file or folder; expected a scenario (.yaml) or a folder of them");
        string[] found = [.. Directory.EnumerateFiles(path, "*.yaml", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        return found.Length > 0 ? found : throw new UsageException($"{path}: holds no scenario; expected files that end in .yaml");
    }
}
