using System.Diagnostics;
using Wirq.Cli.Tests.Native;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests;

/// <summary>Runs the command as a user does: as a process, from the root of the checkout.</summary>
internal sealed record CommandRun(int ExitCode, string Output, string Errors)
{
    internal static CommandRun Of(params string[] arguments) => Through([], arguments);

    /// <summary>Runs it as a shell does that redirects its streams.</summary>
    /// <param name="redirections">As they are written: <c>&gt;/dev/full 2&gt;&amp;-</c>.</param>
    /// <param name="arguments">Its arguments.</param>
    internal static CommandRun Redirected(string redirections, params string[] arguments)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: a shell, and /dev/full");
        return Through(["/bin/sh", "-c", $"exec \"$@\" {redirections}", "sh"], arguments);
    }

    /// <summary>What it said on standard error is one line, and no stack trace.</summary>
    internal void AssertOneLine(string expected)
    {
        string line = Assert.Single(Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(expected, line, StringComparison.Ordinal);
    }

    /// <summary>Runs the one that the tests were built with, whatever the others run.</summary>
    internal static CommandRun Managed(params string[] arguments) => Run([.. WirqProgram.Managed, .. arguments], Repository.Root);

    /// <summary>Runs it in another folder than the checkout.</summary>
    internal static CommandRun In(string folder, params string[] arguments) => Run([.. WirqProgram.Words, .. arguments], folder);

    /// <summary>Runs it by another command, which gets it as its last arguments.</summary>
    internal static CommandRun Through(string[] command, params string[] arguments) =>
        Run([.. command, .. WirqProgram.Words, .. arguments], Repository.Root);

    private static CommandRun Run(string[] all, string folder)
    {
        var start = new ProcessStartInfo(all[0], all[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
        {
            process.Kill();
            throw new TimeoutException($"{string.Join(' ', all)} does not end");
        }
        return new CommandRun(process.ExitCode, output.Result, errors.Result);
    }
}
