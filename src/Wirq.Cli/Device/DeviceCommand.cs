using System.CommandLine;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Wirq.Board.Scripted;
using Wirq.Cli.Host;
using Wirq.Cli.Outputs;
using Wirq.Lab.Scenarios;
using Wirq.Linux.VfioUser;

namespace Wirq.Cli.Device;

/// <summary><c>wirq device</c>: serves a scripted device to any VMM, by vfio-user.</summary>
internal static class DeviceCommand
{
    internal static Command Build()
    {
        var scenario = new Argument<string>("SCENARIO") { Description = "What the device does, and what it expects of its driver (.yaml)" };
        var socket = new Option<string>("--socket") { Description = "Where the VMM connects: the path of a Unix socket, which is made and removed", Required = true };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command("device", "Serve a scripted device to any VMM, by vfio-user") { scenario, socket, json };
        command.SetAction(parsed => Run(parsed.GetValue(scenario)!, parsed.GetValue(socket)!, parsed.GetValue(json)));
        return command;
    }

    private static int Run(string path, string socket, bool json)
    {
        if (!DevicePlatform.IsHere)
        {
            Console.Error.WriteLine($"wirq device passes eventfds over a Unix socket: {DevicePlatform.WhyNot}");
            return CommandLine.NoEnd;
        }
        try
        {
            return Serve(Read(path), socket, json);
        }
        catch (Exception bad) when (bad is UsageException or ScenarioException)
        {
            Console.Error.WriteLine(bad.Message);
            return CommandLine.BadInput;
        }
        catch (VfioUserException refused)
        {
            Console.Error.WriteLine($"wirq: --socket: {refused.Message}");
            return CommandLine.BadInput;
        }
    }

    [SupportedOSPlatform("linux")]
    private static DeviceScenario Read(string path)
    {
        const string expected = "expected a file with the scenario of a device (.yaml, see docs/device.md)";
        if (Directory.Exists(path))
            throw new UsageException($"{path}: is a folder; {expected}");
        if (!File.Exists(path))
            throw new UsageException($"{path}: {(path == "-" ? "standard input is not read by this name" : "no such file")}; {expected}{(path == "-" ? ", or /dev/stdin" : "")}");
        try
        {
            // One character more than a scenario may have: a device that never ends is no reason to read it whole.
            using var file = new StreamReader(path);
            var text = new char[ScenarioReader.MaxLength + 1];
            return DeviceScenarioReader.Read(path, new string(text, 0, file.ReadBlock(text)));
        }
        catch (Exception bad) when (bad is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException($"{path}: cannot be read: {bad.Message}");
        }
    }

    [SupportedOSPlatform("linux")]
    private static int Serve(DeviceScenario scenario, string socket, bool json)
    {
        int signalled = CommandLine.Success;
        using var server = new ScriptedServer(socket, scenario);
        PosixSignalRegistration[] registrations = [.. new[] { PosixSignal.SIGHUP, PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal =>
            PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Interlocked.CompareExchange(ref signalled, CommandLine.StatusOf(context.Signal), CommandLine.Success);
                server.Stop();
            }))];
        try
        {
            Console.Error.WriteLine($"wirq: {scenario.Device.Name} is served at {socket}");
            server.Run();
            // Whoever waits for the answer finds the socket gone.
            server.Dispose();
        }
        finally
        {
            foreach (PosixSignalRegistration registration in registrations)
                registration.Dispose();
        }
        int status = server.Waits is not null ? signalled : server.Failures.Count > 0 ? CommandLine.Failure : CommandLine.Success;
        var report = new DeviceReport(server, status);
        if (json)
            DeviceJson.Write(report, StandardStreams.Output);
        else
            DeviceText.Write(report, Console.Out, Screen.Output().Profile.Width);
        return status;
    }
}

/// <summary>Whether this platform can pass eventfds.</summary>
internal static class DevicePlatform
{
    /// <summary>Whether it can.</summary>
    [SupportedOSPlatformGuard("linux")]
    internal static bool IsHere => OperatingSystem.IsLinux() && WhyNot is null;

    /// <summary>Why it cannot, in a clause; null where it can.</summary>
    internal static string? WhyNot => KvmPlatform.WhyNot is null ? null
        : $"it needs Linux on x86-64, and this is {(OperatingSystem.IsLinux() ? "Linux" : RuntimeInformation.OSDescription)} on {RuntimeInformation.ProcessArchitecture}";
}
