using Wirq.Cli.Outputs;

namespace Wirq.Cli.Explore;

/// <summary>Which options of <c>wirq explore</c> go together: none is silently without effect.</summary>
internal static class ExploreUsage
{
    /// <summary>Checks the options against each other.</summary>
    /// <exception cref="UsageException">Two do not go together.</exception>
    internal static void Check(ExploreSettings settings)
    {
        bool simulates = settings.Search.Simulates, saves = settings.Search.Checkpoint is not null, draws = settings.Diagram is not null;
        if (settings.Merge.Count > 0)
        {
            Refuse("--merge", [("a scenario", settings.Paths.Count > 0), ("--step", settings.Steps), ("--record", settings.Record is not null),
                ("--diagram", draws), ("--checkpoint", saves), ("--simulate or --swarm", simulates)]);
        }
        if (settings.Steps)
            Refuse("--step", [("--json", settings.Json), ("--record", settings.Record is not null), ("--diagram", draws), ("--checkpoint", saves), ("--simulate or --swarm", simulates)]);
        if (simulates)
            Refuse("--simulate or --swarm", [("--checkpoint", saves), ("--disk", settings.Search.DiskFolder is not null)]);
        // Both lack transitions of which the diagram would be.
        if (draws)
            Refuse("--diagram", [("--checkpoint", saves), ("--simulate or --swarm", simulates)]);
        if (settings.Of is not null && !draws)
            throw new UsageException("--of says what --diagram draws, and there is no --diagram");
        if (settings.Diagram is { } diagram && settings.Record is { } record && record.FullName == diagram.FullName)
            throw new UsageException($"--diagram and --record would both write {diagram}; expected two files");
        if (settings.Search.DiskFolder is { } folder && !Directory.Exists(folder))
            throw new UsageException($"--disk {folder}: there is no such folder; expected one that can hold large files");
    }

    /// <summary>Checks what needs a single scenario.</summary>
    /// <exception cref="UsageException">There are several.</exception>
    internal static void CheckCount(ExploreSettings settings, int worlds)
    {
        string? needs = settings.Record is not null ? "--record" : settings.Diagram is not null ? "--diagram" : settings.Search.Checkpoint is not null ? "--checkpoint" : settings.Steps ? "--step" : null;
        if (needs is not null && worlds != 1)
            throw new UsageException($"{needs} needs one scenario, and {worlds} were named");
    }

    /// <summary>The path of the checkpoint, once it is known that it can be written; null if none is wanted.</summary>
    /// <exception cref="UsageException">It would overwrite an input, or cannot be a file.</exception>
    /// <exception cref="OutputException">The host refuses it.</exception>
    internal static string? CheckpointOf(ExploreSettings settings, IEnumerable<string> inputs)
    {
        if (settings.Search.Checkpoint is not { } name)
            return null;
        OutputPlace place = OutputPlace.Of("--checkpoint", name, inputs);
        if (place.Part is not { } part)
            throw new UsageException($"--checkpoint {name}: is no regular file; expected one, which can be read again");
        try
        {
            // A search of hours should not learn at its end that it may not write.
            using (File.OpenHandle(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None)) { }
            if (new FileInfo(part).Length == 0)
                File.Delete(part);
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            throw new OutputException($"--checkpoint {name}", bad.Message);
        }
        return Path.GetFullPath(name) == place.Target ? name : place.Target;
    }

    private static void Refuse(string option, (string Other, bool Given)[] others)
    {
        foreach ((string other, bool given) in others)
        {
            if (given)
                throw new UsageException($"{option} does not go with {other}");
        }
    }
}
