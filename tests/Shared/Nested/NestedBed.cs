using System.Diagnostics;

namespace Wirq.Tests.Shared.Nested;

/// <summary>An ordinary KVM on any host: <c>tests/nested/nested</c> runs a command in a machine that QEMU emulates.</summary>
internal static class NestedBed
{
    internal const string Variable = "WIRQ_NESTED";
    internal const string Script = "tests/nested/nested";

    // The machine starts and ends within it, on a host that is busy too.
    private static readonly TimeSpan s_grace = TimeSpan.FromMinutes(5);

    /// <summary>Skips a test where nobody wants the machine, or where it cannot be had.</summary>
    internal static void Require()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Variable) is "1",
            $"runs tests again, in a machine that QEMU emulates whole: set {Variable}=1");
        Assert.SkipUnless(HostProgram.IsThere("bash"), $"{Script} needs bash");
        (int status, _, string missing) = Run(new ProcessStartInfo("bash", [Repository.PathOf(Script), "--check"]), s_grace);
        Assert.SkipUnless(status == 0, missing.TrimEnd().ReplaceLineEndings("; "));
    }

    /// <summary>Runs a command in the machine.</summary>
    /// <param name="limit">When the machine is ended; not counted is the time that it waits for another one.</param>
    /// <param name="files">The folder that gets the files of the command's <c>$OUT</c>.</param>
    /// <param name="cpus">The machine's CPUs; with one, its clock does not mind a busy host.</param>
    /// <param name="command">The command and its arguments.</param>
    /// <returns>Its exit status (124: the time was up), what it said, and what the script said.</returns>
    internal static (int Status, string Said, string Errors) Run(TimeSpan limit, string files, int cpus, params string[] command)
    {
        var start = new ProcessStartInfo("bash", [Repository.PathOf(Script), "--cpus", $"{cpus}", "--timeout", $"{limit.TotalSeconds:0}", "--", .. command])
        {
            WorkingDirectory = Repository.Root,
        };
        start.Environment["NESTED_OUT"] = files;
        // Another suite may have the machine: it has as long.
        return Run(start, limit * 2 + s_grace);
    }

    /// <summary>Runs a process to its end.</summary>
    internal static (int Status, string Said, string Errors) Run(ProcessStartInfo start, TimeSpan limit)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        // Inside it, the tests that start the machine must not.
        start.Environment.Remove(Variable);
        using Process process = Process.Start(start)!;
        Task<string> said = process.StandardOutput.ReadToEndAsync(), errors = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(limit))
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit();
            return (124, said.GetAwaiter().GetResult(), $"{start.FileName} did not end within {limit.TotalMinutes:0} minutes");
        }
        return (process.ExitCode, said.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }
}
