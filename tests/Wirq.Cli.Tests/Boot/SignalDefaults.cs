using System.Diagnostics;
using Wirq.Tests.Shared;

namespace Wirq.Cli.Tests.Boot;

/// <summary>Starts processes that take signals as a terminal's do. Whoever started the tests may ignore some (nohup ignores
/// SIGHUP, a shell has its background commands ignore SIGINT), and a process inherits that and leaves it so.</summary>
internal static class SignalDefaults
{
    private static readonly string[] s_env = ["env", "--default-signal=HUP,INT,QUIT,TERM"];
    private static readonly Lazy<bool> s_can = new(CanReset);

    /// <summary>Starts a command, its output and errors redirected.</summary>
    internal static Process Start(IEnumerable<string> command)
    {
        string[] all = [.. s_can.Value ? s_env : [], .. command];
        return Process.Start(new ProcessStartInfo(all[0], all[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        })!;
    }

    private static bool CanReset()
    {
        using Process probe = Process.Start(new ProcessStartInfo(s_env[0], [.. s_env[1..], "true"]) { RedirectStandardError = true })!;
        probe.StandardError.ReadToEnd();
        probe.WaitForExit();
        return probe.ExitCode == 0;
    }
}
