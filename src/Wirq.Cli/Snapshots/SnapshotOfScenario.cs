using Wirq.Cli.Outputs;
using Wirq.Cli.Run;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Cli.Snapshots;

/// <summary>Runs a scenario in the usual order, and saves its machine.</summary>
internal static class SnapshotOfScenario
{
    internal static int Save(string path, FileInfo file)
    {
        IReadOnlyList<ScenarioFile> files = ScenarioFiles.Find([path]);
        (IReadOnlyList<Scenario> scenarios, IReadOnlyList<UnreadFile> unread) = ScenarioFiles.Read(files);
        if (unread.Count > 0)
            throw new UsageException(unread[0].Why);
        if (scenarios.Count != 1)
            throw new UsageException($"{path}: {scenarios.Count} scenarios, variants counted; expected one, as a snapshot is of one machine");
        using OutputFile output = OutputFile.Open("FILE", file, files.Where(one => !one.Ships).Select(one => one.Path))!;
        using var world = new World(scenarios[0]);
        int status = CommandLine.Success;
        try
        {
            new UsualOrder(world).Run();
        }
        catch (WorldException wrong)
        {
            Console.Error.WriteLine($"{path}: the scenario came to no end: {wrong.Message}");
            status = CommandLine.Failure;
        }
        if (status == CommandLine.Success)
        {
            output.Stream.Write(world.Fabric.Save());
            status = output.Complete(status);
        }
        return status;
    }
}
