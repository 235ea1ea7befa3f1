using System.CommandLine;
using System.Runtime.Versioning;
using Spectre.Console;
using Wirq.Cli.Outputs;
using Wirq.Linux.Probes;

namespace Wirq.Cli.Host;

/// <summary><c>wirq host</c>: says what this host's KVM offers, and what follows from it.</summary>
internal static class HostCommand
{
    private const double LongestBound = 60;

    internal static Command Build()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var bound = new Option<double>("--probe-timeout")
        {
            Description = "Seconds that each probe may take",
            DefaultValueFactory = _ => 2,
        };
        bound.Validators.Add(result =>
        {
            if (!(result.GetValueOrDefault<double>() is > 0 and <= LongestBound))
                result.AddError($"--probe-timeout takes seconds, more than 0 and at most {LongestBound}");
        });
        var device = new Option<string?>("--device") { Description = "KVM's device; /dev/kvm by default" };
        var command = new Command("host", "Say what this host's KVM offers, and what follows from it") { json, bound, device };
        command.SetAction(parsed => Run(parsed.GetValue(json), TimeSpan.FromSeconds(parsed.GetValue(bound)), parsed.GetValue(device)));
        return command;
    }

    private static int Run(bool json, TimeSpan bound, string? device)
    {
        if (KvmPlatform.IsHere)
            Write(Ask(bound, device), json);
        else if (json)
            HostAbsent.WriteJson(KvmPlatform.WhyNot!, StandardStreams.Output);
        else
            HostAbsent.Write(KvmPlatform.WhyNot!, Console.Out);
        // What a host does not offer is no failure.
        return CommandLine.Success;
    }

    [SupportedOSPlatform("linux")]
    private static void Write(HostReport report, bool json)
    {
        if (json)
            HostJson.Write(report, StandardStreams.Output);
        else
            HostText.Write(report, Console.Out);
    }

    [SupportedOSPlatform("linux")]
    private static HostReport Ask(TimeSpan bound, string? device)
    {
        if (Console.IsErrorRedirected)
            return HostReport.Read(bound, device: device);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        return console.Progress().AutoClear(true).Start(progress =>
        {
            ProgressTask task = progress.AddTask("probes");
            return HostReport.Read(bound, (name, done, all) => (task.Description, task.MaxValue, task.Value) = (name, all, done),
                device);
        });
    }
}
