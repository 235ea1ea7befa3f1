using System.CommandLine;
using Spectre.Console;
using Wirq.Cli.Outputs;
using Wirq.Cli.Shipped;
using Wirq.Cli.Timelines;
using Wirq.Lab.Exploring;
using Wirq.Lab.Running;
using Wirq.Lab.Scenarios;
using Wirq.Traces.Why;

namespace Wirq.Cli.Run;

/// <summary><c>wirq run</c>: runs scenarios and prints their verdicts.</summary>
internal static class RunCommand
{
    private const string DefaultFolder = ShippedFiles.Scenarios, Kvm = "kvm";
    internal const string Simulation = "sim";

    internal static Command Build()
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = $"Scenario files, or folders of them; {DefaultFolder}/ by default. What is not in this folder is looked up among what ships with wirq",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var backend = new Option<string>("--backend") { Description = "Where the guests run: sim or kvm", DefaultValueFactory = _ => Simulation };
        backend.AcceptOnlyFromAmong(Simulation, Kvm);
        var record = new Option<FileInfo?>("--record") { Description = "Write the events of the run to a file (one scenario only)" };
        var order = new Option<FileInfo?>("--order") { Description = "Perform the order of transitions in a file that explore --record wrote (one scenario only)" };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var seed = new Option<int>("--seed") { Description = "The order in which CPUs step; 0 is lowest first" };
        var list = new Option<bool>("--list", "-l") { Description = "Print every scenario with its verdict, not only a summary of each folder" };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Print every scenario, how often each law held, and all that is kept of the story of each that failed" };
        var filter = new Option<string[]>("--filter", "-f") { Description = "Run only scenarios with this text in their name, file or covered ids; * stands for any letters" };
        var timeline = new TimelineOption();
        var command = new Command("run", "Run scenarios and print their verdicts")
        {
            paths, filter, list, verbose, json, backend, seed, order, record,
        };
        timeline.AddTo(command);
        command.SetAction(parsed => Guard(() => Run(new RunOptions(parsed.GetValue(paths) ?? [], parsed.GetValue(backend)!,
            parsed.GetValue(record), parsed.GetValue(json), parsed.GetValue(seed), parsed.GetValue(verbose), parsed.GetValue(list),
            parsed.GetValue(filter) ?? []) { Order = parsed.GetValue(order), Timeline = timeline.Of(parsed) })));
        return command;
    }

    private static int Run(RunOptions options)
    {
        IReadOnlyList<ScenarioFile> files = ScenarioFiles.Find(options.Paths.Count > 0 ? options.Paths : [DefaultFolder]);
        (IReadOnlyList<Scenario> read, IReadOnlyList<UnreadFile> unread) = ScenarioFiles.Read(files);
        foreach (UnreadFile bad in unread)
            Console.Error.WriteLine(bad.Why);
        if (read.Count == 0)
            return options.Json ? Answer([], unread, options, CommandLine.BadInput) : CommandLine.BadInput;
        IReadOnlyList<Scenario> scenarios = ScenarioFilter.Choose(read, options.Filters);
        Check(options, scenarios.Count);
        OrderFile? order = options.Order is { } file ? ReadOrder(file.ToString()) : null;
        string[] inputs = [.. files.Where(file => !file.Ships).Select(file => file.Path), .. options.Order is null ? Array.Empty<string>() : [options.Order.ToString()]];
        using OutputFile? record = OutputFile.Open("--record", options.Record, inputs);
        using TimelineFile? timeline = TimelineFile.Open(options.Timeline, inputs, options.Record);
        options.Timeline?.Check(scenarios[0].At.File, new Stamps(StampStyle.Virtual));
        var player = new RunPlayer(options, record);
        IReadOnlyList<ScenarioResult> results = order is null ? Play(scenarios, options, player)
            : [player.Follow(scenarios[0], order)];
        if (player.Picture is { } picture)
            options.Timeline!.Check(scenarios[0].At.File, picture.Stamps, picture);
        int status = results.Any(result => result.Verdict == Verdict.Failed) ? CommandLine.Failure
            : unread.Count > 0 ? CommandLine.BadInput : CommandLine.Success;
        status = record?.Complete(status) ?? status;
        if (timeline is not null)
            status = timeline.Complete(player.Picture!, status);
        status = Answer(results, unread, options, status, player.Answers);
        if (!options.Json && files.Any(file => file.Ships))
            ShippedNote.WriteOfScenarios();
        return status;
    }

    private static void Check(RunOptions options, int scenarios)
    {
        if (options.Record is not null && scenarios != 1)
            throw new UsageException($"--record needs one scenario, and {scenarios} were named");
        if (options.Timeline is { } timeline && scenarios != 1)
            throw new UsageException($"--timeline {timeline.File} needs one scenario, and {scenarios} were named");
        if (options.Order is not null && (scenarios != 1 || options.OnHost))
            throw new UsageException($"--order needs one scenario of the simulation, and {(options.OnHost ? "the host runs this one" : $"{scenarios} were named")}");
    }

    private static int Guard(Func<int> run)
    {
        try
        {
            return run();
        }
        catch (Exception bad) when (bad is ScenarioException or UsageException)
        {
            Console.Error.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
    }

    private static int Answer(IReadOnlyList<ScenarioResult> results, IReadOnlyList<UnreadFile> unread, RunOptions options, int status,
        IReadOnlyDictionary<ScenarioResult, RunAnswer>? answers = null)
    {
        if (options.Json)
            RunJson.Write(results, unread, StandardStreams.Output);
        else
            RunReport.Write(results, unread, options, answers);
        return status;
    }

    private static List<ScenarioResult> Play(IReadOnlyList<Scenario> scenarios, RunOptions options, RunPlayer player)
    {
        var results = new List<ScenarioResult>(scenarios.Count);
        bool terminal = !Console.IsErrorRedirected && !options.Json;
        if (!terminal)
        {
            using IBackend backend = Backend(options, asking: null);
            foreach (Scenario scenario in scenarios)
                results.Add(player.Play(scenario, backend));
            return results;
        }
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Progress().AutoClear(true).HideCompleted(true).Start(progress =>
        {
            ProgressTask task = progress.AddTask("scenarios", maxValue: scenarios.Count);
            using IBackend backend = Backend(options, (name, done, all) =>
                (task.Description, task.MaxValue, task.Value) = ($"probe {name}", all, done));
            (task.Description, task.MaxValue, task.Value) = ("scenarios", scenarios.Count, 0);
            foreach (Scenario scenario in scenarios)
            {
                results.Add(player.Play(scenario, backend));
                task.Increment(1);
            }
        });
        return results;
    }

    private static IBackend Backend(RunOptions options, Action<string, int, int>? asking)
    {
        if (options.Backend == Simulation)
            return new SimulatedBackend();
        return Host.KvmPlatform.IsHere ? new KvmBackend(asking) : new NoBackend();
    }

    private static OrderFile ReadOrder(string path)
    {
        try
        {
            return OrderFile.Read(path, File.ReadAllText(path));
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path}: cannot be read: {bad.Message}");
        }
    }
}

/// <summary>The options of <c>wirq run</c>.</summary>
internal sealed record RunOptions(IReadOnlyList<string> Paths, string Backend, FileInfo? Record, bool Json, int Seed, bool Verbose,
    bool List, IReadOnlyList<string> Filters)
{
    /// <summary>The file with the order of transitions; null for the usual order.</summary>
    internal FileInfo? Order { get; init; }

    /// <summary>The timeline; null for none.</summary>
    internal TimelineRequest? Timeline { get; init; }

    /// <summary>Whether a host runs them, which may lack something or deviate.</summary>
    internal bool OnHost => Backend != RunCommand.Simulation;
}
