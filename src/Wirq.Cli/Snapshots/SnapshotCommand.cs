using System.CommandLine;
using Wirq.Cli.Outputs;
using Wirq.Snapshots;
using Wirq.Traces.Snapshots;

namespace Wirq.Cli.Snapshots;

/// <summary><c>wirq snapshot</c>: shows and compares saved machines, and saves that of a scenario.</summary>
internal static class SnapshotCommand
{
    internal static Command Build() => new("snapshot", "Show and compare snapshots of machines") { BuildShow(), BuildDiff(), BuildSave() };

    private static Command BuildShow()
    {
        var file = new Argument<string>("FILE") { Description = "A snapshot of wirq, or saved state of others: a migration stream of QEMU (virsh save, migrate), images of KVM's chips, Xen's save records" };
        var json = new Option<bool>("--json") { Description = "Print all fields as JSON" };
        var command = new Command("show", "Print the state of a saved machine") { file, json };
        command.SetAction(parsed => Checked(() =>
        {
            if (ForeignInput.Read(parsed.GetValue(file)!) is { } foreign)
            {
                if (parsed.GetValue(json))
                    StateJson.Write(foreign, StandardStreams.Output);
                else
                    StateText.Write(foreign, Screen.Words());
                return CommandLine.Success;
            }
            MachineSnapshot snapshot = SnapshotInput.Read(parsed.GetValue(file)!);
            if (parsed.GetValue(json))
                SnapshotJson.Write(snapshot, StandardStreams.Output);
            else
                SnapshotText.Write(snapshot, Console.Out, Math.Max(Description.MinColumns, Screen.Output().Profile.Width));
            return CommandLine.Success;
        }));
        return command;
    }

    private static Command BuildDiff()
    {
        var first = new Argument<string>("FIRST") { Description = "A snapshot" };
        var second = new Argument<string>("SECOND") { Description = "Another snapshot" };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command("diff", "Print the fields in which two snapshots differ") { first, second, json };
        command.SetAction(parsed => Checked(() =>
        {
            IReadOnlyList<SnapshotDifference> differences =
                SnapshotInput.Read(parsed.GetValue(first)!).Compare(SnapshotInput.Read(parsed.GetValue(second)!));
            if (parsed.GetValue(json))
                SnapshotJson.Write(differences, StandardStreams.Output);
            else
                SnapshotText.Write(differences, Console.Out, Math.Max(Description.MinColumns, Screen.Output().Profile.Width));
            return differences.Count == 0 ? CommandLine.Success : CommandLine.Failure;
        }));
        return command;
    }

    private static Command BuildSave()
    {
        var scenario = new Argument<string>("SCENARIO") { Description = "A file with one scenario" };
        var file = new Argument<FileInfo>("FILE") { Description = "The snapshot to write" };
        var command = new Command("save", "Run a scenario, and save the machine at its end") { scenario, file };
        command.SetAction(parsed => Checked(() => SnapshotOfScenario.Save(parsed.GetValue(scenario)!, parsed.GetValue(file)!)));
        return command;
    }

    private static int Checked(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (UsageException bad)
        {
            Console.Error.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
    }
}
