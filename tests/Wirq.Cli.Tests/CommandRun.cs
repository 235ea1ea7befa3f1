using System.Diagnostics;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests;

/// <summary>Runs the command as a user does: as a process, from the root of the checkout.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Errors)
{
    internal static CommandRun Of(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(CommandLine).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill();
            throw new TimeoutException($"wirq {string.Join(' ', arguments)} does not end");
        }
        return new CommandRun(process.ExitCode, output.Result, errors.Result);
    }
}
