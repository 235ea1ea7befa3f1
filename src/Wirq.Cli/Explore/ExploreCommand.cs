using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Wirq.Cli.Outputs;
using Wirq.Cli.Run;
using Wirq.Cli.Shipped;
using Wirq.Lab.Exploring;
using Wirq.Lab.Historic;
using Wirq.Lab.Scenarios;
using Wirq.Lab.Worlds;

namespace Wirq.Cli.Explore;

/// <summary><c>wirq explore</c>: tries every order in which what can happen in a scenario may happen.</summary>
internal static class ExploreCommand
{
    internal const string DefaultFolder = "scenarios/worlds";

    internal static Command Build()
    {
        var paths = new Argument<string[]>("SCENARIO")
        {
            Description = $"Scenario files, or folders of them; {DefaultFolder}/ by default. What is not in this folder is looked up among what ships with wirq",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var workers = new Option<int>("--workers") { Description = "Threads; by default one for each core. Verdict and counts do not depend on them" };
        workers.Validators.Add(given =>
        {
            if (given.Tokens.Count == 1 && int.TryParse(given.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is < 1 or > 256)
                given.AddError($"--workers {count}: expected 1 to 256");
        });
        var states = new Option<long>("--max-states") { Description = "Stop after so many states (10M)", CustomParser = Quantity.Count };
        var memory = new Option<long>("--max-memory") { Description = "Stop when states, frontier and edges hold so many bytes (4G)", CustomParser = Quantity.Bytes };
        var time = new Option<TimeSpan?>("--time") { Description = "Stop after this time (30s, 10m, 2h), for each search", CustomParser = Quantity.Time };
        var disk = new Option<DirectoryInfo?>("--disk") { Description = "A folder for what --max-memory does not hold; its files are removed at the end" };
        var checkpoint = new Option<FileInfo?>("--checkpoint") { Description = "A file that holds the search when it stops; if it exists, the search goes on from it (one scenario only)" };
        var simulate = new Option<bool>("--simulate") { Description = "Walk at random instead, for --time (10s) or --max-states steps: for worlds too large" };
        var swarm = new Option<string?>("--swarm") { Description = "The I-th of N random searches that share nothing (3/16); merge their JSON with --merge" };
        var seed = new Option<int>("--seed") { Description = "The seed of --simulate and --swarm" };
        var merge = new Option<string[]>("--merge") { Description = "Merge the JSON of several searches, and print it", AllowMultipleArgumentsPerToken = true };
        var step = new Option<bool>("--step") { Description = "Walk the world by hand, forwards and back (one scenario only)" };
        var design = new Option<string?>("--design") { Description = "Explore under this historic design" };
        var whole = new Option<bool>("--no-reduction") { Description = "Try independent orders too" };
        var cycles = new Option<bool>("--no-livelock") { Description = "Do not search for cycles, which keeps every transition in memory" };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Print what was covered, and the story of each historic design" };
        var record = new Option<FileInfo?>("--record") { Description = "Write the order of the story to a file, which run --order plays back (one scenario only)" };
        var diagram = new Option<FileInfo?>("--diagram") { Description = "Draw the states that were reached, as Mermaid (.mmd, .md) or SVG (.svg); one worker searches (one scenario only)" };
        var of = new Option<string?>("--of") { Description = "Of what --diagram is: virq:NAME, virq:NAME:VECTOR, pin:NUMBER, pin:ioapicN.NUMBER or line:GSI; by default the first virq, else the first line" };
        var command = new Command("explore", "Try every interleaving of a world; print the shortest story that breaks a law")
        {
            paths, workers, states, memory, disk, time, whole, cycles, checkpoint, simulate, swarm, seed, merge, step, design, record, diagram, of, json, verbose,
        };
        swarm.Validators.Add(given =>
        {
            if (given.Tokens.Count == 1 && MemberOf(given.Tokens[0].Value) < 0)
                given.AddError($"--swarm {given.Tokens[0].Value}: expected I/N, with I from 1 to N");
        });
        design.Validators.Add(given =>
        {
            if (given.Tokens.Count == 1 && !Designs.Names.Contains(given.Tokens[0].Value))
                given.AddError($"--design {given.Tokens[0].Value}: expected one of {string.Join(", ", Designs.Names)}");
        });
        command.SetAction(parsed => Run(new ExploreSettings(parsed.GetValue(paths) ?? [], new ExploreOptions
        {
            Workers = parsed.GetValue(workers),
            MaxStates = parsed.GetValue(states) is > 0 and var most ? most : ExploreOptions.MostStates,
            MaxBytes = parsed.GetValue(memory),
            DiskFolder = parsed.GetValue(disk)?.FullName,
            MaxTime = parsed.GetValue(time),
            Reduces = !parsed.GetValue(whole),
            SearchesLivelocks = !parsed.GetValue(cycles),
            Checkpoint = parsed.GetValue(checkpoint)?.ToString(),
            Simulates = parsed.GetValue(simulate) || parsed.GetValue(swarm) is not null,
            Seed = parsed.GetValue(seed),
            Member = MemberOf(parsed.GetValue(swarm)),
        }, parsed.GetValue(json), parsed.GetValue(verbose), parsed.GetValue(record))
        {
            Design = parsed.GetValue(design),
            Merge = parsed.GetValue(merge) ?? [],
            Steps = parsed.GetValue(step),
            Diagram = parsed.GetValue(diagram),
            Of = parsed.GetValue(of),
        }));
        return command;
    }

    /// <summary>I of I/N; 0 for none, -1 if it is not that.</summary>
    private static int MemberOf(string? swarm) => swarm is null ? 0
        : swarm.Split('/') is [{ } one, { } all] && int.TryParse(one, NumberStyles.None, CultureInfo.InvariantCulture, out int member)
            && int.TryParse(all, NumberStyles.None, CultureInfo.InvariantCulture, out int members) && member >= 1 && member <= members ? member : -1;

    private static int Run(ExploreSettings settings)
    {
        try
        {
            ExploreUsage.Check(settings);
            if (settings.Merge.Count > 0)
                return ExploreMerge.Write(settings.Merge, StandardStreams.Output);
            IReadOnlyList<ScenarioFile> files = ScenarioFiles.Find(settings.Paths.Count > 0 ? settings.Paths : [DefaultFolder]);
            (IReadOnlyList<Scenario> worlds, IReadOnlyList<UnreadFile> bad) = ScenarioFiles.Read(files);
            var unread = new List<UnreadFile>(bad);
            foreach (UnreadFile one in unread)
                Console.Error.WriteLine(one.Why);
            if (worlds.Count == 0)
            {
                if (settings.Json)
                    ExploreJson.Write([], unread, StandardStreams.Output);
                return CommandLine.BadInput;
            }
            ExploreUsage.CheckCount(settings, worlds.Count);
            if (settings.Steps)
                return Walk(worlds[0], settings);
            string[] inputs = [.. files.Where(file => !file.Ships).Select(file => file.Path)];
            using var stop = new ExploreStop();
            string? checkpoint = ExploreUsage.CheckpointOf(settings, inputs);
            using OutputFile? record = OutputFile.Open("--record", settings.Record, checkpoint is null ? inputs : [.. inputs, checkpoint]);
            using var diagram = ExploreDiagram.Open(settings, worlds[0], inputs);
            settings = settings with { Search = settings.Search with { Checkpoint = checkpoint, CalledOff = () => stop.IsRequested } };
            if (diagram is not null)
                settings = settings with { Search = diagram.Search(settings.Search) };
            List<ExploreResult> results = Explore(worlds, settings, unread);
            int status = StatusOf(results, unread);
            if (results.FirstOrDefault()?.Search.Unsaved is { } unsaved)
                status = Unwritten($"--checkpoint {checkpoint}: {unsaved}", status);
            if (diagram is not null && results.Count > 0)
                status = diagram.Write(results[0], status);
            if (record is not null)
                status = Write(record, results.FirstOrDefault(), status);
            if (settings.Json)
                ExploreJson.Write(results, unread, StandardStreams.Output);
            else if (results.Count > 0)
                ExploreReport.Write(results, settings);
            return stop.StatusOr(status);
        }
        catch (Exception bad) when (bad is ScenarioException or UsageException)
        {
            Console.Error.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
    }

    private static int Unwritten(string what, int status)
    {
        Console.Error.WriteLine($"wirq: could not be written: {what}");
        return status == CommandLine.Success ? CommandLine.Unwritten : status;
    }

    private static int StatusOf(List<ExploreResult> results, List<UnreadFile> unread) =>
        results.Any(result => result.IsBad) ? CommandLine.Failure
        : unread.Count > 0 ? CommandLine.BadInput
        : results.All(result => result.IsGood) ? CommandLine.Success : CommandLine.NotTold;

    /// <summary>Writes the order of the violation or, if there is none, of the first design that was caught.</summary>
    private static int Write(OutputFile record, ExploreResult? result, int status)
    {
        Story? story = result?.Story ?? result?.Controls.FirstOrDefault(control => control.Caught)?.Story;
        if (story is null)
        {
            Console.Error.WriteLine("wirq: there is no story to record");
            return status;
        }
        using (var words = new StreamWriter(record.Stream, leaveOpen: true))
            OrderFile.Write(story, words);
        return record.Complete(status);
    }

    private static int Walk(Scenario world, ExploreSettings settings)
    {
        using var stepper = new Stepper(world, settings.Design, Console.Out);
        return stepper.Run(Console.In) ? CommandLine.Success : CommandLine.Failure;
    }

    private static List<ExploreResult> Explore(IReadOnlyList<Scenario> worlds, ExploreSettings settings, List<UnreadFile> unread)
    {
        var results = new List<ExploreResult>(worlds.Count);
        if (Console.IsErrorRedirected || settings.Json)
        {
            foreach (Scenario world in worlds)
                Explore(world, settings, settings.Search, results, unread);
            return results;
        }
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        console.Status().Start("explore", status =>
        {
            foreach (Scenario world in worlds)
            {
                Explore(world, settings, settings.Search with
                {
                    Progress = now => status.Status = Markup.Escape(ExploreReport.ProgressOf(world, now)),
                }, results, unread);
            }
        });
        return results;
    }

    /// <summary>Explores a world. One that cannot be explored does not keep the others from it.</summary>
    private static void Explore(Scenario world, ExploreSettings settings, ExploreOptions search, List<ExploreResult> results, List<UnreadFile> unread)
    {
        try
        {
            results.Add(WorldExplorer.Explore(world, search, settings.Design));
        }
        catch (WorldException bad)
        {
            var why = new UnreadFile(world.At.File, $"{world.At}: {world.Name}: {bad.Message}");
            Console.Error.WriteLine(why.Why);
            unread.Add(why);
        }
    }
}
